/**
 * Calls of the host to workers, one step each time something happens to one: asked of a pool, granted, brought up to
 * date, sent, answered or lost. What was done stands in the call itself, so each step can be repeated after a crash.
 */
import {
  type ActorContext,
  ActorDownError,
  ActorError,
  type ActorRef,
  CallTimeoutError,
  exitReason,
  isActorError,
  PoolError,
  WorkerLostError,
} from '../../actors/core/index.ts';
import type { Changes } from '../../actors/state/index.ts';
import {
  type Granted,
  type PoolCast,
  type PoolCasts,
  type Refused,
  tellPool,
  type Verdict,
} from '../../actors/worker/index.ts';
import { type Happening, openExchange } from '../transport/index.ts';
import type { BridgeEvent } from './bridge-events.ts';
import { callMessage, lossOf, mayRepeat, notTaken, outcomeOf } from './call-outcome.ts';
import type { CallContext, CallOutcome, CallTable, OpenCall } from './call-table.ts';
import { decodeValue } from './codec.ts';
import { decodeWorkerMessage, hostMessage } from './messages.ts';
import type { SessionSync } from './session-sync.ts';
import { step } from './step.ts';
import type { ToolRegistry } from './tool-registry.ts';

export interface HostCallsOptions {
  readonly ctx: ActorContext<never>;
  readonly table: CallTable;
  readonly links: ActorRef;
  /** The pools by name, first the one that is taken when nothing else decides. */
  readonly pools: ReadonlyMap<string, ActorRef>;
  readonly registry: ToolRegistry;
  readonly sync: SessionSync;
  /** How long a worker may take to end a call that was given up or is late, before it is replaced. */
  readonly graceMs: number;
}

/** What comes back when a session was asked for. */
export interface Synced {
  readonly type: 'call.synced';
  readonly lease: string;
  readonly stream: string;
  readonly result: Changes | Error;
}

export interface CancelLate {
  readonly type: 'call.cancel_late';
  readonly lease: string;
}

type Message = Extract<Happening, { type: 'exchange.message' }>;
type Lost = Extract<Happening, { type: 'exchange.lost' }>;

export class HostCalls {
  readonly #options: HostCallsOptions;

  constructor(options: HostCallsOptions) {
    this.#options = options;
  }

  /** After a restart: every call goes on from where it stands. Pools and links tell again what they told the last one. */
  resume(): void {
    const { ctx, pools, sync } = this.#options;
    for (const pool of pools.keys()) this.#toPool(pool, 'resume', { consumer: ctx.ref(ctx.path) });
    for (const call of [...this.#options.table.values()]) {
      if (call.cancelled !== undefined) this.cancel(call.id);
      else if (call.stage === 'new') this.execute(call.id);
      else if (call.stage === 'open') {
        this.credit(call.id);
        // What is committed while it runs must go on reaching it.
        if (call.plan.sessionId !== '') sync.attach(call.stream, call.plan.sessionId);
      }
    }
  }

  execute(id: string): void {
    const call = this.#options.table.get(id);
    if (call?.stage !== 'new') return;
    const { pools, registry } = this.#options;
    const pool = call.plan.pool ?? registry.poolOf(call.plan.tool, [...pools.keys()]) ?? [...pools.keys()][0];
    if (pool === undefined || !pools.has(pool)) {
      const known = [...pools.keys()].join(', ') || 'none';
      this.#end(
        call,
        new PoolError('unknown_pool', `${call.plan.tool}: there is no pool '${pool ?? ''}'; pools are ${known}`),
      );
      return;
    }
    this.#checkout(call, pool);
  }

  #checkout(call: OpenCall, pool: string): void {
    const { ctx } = this.#options;
    const { affinityKey, affinityMode, sessionId, tool } = call.plan;
    step(ctx, 'checkout', call.id);
    this.#toPool(pool, 'checkout', {
      request: call,
      lease: call.lease,
      timeoutMs: this.#leftMs(call),
      consumer: ctx.ref(ctx.path),
      attempt: call.attempt,
      // Sessions take turns when workers are short; what breaks workers is a tool.
      fairKey: sessionId,
      breakerKey: tool,
      ...(affinityKey === undefined ? {} : { affinityKey }),
      ...(affinityMode === undefined ? {} : { affinityMode }),
    });
    call.pool = pool;
    call.stage = 'queued';
  }

  granted({ lease, request, stream, worker }: Granted): void {
    const { ctx, sync } = this.#options;
    const call = request as OpenCall;
    step(ctx, 'granted', call.id);
    if (call.lease !== lease || call.stage === 'done') {
      this.#checkin(call.pool, lease);
      return;
    }
    if (call.stage === 'open') {
      // The last bridge had sent it, and not said so.
      this.#started(call);
      return;
    }
    if (call.stage !== 'queued' && call.stage !== 'granted') return;
    call.stage = 'granted';
    call.stream = stream;
    call.worker = String(worker);
    if (call.plan.sessionId === '') {
      this.#send(call, 0);
      return;
    }
    const tell = (result: Changes | Error) =>
      ctx.send(ctx.self, { type: 'call.synced', lease, stream, result } satisfies Synced);
    sync.lacking(stream, call.plan.sessionId).then(tell, tell);
  }

  /** The session's news for the worker are there: they go out, and the call behind them. */
  synced({ lease, stream, result }: Synced): void {
    const call = this.#byLease(lease);
    if (call?.stage !== 'granted' || call.stream !== stream) return;
    step(this.#options.ctx, 'synced', call.id);
    if (result instanceof Error) {
      this.#checkin(call.pool, lease);
      this.#end(call, result);
      return;
    }
    let revision: number;
    try {
      revision = this.#options.sync.bring(stream, call.plan.sessionId, result);
    } catch (error) {
      // Something of the session cannot cross.
      if (!isActorError(error)) throw error;
      this.#checkin(call.pool, lease);
      this.#end(call, error);
      return;
    }
    this.#send(call, revision);
  }

  #send(call: OpenCall, revision: number): void {
    const { ctx, links, graceMs } = this.#options;
    const { plan, lease } = call;
    const leftMs = this.#leftMs(call);
    const payload = callMessage(call, revision, leftMs);
    step(ctx, 'open', call.id);
    const context: CallContext = { call, lease };
    const { attachments } = plan;
    const timeoutMs = leftMs + graceMs;
    openExchange(ctx, links, { stream: call.stream, payload, attachments, context, key: lease, timeoutMs });
    call.stage = 'open';
    this.#started(call);
    this.#topUp(call);
    const { id: callId, worker, attempt } = call;
    const { tool, sessionId } = plan;
    const event: BridgeEvent = { type: 'tool.dispatched', tool, callId, sessionId, worker, attempt };
    ctx.emit(event);
  }

  #started(call: OpenCall): void {
    step(this.#options.ctx, 'started', call.id);
    this.#toPool(call.pool, 'started', { lease: call.lease });
  }

  refused({ lease, request, error }: Refused): void {
    const call = request as OpenCall;
    step(this.#options.ctx, 'refused', call.id);
    if (call.lease === lease && call.stage === 'queued') this.#end(call, error);
    // Told again until it is checked in.
    this.#checkin(call.pool, lease);
  }

  /** A reader has taken items: the worker may send as many more. */
  credit(id: string): void {
    const call = this.#options.table.get(id);
    if (call?.stage === 'open') this.#topUp(call);
  }

  #topUp(call: OpenCall): void {
    if (!call.plan.stream) return;
    const items = call.plan.window + call.sink.consumed - call.credited;
    if (items <= 0) return;
    step(this.#options.ctx, 'credit', call.id);
    this.#write(call, hostMessage('credit', { $typeName: 'ophion.v1.Credit', items }));
    call.credited += items;
  }

  /** A message of the worker on one of our exchanges. */
  message({ call, lease }: CallContext, happening: Message, delivery: number): void {
    if (call.lease !== lease || call.stage !== 'open') return;
    step(this.#options.ctx, 'message', call.id);
    try {
      const body = decodeWorkerMessage(happening.payload);
      if (body.case === 'item') {
        this.#item(
          call,
          decodeValue(
            body.value.value ?? { $typeName: 'ophion.v1.Value', kind: { case: undefined } },
            happening.attachments,
          ),
          delivery,
        );
        return;
      }
      if (body.case === 'result') {
        const outcome = outcomeOf(call, body.value, happening.attachments ?? []);
        if (outcome instanceof Error && notTaken.has(outcome.code)) this.#notTaken(call, outcome);
        else this.#over(call, outcome, !happening.end);
        return;
      }
    } catch (error) {
      if (!isActorError(error)) throw error;
      this.#over(call, error, true);
      return;
    }
    // An unknown kind of message is ignored, unless nothing else will come.
    if (happening.end)
      this.#over(call, new ActorError('protocol', `${call.worker}: ended the call without a result`), true);
  }

  #item(call: OpenCall, value: Parameters<OpenCall['sink']['item']>[0], delivery: number): void {
    // Told twice when the bridge crashed in between.
    if (delivery <= call.seen) return;
    const taken = call.sink.item(value);
    call.seen = delivery;
    call.items += 1;
    if (taken || call.cancelled !== undefined) return;
    if (call.items > call.credited) {
      this.#over(call, new ActorError('protocol', `${call.worker}: sent more items than it was asked for`), true);
    }
  }

  /** The worker has not taken the call: it is about to leave, or has too many. Another may. */
  #notTaken(call: OpenCall, error: ActorError): void {
    this.#checkin(call.pool, call.lease, false, 'none');
    if (mayRepeat(call, 'not_started', this.#leftMs(call))) this.#repeat(call, 'not_started');
    else this.#end(call, error);
  }

  /** The exchange of a call is lost: again, when that may be, or an outcome that says what is known. */
  lost({ call, lease }: CallContext, happening: Lost): void {
    if (call.lease !== lease || call.stage !== 'open') return;
    const { ctx } = this.#options;
    step(ctx, 'lost', call.id);
    const { reason, outcome, lastOutput } = happening;
    const late = outcome === 'unknown' && reason.kind === 'error' && reason.error instanceof CallTimeoutError;
    // Told to end and did not: the pool replaces it.
    this.#checkin(call.pool, lease, late, outcome === 'unknown' ? 'failure' : 'none');
    const error = lossOf(call, reason, outcome, lastOutput);
    if (error instanceof WorkerLostError && mayRepeat(call, outcome, this.#leftMs(call))) this.#repeat(call, outcome);
    else this.#end(call, error);
  }

  #repeat(call: OpenCall, outcome: 'not_started' | 'unknown'): void {
    const { worker, attempt, id: callId } = call;
    call.again();
    const event: BridgeEvent = { type: 'tool.repeated', tool: call.plan.tool, callId, worker, attempt, outcome };
    this.#options.ctx.emit(event);
    this.execute(callId);
  }

  /** The caller has given up, and has its outcome; the worker is told. */
  cancel(id: string): void {
    const { ctx, table, graceMs } = this.#options;
    const call = table.get(id);
    if (call === undefined) return;
    step(ctx, 'cancel', id);
    if (call.stage !== 'open') {
      if (call.stage !== 'new') this.#toPool(call.pool, 'cancel', { lease: call.lease });
      this.#end(call, new ActorError('cancelled', call.cancelled ?? ''));
      return;
    }
    // A large call that is not on its way yet never will be.
    this.#write(call, hostMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: call.cancelled ?? '' }), true);
    ctx.setTimer(graceMs, { type: 'call.cancel_late', lease: call.lease } satisfies CancelLate);
  }

  /** A worker that was told to end a call did not: it is replaced. */
  cancelLate({ lease }: CancelLate): void {
    const call = this.#byLease(lease);
    if (call?.stage !== 'open') return;
    step(this.#options.ctx, 'cancel_late', call.id);
    this.#checkin(call.pool, lease, true);
    this.#end(call, new ActorError('cancelled', call.cancelled ?? ''));
  }

  /** A session has ended: what its calls left in a worker is not needed any more. */
  sessionOver(sessionId: string): void {
    for (const pool of this.#options.pools.keys()) this.#toPool(pool, 'release', { affinityKey: sessionId });
  }

  /** The system stops: nobody will answer any more. */
  stop(): void {
    const error = new ActorDownError(this.#options.ctx.path, exitReason.shutdown());
    for (const call of [...this.#options.table.values()]) this.#end(call, error);
  }

  /** The worker has said its last word, or is not listened to any more (`stray`: it may go on). */
  #over(call: OpenCall, outcome: CallOutcome | Error, stray: boolean): void {
    call.sink.settle(outcome);
    step(this.#options.ctx, 'settled', call.id);
    if (stray) this.#write(call, hostMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'a bad answer' }));
    this.#checkin(call.pool, call.lease, false, call.cancelled === undefined ? 'success' : 'none');
    this.#end(call, outcome);
  }

  #end(call: OpenCall, outcome: CallOutcome | Error): void {
    call.sink.settle(outcome);
    step(this.#options.ctx, 'end', call.id);
    call.stage = 'done';
    this.#options.table.delete(call.id);
  }

  /** What a tool itself raises says nothing about its workers. */
  #checkin(pool: string, lease: string, failed = false, verdict: Verdict = failed ? 'failure' : 'none'): void {
    this.#toPool(pool, 'checkin', { lease, failed, verdict });
  }

  #toPool<N extends PoolCast>(pool: string, name: N, arg: PoolCasts[N]): void {
    const { ctx, pools } = this.#options;
    const manager = pools.get(pool);
    if (manager !== undefined) tellPool(ctx, manager, name, arg);
  }

  #write(call: OpenCall, payload: Uint8Array, withdraw = false): void {
    this.#options.ctx.cast(this.#options.links, 'write', { key: call.lease, payload, withdraw });
  }

  #byLease(lease: string): OpenCall | undefined {
    const call = this.#options.table.get(lease.slice(0, lease.lastIndexOf('/')));
    return call?.lease === lease ? call : undefined;
  }

  /** What is left of the caller's deadline. */
  #leftMs(call: OpenCall): number {
    return Math.max(1, call.plan.deadlineMs - this.#options.ctx.runtime.clock.monotonicMs());
  }
}
