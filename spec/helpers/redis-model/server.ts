/**
 * A model of the server: one thread, all in memory, with the commands that `redisState()` uses and its scripts, which run
 * as they are. Held against a real server by redis-model.spec.ts. What it does not have: replicas, disks, other users.
 */
import { type Lua, type Reply, ServerError } from './lua.ts';

type Entry = readonly [id: string, fields: readonly string[]];
type Kept =
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'hash'; readonly fields: Map<string, string> }
  | { readonly type: 'zset'; readonly scores: Map<string, number> }
  | { readonly type: 'stream'; readonly entries: Entry[] };

export type Heard = (channel: string, message: string) => void;

/** Approximate trimming takes whole nodes of so many entries. */
const nodeEntries = 100;

const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';

export class RedisModel {
  readonly #lua: Lua;
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #expiresAtMs = new Map<string, number>();
  readonly #listeners = new Map<string, Set<Heard>>();

  /** `nowMs` is the wall clock of the server. */
  constructor(lua: Lua, nowMs: () => number) {
    this.#lua = lua;
    this.#nowMs = nowMs;
  }

  /** One command. Throws ServerError. */
  command(args: readonly string[]): Reply {
    const [name = '', ...rest] = args;
    const run = commands[name.toUpperCase()];
    if (run === undefined) throw new ServerError(`ERR unknown command '${name}'`);
    return run(this, rest);
  }

  /** A script, all of it or nothing of what comes behind its error. Throws ServerError. */
  script(source: string, keys: readonly string[], args: readonly string[]): Reply {
    return this.#lua.run(source, keys, args, (command) => this.command(command));
  }

  subscribe(channel: string, heard: Heard): void {
    const all = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, all.add(heard));
  }

  unsubscribe(channel: string, heard: Heard): void {
    this.#listeners.get(channel)?.delete(heard);
  }

  publish(channel: string, message: string): number {
    const all = [...(this.#listeners.get(channel) ?? [])];
    for (const heard of all) heard(channel, message);
    return all.length;
  }

  time(): readonly [seconds: string, micros: string] {
    const ms = this.#nowMs();
    const seconds = Math.floor(ms / 1_000);
    return [String(seconds), String(Math.floor((ms - seconds * 1_000) * 1_000))];
  }

  keys(): readonly string[] {
    return [...this.#kept.keys()].filter((key) => this.at(key) !== undefined);
  }

  at(key: string): Kept | undefined {
    const endMs = this.#expiresAtMs.get(key);
    if (endMs !== undefined && endMs <= this.#nowMs()) this.unlink(key);
    return this.#kept.get(key);
  }

  of<T extends Kept['type']>(key: string, type: T): Extract<Kept, { readonly type: T }> | undefined {
    const kept = this.at(key);
    if (kept !== undefined && kept.type !== type) throw new ServerError(wrongType);
    return kept as Extract<Kept, { readonly type: T }> | undefined;
  }

  put<T extends Kept>(key: string, kept: T): T {
    this.#kept.set(key, kept);
    return kept;
  }

  hash(key: string): Map<string, string> {
    return (this.of(key, 'hash') ?? this.put(key, { type: 'hash', fields: new Map() })).fields;
  }

  zset(key: string): Map<string, number> {
    return (this.of(key, 'zset') ?? this.put(key, { type: 'zset', scores: new Map() })).scores;
  }

  stream(key: string): Entry[] {
    return (this.of(key, 'stream') ?? this.put(key, { type: 'stream', entries: [] })).entries;
  }

  unlink(key: string): boolean {
    this.#expiresAtMs.delete(key);
    return this.#kept.delete(key);
  }

  expire(key: string, ms: number): number {
    if (this.at(key) === undefined) return 0;
    this.#expiresAtMs.set(key, this.#nowMs() + ms);
    return 1;
  }

  /** What has nothing in it is not there. */
  settle(key: string, size: number): void {
    if (size === 0) this.unlink(key);
  }
}

type Run = (server: RedisModel, args: readonly string[]) => Reply;

const commands: Readonly<Record<string, Run>> = {
  TIME: (server) => server.time(),
  INFO: () => 'redis_version:7.4.0',

  GET: (server, [key = '']) => server.of(key, 'string')?.text ?? null,
  SET(server, [key = '', text = '', unit, ms]) {
    server.unlink(key);
    server.put(key, { type: 'string', text });
    if (unit === 'PX') server.expire(key, Number(ms));
    return 'OK';
  },
  EXISTS: (server, keys) => keys.filter((key) => server.at(key) !== undefined).length,
  UNLINK: (server, keys) => keys.filter((key) => server.at(key) !== undefined && server.unlink(key)).length,
  PEXPIRE: (server, [key = '', ms]) => server.expire(key, Number(ms)),

  HGET: (server, [key = '', field = '']) => server.of(key, 'hash')?.fields.get(field) ?? null,
  HMGET: (server, [key = '', ...names]) => names.map((name) => server.of(key, 'hash')?.fields.get(name) ?? null),
  HEXISTS: (server, [key = '', field = '']) => Number(server.of(key, 'hash')?.fields.has(field) ?? false),
  HLEN: (server, [key = '']) => server.of(key, 'hash')?.fields.size ?? 0,
  HGETALL: (server, [key = '']) => [...(server.of(key, 'hash')?.fields ?? [])].flat(),
  HSET(server, [key = '', ...rest]) {
    const fields = server.hash(key);
    const before = fields.size;
    for (const [field, value] of pairs(rest)) fields.set(field, value);
    return fields.size - before;
  },
  HINCRBY(server, [key = '', field = '', by]) {
    const sum = Number(server.of(key, 'hash')?.fields.get(field) ?? 0) + Number(by);
    server.hash(key).set(field, String(sum));
    return sum;
  },
  HDEL(server, [key = '', ...names]) {
    const fields = server.of(key, 'hash')?.fields;
    if (fields === undefined) return 0;
    const gone = names.filter((name) => fields.delete(name)).length;
    server.settle(key, fields.size);
    return gone;
  },

  ZADD(server, [key = '', ...rest]) {
    const scores = server.zset(key);
    const before = scores.size;
    for (const [score, member] of pairs(rest)) scores.set(member, Number(score));
    return scores.size - before;
  },
  ZCARD: (server, [key = '']) => server.of(key, 'zset')?.scores.size ?? 0,
  ZSCORE(server, [key = '', member = '']) {
    const score = server.of(key, 'zset')?.scores.get(member);
    return score === undefined ? null : String(score);
  },
  ZREM(server, [key = '', ...members]) {
    const scores = server.of(key, 'zset')?.scores;
    if (scores === undefined) return 0;
    const gone = members.filter((member) => scores.delete(member)).length;
    server.settle(key, scores.size);
    return gone;
  },
  /** From the first to that one, counted from 0. */
  ZRANGE: (server, [key = '', from, to, scores]) =>
    flat(ordered(server, key).slice(Number(from), Number(to) + 1), scores === 'WITHSCORES'),
  ZRANGEBYSCORE(server, [key = '', from = '', to = '', ...more]) {
    const within = ordered(server, key).filter(([, score]) => score >= bound(from) && score <= bound(to));
    return flat(limited(within, more), more.includes('WITHSCORES'));
  },
  ZRANGEBYLEX(server, [key = '', from = '', to = '', ...more]) {
    const all = ordered(server, key).filter(([member]) => isBehind(member, from) && isBefore(member, to));
    return flat(limited(all, more), false);
  },

  XADD(server, [key = '', ...rest]) {
    const max = rest[0] === 'MAXLEN' ? Number(rest[2]) : Number.POSITIVE_INFINITY;
    const [id = '', ...fields] = rest[0] === 'MAXLEN' ? rest.slice(3) : rest;
    const entries = server.stream(key);
    const last = entries.at(-1);
    if (last !== undefined && compareIds(last[0], id) >= 0)
      throw new ServerError('ERR The ID specified in XADD is equal or smaller than the target stream top item');
    entries.push([id, fields]);
    while (entries.length - nodeEntries >= max) entries.splice(0, nodeEntries);
    return id;
  },
  XLEN: (server, [key = '']) => server.of(key, 'stream')?.entries.length ?? 0,
  XTRIM(server, [key = '', , , max]) {
    const entries = server.of(key, 'stream')?.entries ?? [];
    return entries.splice(0, Math.max(0, entries.length - Number(max))).length;
  },
  XRANGE(server, [key = '', from = '', to = '', ...more]) {
    const entries = server.of(key, 'stream')?.entries ?? [];
    const [least, most] = [from.replace('(', ''), to.replace('(', '')];
    const within = entries.filter(
      ([id]) =>
        (from === '-' || compareIds(id, least) >= Number(from.startsWith('('))) &&
        (to === '+' || compareIds(id, most) <= -Number(to.startsWith('('))),
    );
    return more[0] === 'COUNT' ? within.slice(0, Number(more[1])) : within;
  },

  SPUBLISH: (server, [channel = '', message = '']) => server.publish(channel, message),
};

const pairs = (flat: readonly string[]): readonly (readonly [string, string])[] =>
  flat.flatMap((_, at) => (at % 2 === 0 ? [[flat[at] ?? '', flat[at + 1] ?? ''] as const] : []));

function compareIds(a: string, b: string): number {
  const [x, y] = [a, b].map((id) => id.split('-').map(Number));
  const [most, least] = [0, 1].map((at) => Math.sign((x?.[at] ?? 0) - (y?.[at] ?? 0)));
  return most || least || 0;
}

/** By score, then by member. */
const ordered = (server: RedisModel, key: string): readonly (readonly [string, number])[] =>
  [...(server.of(key, 'zset')?.scores ?? [])].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));

const flat = (members: readonly (readonly [string, number])[], scores: boolean): readonly string[] =>
  members.flatMap(([member, score]) => (scores ? [member, String(score)] : [member]));

function limited<T>(all: readonly T[], more: readonly string[]): readonly T[] {
  const at = more.indexOf('LIMIT');
  if (at < 0) return all;
  const [offset, count] = [Number(more[at + 1]), Number(more[at + 2])];
  return all.slice(offset, offset + count);
}

const bound = (text: string): number =>
  text === '-inf' ? Number.NEGATIVE_INFINITY : text === '+inf' ? Number.POSITIVE_INFINITY : Number(text);

const isBehind = (member: string, from: string): boolean =>
  from === '-' || (from.startsWith('(') ? member > from.slice(1) : member >= from.slice(1));

const isBefore = (member: string, to: string): boolean =>
  to === '+' || (to.startsWith('(') ? member < to.slice(1) : member <= to.slice(1));
