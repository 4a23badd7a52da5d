/**
 * A client in a worker: calls of a tool that makes some operations one after the other, and notes them in a file of its
 * own. So what was begun, and what was answered, is known of a worker that was killed as well.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommitRequest, declare, string } from '../../../actors/state/index.ts';
import { type Context, isActorError, pythonTool, StateError } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import type { VersionedValue } from '../../../testing/models/variables.ts';
import { draw } from './draw.ts';
import { type Asked, committedOf, nowNs, type Recorded, type Records, type Told } from './records.ts';

interface WorkArguments {
  readonly file: string;
  readonly operations: readonly (readonly [kind: string, name: string, token: string])[];
}
const tools = ['work', 'work_async'].map((name) => pythonTool<WorkArguments, number>(name));

export interface PythonClientOptions {
  readonly name: string;
  readonly context: Context;
  readonly records: Records;
  /** Where calls note what they do. */
  readonly folder: string;
  readonly random: RandomStream;
  /** Codes of errors that a call may end with. Default `worker_lost`. */
  readonly mayLose?: readonly string[];
  /** Is told of each call before it is made. */
  readonly calling?: (call: PythonCall) => void;
}

export interface PythonCall {
  readonly client: string;
  readonly file: string;
  readonly startNs: number;
  readonly operations: WorkArguments['operations'];
}

/** Writes `p` and `q` together with its result, if nobody has written them since it has read them. */
const exchange = pythonTool<{ token: string }, string>('exchange');

/** One of so many calls is of `exchange`. */
const exchangesEvery = 4;
/** At most as many operations are made by one call. */
const operationsMax = 40;
/** How long a call may take, which none comes near. */
const timeoutMs = 120_000;

export class PythonClient {
  readonly wrong: string[] = [];
  /** Calls whose worker was lost. */
  lost = 0;
  readonly #options: PythonClientOptions;
  readonly #calls: PythonCall[] = [];
  #exchanges = 0;

  constructor(options: PythonClientOptions) {
    this.#options = options;
  }

  /** Sets a variable, and makes a call; resolves to how many operations it has begun. */
  async call(): Promise<number> {
    const { name, context, folder, random } = this.#options;
    if (random.below(exchangesEvery) === 0) return this.#exchange();
    const client = `${name}.${this.#calls.length + 1}`;
    const operations = Array.from({ length: 1 + random.below(operationsMax) }, (_, n) => {
      const { kind, name: variable, token } = draw(random, `${client}.${n + 1}`);
      // It sees what was set just before it was made.
      return [n === 0 ? 'read' : kind, variable, token] as const;
    });
    await this.#set(`${client}.0`);
    const file = join(folder, client);
    const call = { client, file, startNs: nowNs(), operations };
    this.#calls.push(call);
    this.#options.calling?.(call);
    const tool = tools[random.below(tools.length)] as (typeof tools)[number];
    try {
      const made = await context.call(tool, { file, operations }, { timeoutMs });
      if (made !== operations.length) this.wrong.push(`${client} made ${made} operations of ${operations.length}`);
    } catch (error) {
      this.#lose(client, error);
    }
    return linesOf(file).filter((line) => 'asked' in line).length;
  }

  async #exchange(): Promise<number> {
    const { name, context, records } = this.#options;
    this.#exchanges += 1;
    const token = `${name}.e${this.#exchanges}`;
    const doer = { client: name, language: 'python', kind: 'exchange', token } as const;
    const asked = { type: 'commit', request: { set: { p: token, q: token } } } as const;
    try {
      await records.run(
        doer,
        asked,
        () => context.call(exchange, { token }, { timeoutMs }),
        () => ({ type: 'committed' }),
      );
    } catch (error) {
      // Others may write meanwhile, too.
      if (!(error instanceof StateError && error.code === 'conflict')) this.#lose(token, error);
    }
    return 1;
  }

  /** A worker may be lost, and nothing else may happen to a call, but what was said. */
  #lose(what: string, error: unknown): void {
    const { mayLose = ['worker_lost'] } = this.#options;
    if (isActorError(error) && mayLose.includes(error.code)) this.lost += 1;
    else this.wrong.push(`${what}: ${String(error)}`);
  }

  /** Sets a variable from here. */
  async #set(token: string): Promise<void> {
    const { name, context, records } = this.#options;
    const asked = { type: 'commit', request: { set: { x: token } } } as const;
    try {
      await records.run(
        { client: name, kind: 'set', token },
        asked,
        () => context.variables.set('x', token),
        committedOf,
      );
    } catch (error) {
      if (!isActorError(error)) throw error;
    }
  }

  /** What all calls have done, and when each was asked for. When nothing of it goes on any more. */
  recorded(): PythonRecords {
    return recordsOfCalls(this.#calls);
  }
}

export interface PythonRecords {
  readonly records: readonly Recorded[];
  readonly begunNs: ReadonlyMap<string, number>;
}

/** What calls have noted, by what is known of each. */
export function recordsOfCalls(calls: readonly PythonCall[]): PythonRecords {
  const records: Recorded[] = [];
  for (const { client, file, operations } of calls) {
    const begun = new Map<number, Line>();
    const ended = new Map<number, Line>();
    for (const line of linesOf(file)) (line.asked === undefined ? ended : begun).set(line.i, line);
    for (const [number, { t: startNs, kind = '', asked = {} }] of begun) {
      const end = ended.get(number);
      const [, , token = ''] = operations[number] ?? [];
      const told = end === undefined ? unanswered : toldOf(end.told ?? {});
      const endNs = end === undefined || told.type === 'unknown' ? Number.POSITIVE_INFINITY : end.t;
      records.push({ client, language: 'python', kind, token, asked: askedOf(asked), told, startNs, endNs });
    }
  }
  return { records, begunNs: new Map(calls.map(({ client, startNs }) => [client, startNs])) };
}

const unanswered: Told = { type: 'unknown', why: 'its worker was lost' };

/** As session_tools.py has it. */
interface Line {
  readonly i: number;
  readonly t: number;
  readonly kind?: string;
  readonly asked?: AskedThere;
  readonly told?: ToldThere;
}
interface AskedThere extends Pick<CommitRequest, 'expect' | 'set' | 'remove'> {
  readonly name?: string;
  readonly update?: string;
  readonly declare?: Readonly<Record<string, string>>;
}
interface ToldThere {
  readonly revision?: number | null;
  readonly values?: Readonly<Record<string, readonly [VersionedValue['value'], number]>>;
  readonly before?: number;
  readonly after?: number;
  readonly name?: string;
  readonly value?: unknown;
  readonly refused?: string;
  readonly found?: Readonly<Record<string, number | null>>;
  readonly unknown?: string;
}

/** The lines of a file, but for a last one that was cut off. */
export function linesOf<T = Line>(file: string): readonly T[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}

function askedOf({ name, update, declare: initial, ...request }: AskedThere): Asked {
  if (update !== undefined) return { type: 'update', name: update };
  if (initial !== undefined) {
    const declarations = Object.entries(initial).map(([one, value]) => [one, string({ default: value })] as const);
    return { type: 'commit', request: { ...request, declare: declare(Object.fromEntries(declarations)) } };
  }
  if (Object.keys(request).length > 0) return { type: 'commit', request };
  return { type: 'read', names: name === undefined ? undefined : [name] };
}

function toldOf({ revision, values, before, after, name = '', value, refused, found, unknown }: ToldThere): Told {
  if (unknown !== undefined) return { type: 'unknown', why: unknown };
  const at = typeof revision === 'number' ? { revision } : {};
  if (refused !== undefined)
    return { type: 'refused', code: refused, ...at, ...(found === undefined ? {} : { found }) };
  if (before !== undefined && after !== undefined) return { type: 'got', name, value, between: [before, after] };
  if (values === undefined) return { type: 'committed', ...at };
  const versions = Object.entries(values).map(([one, [is, version]]) => [one, { value: is, version }] as const);
  return { type: 'read', revision: revision as number, values: Object.fromEntries(versions) };
}
