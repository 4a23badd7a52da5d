/**
 * The calls that are open, in the system's tables: what an ETS table with an heir is to OTP. The bridge actor reads
 * them after a restart and goes on; the caller is in them as a plain object, so an outcome reaches it whatever
 * happened to the bridge in between.
 */
import { type ActorSystem, CallTimeoutError, ChurnMap } from '../../actors/core/index.ts';
import type { CommitRequest, Value } from '../../actors/state/index.ts';
import type { AffinityMode } from '../../actors/worker/index.ts';
import type { Map as WireMap } from './gen/values_pb.js';
import type { CommitPlan } from './gen/variables_pb.js';
import { ItemWindow } from './item-window.ts';
import { noTraits, type ToolTraits } from './tool-registry.ts';

/** What a call resolves to. */
export interface CallOutcome {
  readonly value: Value;
  /** The session's revision that the call saw when it began; 0 without a session. */
  readonly revision: number;
  /** The revision of the commit that was made with this result; 0 when the tool wrote nothing with it. */
  readonly committed: number;
  /** What the tool reported about its run. */
  readonly facts: Readonly<Record<string, Value>>;
  /** The pid of the worker that ran it. */
  readonly worker: string;
  /** 1, or more when a worker was lost and the call was run again. */
  readonly attempts: number;
}

/**
 * What is known of a call that has ended. `ended`: it ran to its end, well or not. `not_started`: nothing of it was
 * done. `unknown`: it may have run, in part or to its end.
 */
export type Known = 'ended' | 'not_started' | 'unknown';

/** The caller's end of a call. Its methods never throw and run no user code at once. */
export interface CallSink {
  /** How many stream items the reader has taken so far. */
  readonly consumed: number;
  /** One item of a stream. False: it was more than was asked for, or nobody reads any more. */
  item(value: Value): boolean;
  /** The outcome; the first one counts. `writes` is what the call adds to the transaction that it was made in. */
  settle(outcome: CallOutcome | Error, known: Known, writes?: CommitPlan): void;
}

/** An outcome of which nothing is known but its value. */
export const noOutcome: Omit<CallOutcome, 'value'> = { revision: 0, committed: 0, facts: {}, worker: '', attempts: 1 };

/** What is wanted; does not change over the attempts. */
export interface CallPlan {
  /** Empty: no session. */
  readonly sessionId: string;
  readonly tool: string;
  readonly arguments: WireMap;
  /** The large ones among the arguments' bytes. */
  readonly attachments: readonly Uint8Array[];
  /** Undefined: the pool whose workers offer the tool. */
  readonly pool: string | undefined;
  readonly stream: boolean;
  readonly idempotent: boolean;
  readonly maxAttempts: number;
  readonly affinityKey: string | undefined;
  readonly affinityMode: AffinityMode | undefined;
  readonly minRevision: number;
  /** On the monotonic clock. */
  readonly startedMs: number;
  /** On the monotonic clock; Infinity: none. */
  readonly deadlineMs: number;
  /** The whole of it, for messages. */
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
  /** Of this call's own span. */
  readonly traceparent: string;
  /** The trace context that it was made in; empty: none. */
  readonly parent: string;
  /** Ids of the calls inside which this one is made, nearest first. */
  readonly within: readonly string[];
  /** What the transaction that it joins has written by now; undefined: it joins none. */
  readonly overlay: CommitPlan | undefined;
  /** The key under which its outcome is kept with its writes. */
  readonly outcomeKey: string;
  /** Names tool and arguments, where they are to be compared with another call's; else empty. */
  readonly fingerprint: string;
  /** How many stream items may be under way or unread; undefined: see `ItemWindow`. */
  readonly window: number | undefined;
}

/**
 * `new`: nobody was asked yet. `queued`: a pool was asked. `granted`: a worker is leased, nothing was sent.
 * `open`: it was sent. `committing`: it has answered, and its writes are being committed. `done`: nothing is left to do.
 */
export type CallStage = 'new' | 'queued' | 'granted' | 'open' | 'committing' | 'done';

/** What is known of a call that ends where it stands. */
function stageKnows(stage: CallStage): 'not_started' | 'unknown' {
  return stage === 'open' || stage === 'committing' || stage === 'done' ? 'unknown' : 'not_started';
}

/** A result whose writes are being committed. */
export interface Ending {
  readonly outcome: CallOutcome;
  readonly request: CommitRequest;
  /** The commit may have been carried out. */
  begun: boolean;
}

/** Who waits for a call that has ended. */
const nobody: CallSink = { consumed: 0, settle: () => {}, item: () => false };

export interface Attempted {
  readonly error: Error;
  readonly known: Exclude<Known, 'not_started'>;
}

/**
 * One call over all its attempts. The bridge writes each field right after the effect that it stands for, in the
 * same turn, so that whoever reads it later knows what was done.
 */
export class OpenCall {
  readonly id: string;
  readonly plan: CallPlan;
  sink: CallSink;
  stage: CallStage = 'new';
  attempt = 1;
  /** Names this attempt: at the pool, and as the key of the exchange. */
  lease: string;
  pool = '';
  stream = '';
  worker = '';
  /** Why the caller has given up. */
  cancelled: string | undefined;
  /** The last delivery of which an item was handed on. */
  seen = 0;
  /** How many items the worker was allowed to send, and how many were handed on. */
  credited = 0;
  items = 0;
  /** A stream's only. */
  readonly window: ItemWindow | undefined;
  /** What the tool says of itself: that it may be run twice, and that it wants to be when its writes collide. */
  traits: ToolTraits = noTraits;
  /** While its writes are being committed. */
  ending: Ending | undefined;
  /** What has become of an attempt before that has run, or may have. */
  before: Attempted | undefined;
  /** Set while its worker keeps its session for it: says that it need not any more. */
  letGo: (() => void) | undefined;

  constructor(id: string, plan: CallPlan, sink: CallSink) {
    this.id = id;
    this.plan = plan;
    this.sink = sink;
    this.lease = `${id}/1`;
    this.window = plan.stream ? new ItemWindow(plan.window) : undefined;
  }

  /** What is known of it when it is given up now. */
  get knows(): 'not_started' | 'unknown' {
    return this.before === undefined ? stageKnows(this.stage) : 'unknown';
  }

  /**
   * Tells who waits what has become of it, of all its attempts: a last one that was not started does not undo one before
   * that may have run.
   */
  settle(outcome: CallOutcome | Error, known: Known, writes?: CommitPlan): void {
    const { before, plan, sink } = this;
    if (known !== 'not_started' || before === undefined) sink.settle(outcome, known, writes);
    else if (!(outcome instanceof CallTimeoutError)) sink.settle(before.error, before.known);
    else sink.settle(new CallTimeoutError(plan.tool, outcome.timeoutMs, { cause: before.error }), 'unknown');
  }

  /** Begins the next attempt; `before`: what has become of this one, if it has run or may have. */
  again(before?: Attempted): void {
    // What is not known of one of them is not known of all.
    if (this.before?.known !== 'unknown') this.before = before ?? this.before;
    this.#left();
    this.attempt += 1;
    this.lease = `${this.id}/${this.attempt}`;
    this.stage = 'new';
    this.stream = '';
    this.worker = '';
    this.credited = 0;
    this.ending = undefined;
  }

  /** Nothing is left to do. What still speaks of it, such as a dead letter, does not keep its caller. */
  done(): void {
    this.#left();
    this.sink = nobody;
    this.stage = 'done';
  }

  #left(): void {
    this.letGo?.();
    this.letGo = undefined;
  }
}

/** What an exchange that the host opened carries as its context. */
export interface CallContext {
  readonly call: OpenCall;
  readonly lease: string;
}

export type CallTable = ChurnMap<string, OpenCall>;

/** The table of the bridge at this path; made at first use. */
export function callTable(system: ActorSystem, bridgePath: string): CallTable {
  return table(system, `${bridgePath}/calls`, () => new ChurnMap());
}

/** One of the system's tables by name; made at first use. */
export function table<T>(system: ActorSystem, key: string, make: () => T): T {
  let found = system.tables.get(key) as T | undefined;
  if (found === undefined) {
    found = make();
    system.tables.set(key, found);
  }
  return found;
}
