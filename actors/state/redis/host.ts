/**
 * What all sessions of one `redisState()` in one system share: connections, copies, the feed. It lies in the system's
 * tables and ends with the system.
 */
import { type ActorSystem, addMonitor, StateError } from '../../core/index.ts';
import { type FindFunction, findIn } from '../functions.ts';
import { type Attempt, defaultTimeoutMs, type Persistence, persistAfter, topOf } from '../retry.ts';
import type { StateCallOptions } from '../session-data.ts';
import { type Ending, ended, type StateTables, stateTables } from '../tables.ts';
import { Keys } from '../vault-session.ts';
import { Copies, type Copy } from './copies.ts';
import { historyOfLog, type RawEntry } from './entries.ts';
import { RedisError, refusalOf } from './errors.ts';
import { FeedPlace } from './feed-place.ts';
import { headOf, samePlace, schema } from './head.ts';
import { keyList, type SessionKeys, sessionKeys } from './keys.ts';
import type { Argument, Link, MakeLink } from './link.ts';
import type { RedisSettings } from './options.ts';
import { readingOf } from './rows.ts';
import { afterScript, loadScript, lookScript } from './scripts/lives.ts';
import type { Script } from './scripts/script.ts';

/** How many commits are fetched at a time. */
const pageMax = 500;
/** Readings that were overtaken are taken again so many times. */
const triesMax = 100;

export type Reply = readonly [kind: string, ...rest: unknown[]];
/** How much of a session is to be there: what it is, or its kept history, too. */
export type Depth = 'head' | 'log';

export class RedisHost {
  readonly system: ActorSystem;
  readonly tables: StateTables;
  readonly settings: RedisSettings;
  readonly link: Link;
  readonly copies: Copies;
  readonly keys: Keys;
  readonly feed: FeedPlace;
  /** The functions of computed variables. */
  readonly functionNamed: FindFunction;
  /** Tells this host's leases from others'. */
  readonly owner: string;
  /** How many commits were sent again. */
  #sends = 0;

  constructor(system: ActorSystem, root: string, settings: RedisSettings, makeLink: MakeLink, number: number) {
    this.system = system;
    this.tables = stateTables(system, root);
    this.settings = settings;
    this.link = makeLink(system, settings);
    this.copies = new Copies(this.tables, settings.prefix, settings.limits, settings.copiesMax);
    this.keys = new Keys(system, system.runtime.ids.next().slice(0, 16));
    this.functionNamed = (name) => findIn(settings.functions, this.tables.functions)(name);
    this.owner = system.runtime.ids.next();
    this.feed = new FeedPlace(this, number);
    const top = system.lookup(topOf(root));
    // Without it there is nobody who would use it.
    if (top === undefined) this.link.close();
    else addMonitor(top, () => this.link.close());
  }

  /** Tries until it succeeds, fails for good, or the time is up. */
  persist<T>(target: string, options: StateCallOptions, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    const startMs = this.#nowMs();
    const first = signal === undefined ? { number: 0, timeoutMs } : { number: 0, timeoutMs, signal };
    // Nearly always it succeeds at once.
    return work(first).catch((error: unknown) => this.#again(target, { startMs, timeoutMs, signal }, work, error));
  }

  async #again<T>(
    target: string,
    options: { startMs: number; timeoutMs: number; signal: AbortSignal | undefined },
    work: (attempt: Attempt) => Promise<T>,
    firstError: unknown,
  ): Promise<T> {
    const on: Persistence = { system: this.system, root: this.tables.root, target };
    // What the server said tells more than that the connection was cut for it, or that the last attempt had no time.
    let said: RedisError | StateError | undefined;
    const refused = (error: unknown): unknown => {
      const told = error instanceof StateError ? error.cause : error;
      if (!(told instanceof RedisError)) return error;
      const refusal = error instanceof StateError ? error : refusalOf(told);
      if (told.code !== 'redis_down') said = refusal;
      return refusal;
    };
    const attempted = (attempt: Attempt): Promise<T> =>
      work(attempt).catch((error: unknown) => {
        throw refused(error);
      });
    try {
      return await persistAfter(on, options, attempted, refused(firstError));
    } catch (error) {
      // Who gives up says why, by the name that it has.
      const cause = error instanceof StateError ? error.cause : undefined;
      if (!(cause instanceof StateError) || cause.details.reason === undefined) throw error;
      throw cause.details.reason === 'redis_down' && said !== undefined ? said : cause;
    }
  }

  /** A number that was not answered before. */
  sends(): number {
    this.#sends += 1;
    return this.#sends;
  }

  keysOf(id: string): SessionKeys {
    return this.copies.get(id)?.keys ?? sessionKeys(this.settings.prefix, id);
  }

  /** Runs a script on a session. Rejects when there is no such session, as the copies are told, too. */
  async run(script: Script, id: string, args: readonly Argument[], attempt: Attempt): Promise<Reply> {
    const reply = await this.link.run(script, keyList(this.keysOf(id)), [this.time(), ...args], attempt);
    return this.living(id, reply);
  }

  /** The answer of a script on a session that lives. */
  living(id: string, reply: unknown): Reply {
    const [kind, more] = reply as Reply;
    if (kind === 'gone') {
      const ending = more as Ending;
      this.copies.end(id, ending);
      throw ended(id, ending);
    }
    if (kind === 'newer') {
      const message = `session '${id}' has schema ${String(more)}; this release reads ${schema}: install a newer one`;
      throw new RedisError('redis_too_new', message);
    }
    return reply as Reply;
  }

  /** For the scripts: none is the server's own. */
  time(): string {
    const { nowMs } = this.settings;
    return nowMs === undefined ? '' : String(Math.round(nowMs())).padStart(4, '0');
  }

  /** A copy, as it was at some time. */
  async known(id: string, attempt: Attempt): Promise<Copy> {
    return this.copies.get(id) ?? (await this.load(id, 'head', attempt));
  }

  /** A copy that is at least as new as the server was when this was called. An access. */
  async fresh(id: string, depth: Depth, attempt: Attempt): Promise<Copy> {
    const copy = this.copies.get(id);
    if (copy === undefined || (depth === 'log' && !copy.whole)) return this.load(id, depth, attempt);
    const { head } = copy.reading;
    const there = await this.#look(copy, attempt);
    if (there === head.text) return copy;
    if (!samePlace(headOf(there), head)) return this.catchUp(copy, depth, attempt);
    this.copies.place(copy, there);
    return copy;
  }

  /** All of a session, in one reading. */
  async load(id: string, depth: Depth, attempt: Attempt, access = true): Promise<Copy> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const [, flat, log] = await this.run(loadScript, id, [depth, access ? 1 : 0], attempt);
      const reading = readingOf(id, flat as readonly string[]);
      const whole = depth === 'log';
      const history = historyOfLog(reading, log as readonly RawEntry[], this.settings.limits);
      const made = whole ? { ...reading, record: { ...reading.record, history } } : reading;
      const copy = this.copies.put(made, whole || reading.record.revision === 0, this.#nowMs());
      if (copy !== undefined && (copy.whole || !whole)) return copy;
    }
    throw new StateError('unavailable', `session '${id}': changes faster than it can be read`);
  }

  /** Fetches what a copy lacks. Not an access. */
  async catchUp(copy: Copy, depth: Depth, attempt: Attempt): Promise<Copy> {
    for (;;) {
      const reply = await this.run(afterScript, copy.id, [copy.reading.head.text, pageMax], attempt);
      if (reply[0] !== 'open') return this.load(copy.id, copy.whole ? 'log' : depth, attempt, false);
      const log = reply[1] as readonly RawEntry[];
      this.copies.advanceBy(copy, log);
      if (log.length < pageMax) {
        this.copies.place(copy, reply[2] as string);
        return this.copies.get(copy.id) ?? copy;
      }
    }
  }

  /** The head that the server has. An access. */
  async #look({ id, keys, reading }: Copy, attempt: Attempt): Promise<string> {
    // One with a time to live is looked at by the server's clock; one that is not there may have left word.
    if (reading.head.ttlMs === undefined) {
      const head = (await this.link.command('HGET', [keys.session, 'head'], attempt)) as string | null;
      if (head?.startsWith(`${schema} `) && !head.endsWith(' 1')) return head;
    }
    return (await this.run(lookScript, id, ['1'], attempt))[1] as string;
  }

  #nowMs(): number {
    return this.system.runtime.clock.monotonicMs();
  }
}

/** The shared part of a backend in a system; made at its first use there. */
export function redisHost(
  system: ActorSystem,
  root: string,
  backend: object,
  settings: RedisSettings,
  makeLink: MakeLink,
): RedisHost {
  const key = `${root}/redis`;
  let hosts = system.tables.get(key) as Map<object, RedisHost> | undefined;
  if (hosts === undefined) {
    hosts = new Map();
    system.tables.set(key, hosts);
  }
  let host = hosts.get(backend);
  if (host === undefined) {
    host = new RedisHost(system, root, settings, makeLink, hosts.size + 1);
    hosts.set(backend, host);
  }
  return host;
}
