/** What a host writes down of what it does, so that it is known of one that was killed as well. */
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { type PythonCall, type PythonRecords, recordsOfCalls } from '../session-chaos/python-client.ts';
import type { Journal, Recorded } from '../session-chaos/records.ts';

type Line =
  | { readonly type: 'begun'; readonly number: number; readonly one: Omit<Recorded, 'told' | 'endNs'> }
  | { readonly type: 'ended'; readonly number: number; readonly one: Pick<Recorded, 'told' | 'endNs'> }
  | { readonly type: 'call'; readonly call: PythonCall };

const ending = '.journal';

/** Where calls of Python on a session note what they do. */
export const callsFolder = (folder: string, sessionId: string): string => join(folder, sessionId, 'calls');

/** What one host does to one session. What was written is there, however the host ends. */
export class FileJournal implements Journal {
  readonly #file: number;

  constructor(folder: string, sessionId: string, host: string) {
    mkdirSync(join(folder, sessionId), { recursive: true });
    this.#file = openSync(join(folder, sessionId, `${host}${ending}`), 'a', 0o600);
  }

  begun(number: number, one: Omit<Recorded, 'told' | 'endNs'>): void {
    this.#write({ type: 'begun', number, one });
  }

  ended(number: number, one: Pick<Recorded, 'told' | 'endNs'>): void {
    this.#write({ type: 'ended', number, one });
  }

  calling(call: PythonCall): void {
    this.#write({ type: 'call', call });
  }

  #write(line: Line): void {
    // Not JSON: what is undefined is to stay so.
    writeSync(this.#file, `${serialize(line).toString('base64')}\n`);
  }
}

/** What all hosts have done to a session, in either language. */
export function readJournals(folder: string, sessionId: string): PythonRecords {
  const own = join(folder, sessionId);
  const records: Recorded[] = [];
  const calls: PythonCall[] = [];
  for (const name of existsSync(own) ? readdirSync(own) : []) {
    if (!name.endsWith(ending)) continue;
    const begun = new Map<number, Omit<Recorded, 'told' | 'endNs'>>();
    // The last line may be cut off.
    for (const text of readFileSync(join(own, name), 'utf8').split('\n').slice(0, -1)) {
      const line = deserialize(Buffer.from(text, 'base64')) as Line;
      if (line.type === 'call') calls.push(line.call);
      else if (line.type === 'begun') begun.set(line.number, line.one);
      else {
        records.push({ ...(begun.get(line.number) as Omit<Recorded, 'told' | 'endNs'>), ...line.one });
        begun.delete(line.number);
      }
    }
    const told = { type: 'unknown', why: 'its host was killed' } as const;
    for (const one of begun.values()) records.push({ ...one, told, endNs: Number.POSITIVE_INFINITY });
  }
  const python = recordsOfCalls(calls);
  return { records: [...records, ...python.records], begunNs: python.begunNs };
}
