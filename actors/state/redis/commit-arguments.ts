/** A commit as its script takes it: what is there when nobody else has written since, and what is looked at besides. */
import { versionFor } from '../access.ts';
import type { Change } from '../change.ts';
import type { Order } from '../order.ts';
import { find, type SessionRecord } from '../record.ts';
import type { Variable } from '../types.ts';
import type { Since } from './commit.ts';
import type { Copy } from './copies.ts';
import { saying } from './entries.ts';
import { type Head, headAfter } from './head.ts';
import type { RedisHost } from './host.ts';
import { checkWritable, keyList } from './keys.ts';
import type { Argument } from './link.ts';
import { answerJson, variableText } from './rows.ts';

/** What a commit may have to come along with the word of it, in characters. */
const toldMax = 4_096;
/** More variables than a command in a script may have. */
const plainMax = 2_000;

/** What an order makes of a copy. */
export interface Made {
  readonly change: Change;
  /** Versions that computed variables were made of. */
  readonly reads: readonly (readonly [name: string, version: number])[];
}

export interface Sending {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** Of each variable that is written. */
  readonly places: readonly number[];
  /** The head after it, if nobody else has written since. */
  readonly after: Head;
  /** Whether variables were declared or removed. */
  readonly reshaped: boolean;
}

/** What he expects of variables that are not there for him: that they are absent holds as long as the shape does. */
function expectedOf(record: SessionRecord, { expect, writer }: Order): Order['expect'] {
  if (expect.length === 0) return expect;
  return expect.filter(
    ([name, version]) =>
      version !== null || find(record, name) === undefined || versionFor(find(record, name), writer) !== null,
  );
}

/** Whether he expects a version of what is not there for him. */
export function expectsHidden(record: SessionRecord, { expect, writer }: Order): boolean {
  return expect.some(
    ([name, version]) =>
      version !== null && find(record, name) !== undefined && versionFor(find(record, name), writer) === null,
  );
}

/** New variables stand behind all others, and so does one that was removed and declared in the same commit. */
function placesFor({ reading }: Copy, { remove }: Order, written: readonly Variable[]): readonly number[] {
  let { next } = reading.head;
  return written.map(({ name }) => {
    const known = remove.length > 0 && remove.includes(name) ? undefined : reading.order.get(name);
    if (known === undefined) next += 1;
    return known ?? next - 1;
  });
}

/** `isAgain`: it was sent before, and may have been carried out elsewhere: no two sendings have the same tip. */
export function sendingOf(
  host: RedisHost,
  copy: Copy,
  order: Order,
  since: Since | undefined,
  { change, reads }: Made,
  isAgain: boolean,
): Sending {
  const { head, record, order: known } = copy.reading;
  const { written, removed, bytes } = change;
  const { limits } = host.settings;
  for (const [name] of order.declare) checkWritable(name, 'variable');
  const places = placesFor(copy, order, written);
  const reshaped = removed.length > 0 || written.some(({ name }, i) => places[i] !== known.get(name));
  const revision = head.revision + 1;
  const next = reshaped ? Math.max(head.next, ...places.map((place) => place + 1)) : head.next;
  const own = ownMark(host, order);
  const tip = isAgain ? `${own}.${host.sends()}` : own;
  const sum = head.sum + bytes;
  const after = headAfter(head, revision, tip, sum, reshaped ? revision : head.shape, next);
  const expect = expectedOf(record, order);
  // The kept bytes may grow by an eighth before they are cut down: not at each commit.
  const isFull = sum - head.floor > limits.historyBytesMax * 1.125;
  const withKey = typeof order.key === 'string';
  const nothing = written.length + removed.length === 0;
  const isPlain =
    !(withKey || nothing || isFull || since !== undefined || head.ttlMs !== undefined || head.sealedMs !== 0) &&
    order.fences.length + removed.length === 0 &&
    written.length <= plainMax &&
    expect.every(([name, version]) => (find(record, name)?.version ?? null) === version);
  const more =
    isPlain && !reshaped && reads.length + expect.length === 0
      ? ''
      : JSON.stringify({
          ...(expect.length === 0 ? {} : { expect: expect.map(pairText) }),
          ...(reads.length === 0 ? {} : { reads: reads.map(pairText) }),
          ...(order.fences.length === 0 ? {} : { fences: order.fences.map(pairText) }),
          ...(removed.length === 0 ? {} : { dropped: removed, removed: JSON.stringify(removed) }),
          ...(change.before === undefined ? {} : { before: JSON.stringify(change.before) }),
          ...(reshaped ? { reshaped: String(next) } : {}),
          ...(withKey
            ? {
                key: wellFormed(order.key as string),
                outcomesMax: String(limits.outcomesMax),
                outcomeTtlMs: String(limits.outcomeTtlMs),
              }
            : {}),
          ...(since === undefined ? {} : { own, since: String(since.revision), sinceEpoch: String(since.epoch) }),
          ...(isFull || withKey ? { bytesMax: String(limits.historyBytesMax) } : {}),
        });
  const texts: string[] = [];
  let size = 0;
  written.forEach((variable, i) => {
    const text = variableText(variable, places[i] as number);
    size += text.length;
    texts.push(`v:${variable.name}`, text);
  });
  const isTold = size <= toldMax && removed.length === 0 && change.before === undefined && !nothing;
  const { keys } = copy;
  const args: Argument[] = [
    host.time(),
    head.text,
    after.text,
    isPlain && more !== '' ? `+${more}` : more,
    limits.historyMax,
    `${head.epoch}-${revision}`,
    isTold ? head.tip : '',
    saying(sum, bytes, tip, order.writer),
    ...texts,
  ];
  if (withKey) args.push(answerJson({ writer: order.writer, ...change }, order.outcome));
  return { keys: isPlain ? [keys.session, keys.log] : keyList(keys), args, places, after, reshaped };
}

/** What all tips of one commit begin with, however often it is sent: a retry finds it by that in the log. */
function ownMark(host: RedisHost, { key }: Order): string {
  const { client, number } = typeof key === 'object' ? key : host.keys.next();
  return `${client}.${number}`;
}

const pairText = ([name, value]: readonly [string, number | null]): readonly [string, string] => [
  wellFormed(name),
  value === null ? '' : String(value),
];

/** A text without halves of surrogate pairs: UTF-8 has none. */
const wellFormed = (text: string): string => (text as string & { toWellFormed(): string }).toWellFormed();
