/** The keys of docs/redis.md. Those of one session have one hash tag, so that a cluster keeps them in one slot. */
import { invalid } from '../invalid.ts';
import { show } from '../value.ts';

/** How many parts the index has; the same for all who share a server, for ever. */
export const shards = 16;

export interface SessionKeys {
  /** Hash: the head and a field for each variable. Sharded channel: that there is something new. */
  readonly session: string;
  /** Stream: the kept commits. */
  readonly log: string;
  /** Hash: what idempotency keys were answered with. */
  readonly answers: string;
  /** Sorted set: those keys by revision. */
  readonly order: string;
  /** Hash: locks by variable. */
  readonly locks: string;
  /** String: how a session that is gone has ended, for a day. */
  readonly ended: string;
}

/** What could end a hash tag too early is written as in a URL. */
const escaped = (id: string): string => id.replaceAll(/[%{}]/g, encodeURIComponent);

export function sessionKeys(prefix: string, id: string): SessionKeys {
  const of = (what: string): string => `${prefix}:{${escaped(id)}}:${what}`;
  return {
    session: of('session'),
    log: of('log'),
    answers: of('answers'),
    order: of('order'),
    locks: of('locks'),
    ended: of('ended'),
  };
}

/** As the scripts take them. */
export const keyList = ({ session, log, answers, order, locks, ended }: SessionKeys): readonly string[] => [
  session,
  log,
  answers,
  order,
  locks,
  ended,
];

export interface ShardKeys {
  /** Sorted set: ids in the order of their code units, all of score 0. */
  readonly ids: string;
  /** Sorted set: when a session is to be looked at, in milliseconds. */
  readonly due: string;
  /** Hash: who sweeps this part: `owner`, `fence`, `until`. */
  readonly lease: string;
}

export function shardKeys(prefix: string, shard: number): ShardKeys {
  const of = (what: string): string => `${prefix}:index:{${shard}}:${what}`;
  return { ids: of('ids'), due: of('due'), lease: of('lease') };
}

/** FNV-1a: the same on every host. */
export function shardOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % shards;
}

/** Throws StateError `invalid` for a name that cannot be written as UTF-8 without loss. */
export function checkWritable(name: string, what: string): void {
  if (!(name as string & { isWellFormed(): boolean }).isWellFormed())
    throw invalid(`${what} ${show(name)}: half of a surrogate pair is no text`);
}

/**
 * Bytes that Redis sorts as JavaScript sorts strings, by code units: UTF-8 with each half of a surrogate pair on its
 * own (CESU-8). The same as UTF-8 for nearly every id.
 */
export function sortable(text: string): Buffer {
  if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    const half = unit >= 0xd800 && unit <= 0xdfff;
    parts.push(
      half
        ? Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)])
        : Buffer.from(text.charAt(i)),
    );
  }
  return Buffer.concat(parts);
}

export function unsorted(bytes: Buffer): string {
  let text = '';
  let from = 0;
  for (let i = 0; i < bytes.length; ) {
    const [first, second, third] = [bytes[i] as number, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0];
    if (first === 0xed && second >= 0xa0) {
      text += bytes.toString('utf8', from, i) + String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
      i += 3;
      from = i;
    } else i += 1;
  }
  return text + bytes.toString('utf8', from);
}
