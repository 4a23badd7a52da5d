/** What each call was told, held against what it has done: its runs, those of what it calls, and its writes. */
import { isDeepStrictEqual } from 'node:util';
import { ActorError, isActorError, PoolError, StateError, ToolError } from '../../../index.ts';
import type { Drawn } from './shapes.ts';

/** What is known of a call; `left`: the reader of its stream did not wait for that. */
export type Kind = 'result' | 'tool_error' | 'not_started' | 'unknown' | 'left';

export interface Told {
  readonly kind: Kind;
  readonly value?: unknown;
  readonly error?: unknown;
  /** How many items of a stream were read. */
  readonly items?: number;
}

/** What the documents say of an error of a stream, which is not settled as data. */
export function kindOf(error: unknown, aborted: boolean): Kind | undefined {
  if (aborted && !isActorError(error)) return 'unknown';
  if (error instanceof ToolError) return 'tool_error';
  if (error instanceof PoolError) return 'not_started';
  if (error instanceof StateError && error.code === 'conflict') return 'tool_error';
  return (error as { readonly outcome?: 'not_started' | 'unknown' }).outcome;
}

export class Ledger {
  readonly wrong: string[] = [];
  readonly outcomes: Record<Kind, number> = { result: 0, tool_error: 0, not_started: 0, unknown: 0, left: 0 };
  /** How often a call was asked for again by its key. */
  askedAgain = 0;
  /** Writes with the result that are in their session. */
  committed = 0;
  readonly #calls: { readonly drawn: Drawn; readonly told: readonly Told[] }[] = [];
  /** How often the TypeScript tool has run for each call. */
  readonly #confirmed = new Map<string, number>();

  confirmed(key: string): void {
    this.#confirmed.set(key, (this.#confirmed.get(key) ?? 0) + 1);
  }

  /** What a call was told, and what those were told who asked for it as well. */
  told(drawn: Drawn, told: readonly Told[]): void {
    this.#calls.push({ drawn, told });
    for (const one of told) {
      this.outcomes[one.kind] += 1;
      this.#fits(drawn, one);
    }
    // A call that was not started leaves its key free.
    const [first, ...more] = told.filter(({ kind }) => kind !== 'not_started');
    this.askedAgain += told.length - 1;
    for (const one of more) {
      if (!same(first as Told, one))
        this.#complain(drawn, `was told ${shown(first as Told)}, and ${shown(one)} when it was asked for again`);
    }
  }

  /** What a session has at its end, all of it at one revision, when none of its calls is under way. */
  session(calls: readonly { readonly drawn: Drawn; readonly told: readonly Told[] }[], values: Values): void {
    let total = 0;
    for (const { drawn, told } of calls) {
      const { shape, args } = drawn;
      if (shape.writes === undefined) continue;
      const value = values[args.name as string];
      const isThere = value === args.key;
      if (isThere) total += 1;
      else if (value !== '') this.#complain(drawn, `finds ${value} where only it writes`);
      const due = isDue(drawn, told);
      if (due !== undefined && due !== isThere)
        this.#complain(drawn, `was told ${told.map(shown)}, and its writes are ${isThere ? '' : 'not '}in its session`);
    }
    if (values.total !== total) this.wrong.push(`a session counts ${values.total} writes and has ${total}`);
    this.committed += total;
  }

  /** Compares it with how often each key has run. */
  compare(runs: ReadonlyMap<string, number>): void {
    for (const { drawn, told } of this.#calls) {
      const { key } = drawn.args;
      const kinds = new Set(told.map(({ kind }) => kind));
      const ended = kinds.has('result') || kinds.has('tool_error');
      const onlyNotStarted = [...kinds].every((kind) => kind === 'not_started');
      this.#ran(drawn, key, runs.get(key) ?? 0, ended, onlyNotStarted);
      if (drawn.shape.relays === undefined) continue;
      const answered = kinds.has('result');
      this.#ran(drawn, `${key} in TypeScript`, this.#confirmed.get(key) ?? 0, answered, onlyNotStarted);
      this.#ran(drawn, insideOf(key), runs.get(insideOf(key)) ?? 0, answered, onlyNotStarted);
    }
  }

  #ran(drawn: Drawn, what: string, ran: number, ended: boolean, notStarted: boolean): void {
    const least = ended ? 1 : 0;
    const most = notStarted ? 0 : drawn.idempotent ? Number.POSITIVE_INFINITY : 1;
    if (ran < least || ran > most) this.#complain(drawn, `${what}: ran ${ran} times`);
  }

  /** Whether a call could end so at all. */
  #fits(drawn: Drawn, told: Told): void {
    const { shape, args, hurry } = drawn;
    const { kind, value, error } = told;
    if (kind === 'result') {
      if (args.fails) this.#complain(drawn, `was to fail, and was told ${shown(told)}`);
      const answer = shape.relays === undefined ? '' : ` confirmed ${args.key}`;
      const ran = String(value).replace(/#\d+/, '');
      if (shape.stream === undefined && ran !== `${args.key}${answer}`)
        this.#complain(drawn, `was answered with ${shown(told)}`);
    }
    if (kind === 'tool_error') {
      const collided = shape.writes !== undefined && error instanceof StateError && error.code === 'conflict';
      const raised = error instanceof ToolError && (args.fails || shape.relays !== undefined);
      // Both ends know the deadline: a worker that is quicker ends the call, and knows that it has ended.
      const late = hurry?.how === 'deadline' && codeOf(error) === 'call_timeout';
      if (!collided && !raised && !late) this.#complain(drawn, `was told ${shown(told)}`);
    }
    // Nothing here is full, closed or refused: only who is hurried, or has lost his worker, is not answered.
    if ((kind === 'not_started' || kind === 'unknown') && hurry === undefined && codeOf(error) !== 'worker_lost')
      this.#complain(drawn, `was told ${shown(told)}`);
  }

  #complain({ shape, idempotent, args }: Drawn, what: string): void {
    this.wrong.push(`${args.key} (${shape.tool}, ${idempotent ? 'idempotent' : 'once'}): ${what}`);
  }
}

type Values = Readonly<Record<string, unknown>>;

/** The key of the Python tool that TypeScript calls inside of a call. */
export const insideOf = (key: string): string => `${key}/inside`;

/** Whether a call's writes must be in its session, or must not; undefined when nobody knows. */
function isDue({ args }: Drawn, told: readonly Told[]): boolean | undefined {
  const kinds = new Set(told.map(({ kind }) => kind));
  if (kinds.has('result')) return true;
  if (kinds.has('tool_error')) return false;
  if (kinds.has('unknown')) return undefined;
  if (kinds.has('left')) return told.some(({ items }) => items === args.to) ? undefined : false;
  return false;
}

function same(a: Told, b: Told): boolean {
  return a.kind === b.kind && isDeepStrictEqual(a.value, b.value) && errorShown(a.error) === errorShown(b.error);
}

const codeOf = (error: unknown): string => (error instanceof ActorError ? error.code : 'none');

const errorShown = (error: unknown): string =>
  error instanceof Error ? `${error.name} ${codeOf(error)}: ${error.message}` : String(error);

const shown = ({ kind, value, error }: Told): string =>
  error === undefined ? `${kind} ${JSON.stringify(value)}` : `${kind} ${errorShown(error)}`;
