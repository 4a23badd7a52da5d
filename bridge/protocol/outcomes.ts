/**
 * Outcomes of calls that were given a key, kept to be asked for again: the same key again is the same call, so it has
 * one run and one outcome, whoever waits for it. They lie in the system's tables, as the calls do, and are bounded in
 * number, bytes and time. What a call wrote with its result is kept with that commit as well (see result-commits.ts).
 */
import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { type ActorSystem, type Clock, StateError } from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import { type CallOutcome, type CallPlan, type CallSink, type Known, type OpenCall, table } from './call-table.ts';
import { MapSchema, type Map as WireMap } from './gen/values_pb.js';
import { type Beside, type Kept, outcomeOfKept, packKept, resultOfOutcome, unpackKept } from './kept-outcome.ts';

export interface OutcomeLimits {
  /** How many are kept. Default 10,000. */
  readonly max: number;
  /** How many bytes they may have together. Default 64 MiB; a single one has at most 1 MiB. */
  readonly maxBytes: number;
  /** For how long, in milliseconds. Default 5 minutes. */
  readonly ttlMs: number;
}

export const defaultOutcomeLimits: OutcomeLimits = { max: 10_000, maxBytes: 64 * 1024 * 1024, ttlMs: 5 * 60_000 };

/** The longest key that a caller may give, in characters. */
const keyLengthMax = 256;

/** A key in the name space of who gave it: nobody meets another one's calls by it. Throws StateError `invalid`. */
export function outcomeKey(owner: string, key: string): string {
  if (key === '' || key.length > keyLengthMax)
    throw new StateError('invalid', `an idempotency key has 1 to ${keyLengthMax} characters`);
  // With the length, since an owner may have a slash in his name.
  return `call:${owner.length}:${owner}/${key}`;
}

/** Names a tool and its arguments, whatever their order. */
export function fingerprintOf(tool: string, args: WireMap, attachments: readonly Uint8Array[] = []): string {
  const entries = [...args.entries].sort((a, b) => (a.key < b.key ? -1 : 1));
  const hash = createHash('sha256').update(`${tool}\0`);
  hash.update(toBinary(MapSchema, { ...args, entries }));
  for (const bytes of attachments) hash.update(bytes);
  return hash.digest('base64');
}

/** A call by its key. */
export type KeyedCall = Pick<CallPlan, 'sessionId' | 'tool' | 'outcomeKey' | 'fingerprint'>;

interface Ended {
  readonly packed: Uint8Array;
  readonly known: Known;
  readonly untilMs: number;
}

/** One run, for all who have its key. It is the sink of its call; what comes is for those who wait by then. */
export class SharedRun implements CallSink {
  readonly place: string;
  readonly fingerprint: string;
  /** Set by who begins it. */
  call: OpenCall | undefined;
  readonly #outcomes: Outcomes;
  readonly #tool: string;
  readonly #sinks = new Set<CallSink>();
  #settled = false;

  constructor(outcomes: Outcomes, place: string, { fingerprint, tool }: KeyedCall) {
    this.#outcomes = outcomes;
    this.place = place;
    this.fingerprint = fingerprint;
    this.#tool = tool;
  }

  join(sink: CallSink): void {
    this.#sinks.add(sink);
  }

  /** Does not wait any more. True when nobody is left who does. */
  leave(sink: CallSink): boolean {
    this.#sinks.delete(sink);
    return this.#sinks.size === 0;
  }

  /** A stream has one reader, who opened it. */
  get consumed(): number {
    return first(this.#sinks)?.consumed ?? 0;
  }

  item(value: Value): boolean {
    return first(this.#sinks)?.item(value) ?? false;
  }

  settle(outcome: CallOutcome | Error, known: Known): void {
    if (this.#settled) return;
    this.#settled = true;
    const tool = this.#tool;
    const { worker = '', attempt = 1 } = this.call ?? {};
    const beside: Beside = { tool, fingerprint: this.fingerprint, known, worker, attempts: attempt };
    const packed = packKept({ ...beside, result: resultOfOutcome(tool, outcome) });
    this.#outcomes.ended(this, packed, known);
    let alone = true;
    for (const sink of this.#sinks) {
      // Each has values of its own.
      sink.settle(alone ? outcome : outcomeOfKept(unpackKept(packed)), known);
      alone = false;
    }
    this.#sinks.clear();
  }
}

export class Outcomes {
  limits = defaultOutcomeLimits;
  readonly #clock: Clock;
  readonly #running = new Map<string, SharedRun>();
  /** In the order in which they ended. */
  readonly #kept = new Map<string, Ended>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * What there is under the key of a call: its run, what it ended with, or nothing, also when it ended before it had
   * started. Throws StateError `conflict` when the key was used for another tool or other arguments.
   */
  known({ sessionId, outcomeKey: key, fingerprint, tool }: KeyedCall): SharedRun | Kept | undefined {
    const place = placeOf(sessionId, key);
    const ended = this.#find(place);
    const kept = ended === undefined || ended.known === 'not_started' ? undefined : unpackKept(ended.packed);
    const found = this.#running.get(place) ?? kept;
    if (found !== undefined && found.fingerprint !== fingerprint) throw usedOtherwise(tool);
    return found;
  }

  /** Begins a run under a key that nothing is known of. */
  begin(plan: KeyedCall): SharedRun {
    const place = placeOf(plan.sessionId, plan.outcomeKey);
    const run = new SharedRun(this, place, plan);
    this.#running.set(place, run);
    return run;
  }

  /** What is known under a key. */
  find(sessionId: string, key: string): 'running' | Kept | undefined {
    const place = placeOf(sessionId, key);
    if (this.#running.has(place)) return 'running';
    const ended = this.#find(place);
    return ended && unpackKept(ended.packed);
  }

  /** A run is over. */
  ended(run: SharedRun, packed: Uint8Array, known: Known): void {
    this.#running.delete(run.place);
    this.#drop(run.place);
    this.#kept.set(run.place, { packed, known, untilMs: this.#clock.monotonicMs() + this.limits.ttlMs });
    this.#bytes += packed.byteLength;
    this.#forget();
  }

  #find(place: string): Ended | undefined {
    this.#forget();
    return this.#kept.get(place);
  }

  #drop(place: string): void {
    this.#bytes -= this.#kept.get(place)?.packed.byteLength ?? 0;
    this.#kept.delete(place);
  }

  /** The oldest go, when they are too old, too many or too large together. */
  #forget(): void {
    const nowMs = this.#clock.monotonicMs();
    const { max, maxBytes } = this.limits;
    for (const [place, { untilMs }] of this.#kept) {
      if (nowMs < untilMs && this.#kept.size <= max && this.#bytes <= maxBytes) return;
      this.#drop(place);
    }
  }
}

export function usedOtherwise(tool: string): StateError {
  const message = `${tool}: its idempotency key was used for another tool or other arguments`;
  return new StateError('conflict', message, { details: { tool } });
}

/** The outcomes of the bridge at this path; made at first use. */
export function outcomesOf(system: ActorSystem, bridgePath: string): Outcomes {
  return table(system, `${bridgePath}/outcomes`, () => new Outcomes(system.runtime.clock));
}

const placeOf = (sessionId: string, key: string): string => `${sessionId}\0${key}`;

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const one of set) return one;
  return undefined;
}
