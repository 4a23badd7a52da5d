/**
 * The way back of the host's calls, one step each time something comes from a worker: items, a result, whose writes
 * are committed with it, or the loss of the worker. What was done stands in the call itself, so each step can be
 * repeated after a crash.
 */
import { ActorError, CallTimeoutError, isActorError } from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import type { Happening } from '../transport/index.ts';
import type { BridgeEvent } from './bridge-events.ts';
import { tellAnswered, tellCommitted, tellItem } from './call-events.ts';
import { isPassing, lossOf, mayRepeat, mayRerun, notTaken, outcomeOf } from './call-outcome.ts';
import type { CallPort } from './call-port.ts';
import type { CallContext, CallOutcome, Ending, Known, OpenCall } from './call-table.ts';
import { decodeValue } from './codec.ts';
import type { ToolResult } from './gen/tools_pb.js';
import type { Value as WireValue } from './gen/values_pb.js';
import type { CommitPlan } from './gen/variables_pb.js';
import { decodeWorkerMessage, hostMessage } from './messages.ts';
import { type Committed, endingOf, knownOfFailure, type ResultCommits, writesOf } from './result-commits.ts';

type Message = Extract<Happening, { type: 'exchange.message' }>;
type Lost = Extract<Happening, { type: 'exchange.lost' }>;

/** What a worker has said on an exchange. */
type Said =
  | { readonly kind: 'item'; readonly value: Value }
  | { readonly kind: 'not_taken'; readonly error: ActorError }
  | {
      readonly kind: 'result';
      readonly outcome: CallOutcome | ActorError;
      readonly known: Known;
      readonly writes?: CommitPlan | undefined;
      readonly handlerMs: number | undefined;
    }
  | { readonly kind: 'ending'; readonly ending: Ending; readonly handlerMs: number | undefined }
  | { readonly kind: 'broken'; readonly error: ActorError }
  | { readonly kind: 'nothing' };

export class HostAnswers {
  readonly #port: CallPort;
  readonly #commits: ResultCommits;
  /** Begins the next attempt of a call. */
  readonly #execute: (id: string) => void;

  constructor(port: CallPort, commits: ResultCommits, execute: (id: string) => void) {
    this.#port = port;
    this.#commits = commits;
    this.#execute = execute;
  }

  /** A reader has taken items: the worker may send as many more. */
  credit(id: string): void {
    const call = this.#port.table.get(id);
    if (call?.stage === 'open') this.topUp(call);
    else if (call?.stage === 'committing') this.committing(call);
  }

  topUp(call: OpenCall): void {
    if (call.window === undefined) return;
    const items = call.window.size + call.sink.consumed - call.credited;
    if (items <= 0) return;
    this.#port.step('credit', call.id);
    this.#port.write(call, hostMessage('credit', { $typeName: 'ophion.v1.Credit', items }));
    call.credited += items;
  }

  /** A message of the worker on one of our exchanges. */
  message({ call, lease }: CallContext, happening: Message, delivery: number): void {
    if (call.lease !== lease || call.stage !== 'open') return;
    this.#port.step('message', call.id);
    const said = heard(call, happening);
    const { ctx } = this.#port;
    switch (said.kind) {
      case 'item':
        this.#item(call, said.value, happening, delivery);
        return;
      case 'not_taken':
        tellAnswered(ctx, call, said.error.code);
        this.#notTaken(call, said.error);
        return;
      case 'ending':
        tellAnswered(ctx, call, undefined, said.handlerMs);
        call.ending = said.ending;
        call.stage = 'committing';
        this.committing(call);
        return;
      case 'result':
        tellAnswered(ctx, call, said.outcome instanceof Error ? said.outcome.code : undefined, said.handlerMs);
        this.#over(call, said.outcome, !happening.end, said.known, said.writes);
        return;
      case 'broken':
        tellAnswered(ctx, call, said.error.code);
        this.#over(call, said.error, true, 'unknown');
        return;
      case 'nothing':
        return;
      default: {
        const never: never = said;
        throw new TypeError(String(never));
      }
    }
  }

  #item(call: OpenCall, value: Value, { payload, attachments = [] }: Message, delivery: number): void {
    // Told twice when the bridge crashed in between.
    if (delivery <= call.seen) return;
    const taken = call.sink.item(value);
    call.seen = delivery;
    call.items += 1;
    const size = attachments.reduce((bytes, { length }) => bytes + length, payload.length);
    call.window?.came(size);
    tellItem(this.#port.ctx, call, size);
    if (taken || call.cancelled !== undefined) return;
    if (call.items > call.credited) {
      const error = new ActorError('protocol', `${call.worker}: sent more items than it was asked for`);
      this.#over(call, error, true, 'unknown');
    }
  }

  /** The worker has not taken the call: it is about to leave, or has too many. Another may. */
  #notTaken(call: OpenCall, error: ActorError): void {
    const port = this.#port;
    port.checkin(call.pool, call.lease, false, 'none');
    if (mayRepeat(call, 'not_started', port.leftMs(call))) this.#repeat(call, 'not_started', error);
    else port.end(call, error, 'not_started');
  }

  /** The exchange of a call is lost: again, when that may be, or an outcome that says what is known. */
  lost({ call, lease }: CallContext, happening: Lost): void {
    if (call.lease !== lease || call.stage !== 'open') return;
    const port = this.#port;
    port.step('lost', call.id);
    const { reason, outcome, lastOutput } = happening;
    const late = outcome === 'unknown' && reason.kind === 'error' && reason.error instanceof CallTimeoutError;
    // Told to end and did not: the pool replaces it.
    port.checkin(call.pool, lease, late, outcome === 'unknown' ? 'failure' : 'none');
    const error = lossOf(call, reason, outcome, lastOutput);
    if (isPassing(error) && mayRepeat(call, outcome, port.leftMs(call))) this.#repeat(call, outcome, error);
    else port.end(call, error, outcome);
  }

  /**
   * The tool has ended well: what it wrote is committed, and then it has its result; not before its reader has taken
   * all that it sent, since one who leaves before the end has nothing committed. Told again after a crash.
   */
  committing(call: OpenCall): void {
    const port = this.#port;
    port.step('committing', call.id);
    port.checkin(call.pool, call.lease, false, 'success');
    if (call.ending?.begun !== true && call.cancelled !== undefined)
      port.end(call, new ActorError('cancelled', call.cancelled), 'unknown');
    else if (call.sink.consumed >= call.items) this.#commits.begin(call);
  }

  /** The writes of a call are committed, or refused. */
  committed({ lease, result }: Committed): void {
    const port = this.#port;
    const call = port.byLease(lease);
    if (call?.stage !== 'committing' || call.ending === undefined) return;
    port.step('committed', call.id);
    tellCommitted(port.ctx, call, result);
    if (!(result instanceof Error)) port.end(call, { ...call.ending.outcome, committed: result.revision }, 'ended');
    else if (mayRerun(call, result, port.leftMs(call))) this.#repeat(call, 'conflict', result);
    else port.end(call, result, knownOfFailure(result));
  }

  #repeat(call: OpenCall, why: 'not_started' | 'unknown' | 'conflict', error: Error): void {
    const { worker, attempt, id: callId } = call;
    const { tool } = call.plan;
    call.again(why === 'not_started' ? undefined : { error, known: why === 'conflict' ? 'ended' : 'unknown' });
    const event: BridgeEvent =
      why === 'conflict'
        ? { type: 'tool.conflicted', tool, callId, worker, attempt }
        : { type: 'tool.repeated', tool, callId, worker, attempt, outcome: why };
    this.#port.ctx.emit(event);
    this.#execute(callId);
  }

  /** The worker has said its last word, or is not listened to any more (`stray`: it may go on). */
  #over(call: OpenCall, outcome: CallOutcome | Error, stray: boolean, known: Known, writes?: CommitPlan): void {
    const port = this.#port;
    call.settle(outcome, known, writes);
    port.step('settled', call.id);
    if (stray) port.write(call, hostMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'a bad answer' }));
    port.checkin(call.pool, call.lease, false, call.cancelled === undefined ? 'success' : 'none');
    port.end(call, outcome, known);
  }
}

const none: WireValue = { $typeName: 'ophion.v1.Value', kind: { case: undefined } };

function heard(call: OpenCall, { payload, attachments = [], end }: Message): Said {
  try {
    const body = decodeWorkerMessage(payload);
    if (body.case === 'item') return { kind: 'item', value: decodeValue(body.value.value ?? none, attachments) };
    if (body.case === 'result') return resultOf(call, body.value, attachments);
  } catch (error) {
    if (!isActorError(error)) throw error;
    return { kind: 'broken', error };
  }
  // An unknown kind of message is ignored, unless nothing else will come.
  if (!end) return { kind: 'nothing' };
  return { kind: 'broken', error: new ActorError('protocol', `${call.worker}: ended the call without a result`) };
}

/** What a worker says of its time; nothing, where that cannot be one. */
const soundMs = (ms: number | undefined): number | undefined =>
  ms !== undefined && ms >= 0 && ms < Number.POSITIVE_INFINITY ? ms : undefined;

/** A worker ends a call at its deadline by itself, and knows whether the tool had begun. */
const knownOfError = (error: ActorError): Known =>
  error instanceof CallTimeoutError && error.outcome === 'not_started' ? 'not_started' : 'ended';

function resultOf(call: OpenCall, result: ToolResult, attachments: readonly Uint8Array[]): Said {
  const handlerMs = soundMs(result.handlerMs);
  const outcome = outcomeOf(call, result, attachments);
  if (outcome instanceof Error)
    return notTaken.has(outcome.code)
      ? { kind: 'not_taken', error: outcome }
      : { kind: 'result', outcome, known: knownOfError(outcome), handlerMs };
  const writes = writesOf(call, result);
  if (writes !== undefined)
    return { kind: 'ending', ending: endingOf(call, outcome, { result, attachments }, writes), handlerMs };
  // A caller that has given up gets no result without its writes.
  if (result.writes !== undefined && call.cancelled !== undefined)
    return { kind: 'result', outcome: new ActorError('cancelled', call.cancelled), known: 'unknown', handlerMs };
  return { kind: 'result', outcome, known: 'ended', writes: result.writes, handlerMs };
}
