/**
 * Calls of the host to workers, one step each time something happens to one: asked of a pool, granted, brought up to
 * date, sent, given up; what comes back is in host-answers.ts. What was done stands in the call itself, so each step
 * can be repeated after a crash.
 */
import {
  ActorDownError,
  ActorError,
  type ActorRef,
  CallTimeoutError,
  exitReason,
  isActorError,
  PoolError,
} from '../../actors/core/index.ts';
import type { Changes } from '../../actors/state/index.ts';
import type { Granted, Refused } from '../../actors/worker/index.ts';
import { openExchange } from '../transport/index.ts';
import { tellDispatched, tellGranted, tellQueued } from './call-events.ts';
import { callMessage } from './call-outcome.ts';
import { CallPort, type CallPortOptions } from './call-port.ts';
import type { CallContext, CallOutcome, OpenCall } from './call-table.ts';
import { HostAnswers } from './host-answers.ts';
import { hostMessage } from './messages.ts';
import type { ResultCommits } from './result-commits.ts';
import type { SessionSync } from './session-sync.ts';
import type { SessionsInUse } from './sessions-in-use.ts';
import type { ToolRegistry } from './tool-registry.ts';
import { beginAttempt } from './tracing.ts';

export interface HostCallsOptions extends CallPortOptions {
  readonly registry: ToolRegistry;
  readonly sync: SessionSync;
  readonly inUse: SessionsInUse;
  readonly commits: ResultCommits;
  /** How long a worker may take to end a call that was given up or is late, before it is replaced. */
  readonly graceMs: number;
}

/** What comes back when a session was asked for. */
export interface Synced {
  readonly type: 'call.synced';
  readonly lease: string;
  readonly stream: string;
  readonly result: Changes | Error;
  /** What a call of the same key has ended with before. */
  readonly known?: CallOutcome | ActorError | undefined;
}

export interface CancelLate {
  readonly type: 'call.cancel_late';
  readonly lease: string;
}

export class HostCalls {
  /** The way back. */
  readonly answers: HostAnswers;
  readonly #options: HostCallsOptions;
  readonly #port: CallPort;
  readonly #self: ActorRef;
  readonly #pools: readonly string[];

  constructor(options: HostCallsOptions) {
    const { ctx, pools } = options;
    this.#options = options;
    this.#self = ctx.ref(ctx.path);
    this.#pools = [...pools.keys()];
    this.#port = new CallPort(options);
    this.answers = new HostAnswers(this.#port, options.commits, (id) => this.execute(id));
  }

  /** After a restart: every call goes on from where it stands. Pools and links tell again what they told the last one. */
  resume(): void {
    const { sync } = this.#options;
    for (const pool of this.#pools) this.#port.toPool(pool, 'resume', { consumer: this.#self });
    for (const call of this.#port.table.values()) {
      if (call.stage === 'done') this.#port.table.delete(call.id);
      else if (call.cancelled !== undefined) this.cancel(call.id);
      else if (call.stage === 'new') this.execute(call.id);
      else if (call.stage === 'open') {
        this.answers.credit(call.id);
        // What is committed while it runs must go on reaching it.
        if (call.plan.sessionId !== '') {
          this.#hold(call);
          sync.attach(call.stream, call.plan.sessionId);
        }
      } else if (call.stage === 'committing') this.answers.committing(call);
    }
  }

  execute(id: string): void {
    const call = this.#port.table.get(id);
    if (call?.stage !== 'new') return;
    const { pools, registry } = this.#options;
    const pool = call.plan.pool ?? registry.poolOf(call.plan.tool, this.#pools) ?? this.#pools[0];
    if (pool === undefined || !pools.has(pool)) {
      const known = this.#pools.join(', ') || 'none';
      this.#port.end(
        call,
        new PoolError('unknown_pool', `${call.plan.tool}: there is no pool '${pool ?? ''}'; pools are ${known}`),
        'not_started',
      );
      return;
    }
    this.#checkout(call, pool);
  }

  #checkout(call: OpenCall, pool: string): void {
    const { table } = this.#options;
    const { affinityKey, affinityMode, sessionId, tool, within } = call.plan;
    this.#port.step('checkout', call.id);
    this.#port.toPool(pool, 'checkout', {
      request: call,
      lease: call.lease,
      timeoutMs: Math.max(1, this.#port.leftMs(call)),
      consumer: this.#self,
      attempt: call.attempt,
      // Sessions take turns when workers are short; what breaks workers is a tool.
      fairKey: sessionId,
      breakerKey: tool,
      within: within.length === 0 ? within : within.flatMap((id) => table.get(id)?.lease ?? []),
      affinityKey,
      affinityMode,
    });
    call.pool = pool;
    call.stage = 'queued';
    tellQueued(this.#port.ctx, call, pool);
  }

  granted({ lease, request, stream, worker }: Granted): void {
    const { ctx, sync, commits } = this.#options;
    const call = request as OpenCall;
    this.#port.step('granted', call.id);
    if (call.lease !== lease || call.stage === 'done') {
      this.#port.checkin(call.pool, lease);
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
    tellGranted(ctx, call);
    if (call.plan.sessionId === '') {
      this.#send(call, 0);
      return;
    }
    const shared = call.plan.fingerprint !== '';
    const now = shared ? undefined : this.#lackingNow(stream, call.plan.sessionId);
    if (now !== undefined) {
      this.synced({ type: 'call.synced', lease, stream, result: now });
      return;
    }
    const tell = (result: Changes | Error, known?: Synced['known']) =>
      ctx.send(ctx.self, { type: 'call.synced', lease, stream, result, known } satisfies Synced);
    const fail = (error: Error) => tell(error);
    const lacking = sync.lacking(stream, call.plan.sessionId);
    if (shared) Promise.all([lacking, commits.before(call)]).then(([result, known]) => tell(result, known), fail);
    else lacking.then((result) => tell(result), fail);
  }

  #lackingNow(stream: string, sessionId: string): Changes | Error | undefined {
    try {
      return this.#options.sync.lackingNow(stream, sessionId);
    } catch (error) {
      if (!isActorError(error)) throw error;
      return error;
    }
  }

  /** The session's news for the worker are there: they go out, and the call behind them. */
  synced({ lease, stream, result, known }: Synced): void {
    const call = this.#port.byLease(lease);
    if (call?.stage !== 'granted' || call.stream !== stream) return;
    this.#port.step('synced', call.id);
    if (result instanceof Error) {
      this.#port.checkin(call.pool, lease);
      this.#port.end(call, result, 'not_started');
      return;
    }
    if (known !== undefined) {
      this.#port.checkin(call.pool, lease);
      this.#port.end(call, known, 'ended');
      return;
    }
    let revision: number;
    try {
      revision = this.#options.sync.bring(stream, call.plan.sessionId, result);
    } catch (error) {
      // Something of the session cannot cross.
      if (!isActorError(error)) throw error;
      this.#port.checkin(call.pool, lease);
      this.#port.end(call, error, 'not_started');
      return;
    }
    this.#send(call, revision);
  }

  #send(call: OpenCall, revision: number): void {
    const { ctx, links, graceMs, registry } = this.#options;
    const { plan, lease } = call;
    // Its cancellation is under way, and says that nothing was started.
    if (call.cancelled !== undefined) return;
    const leftMs = this.#port.leftMs(call);
    if (leftMs <= 0) {
      this.#port.checkin(call.pool, lease);
      this.#port.end(call, new CallTimeoutError(plan.tool, plan.timeoutMs, { outcome: 'not_started' }), 'not_started');
      return;
    }
    call.traits = registry.traits(call.stream, plan.tool);
    const payload = callMessage(call, revision, leftMs, this.#contextOf(call));
    this.#port.step('open', call.id);
    const context: CallContext = { call, lease };
    const { attachments } = plan;
    const open = { stream: call.stream, payload, attachments, context, key: lease };
    // A caller gives up in its time, and so ends its call. Who shares a run may leave it to itself.
    openExchange(ctx, links, plan.fingerprint === '' ? open : { ...open, timeoutMs: leftMs + graceMs });
    call.stage = 'open';
    if (plan.sessionId !== '') this.#hold(call);
    this.#started(call);
    this.answers.topUp(call);
    tellDispatched(ctx, call);
  }

  #contextOf({ id, plan, worker, attempt }: OpenCall): string {
    const { tool, sessionId, stream, traceparent: parent } = plan;
    return beginAttempt(this.#port.ctx.system, { id, tool, sessionId, stream, worker, attempt, parent });
  }

  #hold(call: OpenCall): void {
    const { sync, inUse } = this.#options;
    const { sessionId } = call.plan;
    const release = sync.hold(call.stream, sessionId);
    const end = inUse.begin(sessionId);
    call.letGo = () => {
      release();
      end();
    };
  }

  #started(call: OpenCall): void {
    this.#port.step('started', call.id);
    this.#port.toPool(call.pool, 'started', { lease: call.lease });
  }

  refused({ lease, request, error }: Refused): void {
    const call = request as OpenCall;
    this.#port.step('refused', call.id);
    if (call.lease === lease && call.stage === 'queued') this.#port.end(call, error, 'not_started');
    // Told again until it is checked in.
    this.#port.checkin(call.pool, lease);
  }

  /** The caller has given up, and has its outcome; the worker is told. */
  cancel(id: string): void {
    const { ctx, table, graceMs } = this.#options;
    const call = table.get(id);
    if (call === undefined) return;
    this.#port.step('cancel', id);
    if (call.stage === 'committing') {
      // What is being committed cannot be taken back.
      this.answers.committing(call);
      return;
    }
    if (call.stage !== 'open') {
      if (call.stage !== 'new') this.#port.toPool(call.pool, 'cancel', { lease: call.lease });
      this.#port.end(call, new ActorError('cancelled', call.cancelled ?? ''), 'not_started');
      return;
    }
    // A large call that is not on its way yet never will be.
    this.#port.write(
      call,
      hostMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: call.cancelled ?? '' }),
      true,
    );
    ctx.setTimer(graceMs, { type: 'call.cancel_late', lease: call.lease } satisfies CancelLate);
  }

  /** A worker that was told to end a call did not: it is replaced. */
  cancelLate({ lease }: CancelLate): void {
    const call = this.#port.byLease(lease);
    if (call?.stage !== 'open') return;
    this.#port.step('cancel_late', call.id);
    this.#port.checkin(call.pool, lease, true);
    this.#port.end(call, new ActorError('cancelled', call.cancelled ?? ''), 'unknown');
  }

  /** A session has ended: what its calls left in a worker is not needed any more. */
  sessionOver(sessionId: string): void {
    for (const pool of this.#pools) this.#port.toPool(pool, 'release', { affinityKey: sessionId });
  }

  /** The system stops: nobody will answer any more. */
  stop(): void {
    const error = new ActorDownError(this.#port.ctx.path, exitReason.shutdown());
    for (const call of this.#port.table.values()) this.#port.end(call, error, call.knows);
  }
}
