/**
 * The bridge actor: routes tool calls and variable updates between callers, pools, worker streams and sessions. It
 * holds nothing that could be lost: open calls and requests of workers lie in tables, deliveries are kept by `links`
 * until they are acknowledged, leases by the pools. So it may crash between any two steps, and the next one goes on.
 */
import {
  type ActorContext,
  isNormal,
  type ResponseMessage,
  reply,
  type ServerRef,
  server,
  serverRef,
} from '../../actors/core/index.ts';
import {
  bridgedState,
  type Changes,
  placedState,
  type StateBackend,
  type StateHost,
  sessionTools,
} from '../../actors/state/index.ts';
import { type Granted, poolManagerRef, type Refused } from '../../actors/worker/index.ts';
import { type Delivery, links } from '../transport/index.ts';
import type { BridgeEvent } from './bridge-events.ts';
import { type CallContext, callTable, table } from './call-table.ts';
import { type CancelLate, HostCalls, type Synced } from './host-calls.ts';
import { Inward } from './inward.ts';
import { decodeCatalog, decodeWorkerMessage } from './messages.ts';
import { defaultOutcomeLimits, type OutcomeLimits, outcomesOf } from './outcomes.ts';
import { paths } from './paths.ts';
import { type Committed, ResultCommits } from './result-commits.ts';
import { SessionSync } from './session-sync.ts';
import { SessionsInUse } from './sessions-in-use.ts';
import { bridgeSettings, defaultMaxOpenCalls } from './settings.ts';
import { step } from './step.ts';
import { ToolRegistry } from './tool-registry.ts';
import { defaultTasksPerSession, turnsOf } from './turns.ts';
import { WorkerCall } from './worker-calls.ts';

export interface BridgeInput {
  /** The path of the ophion tree that it belongs to. */
  readonly root: string;
  /** Names of the pools; the first one takes calls of tools that no pool is known to offer. */
  readonly pools: readonly string[];
  /** Where the sessions are that Python sees. Default `bridgedState()`. */
  readonly state?: StateBackend<StateHost>;
  /** How long a worker may take to end a call that was given up, before it is replaced. Default 5,000 ms. */
  readonly graceMs?: number;
  /** How many calls of tools may be open at a time; one more is `mailbox_full`, with nothing sent. Default 100,000. */
  readonly maxOpenCalls?: number;
  /** How many calls of TypeScript tools one session may have under way from Python; more of them wait. Default 256. */
  readonly maxTasksPerSession?: number;
  /** How outcomes of calls with an idempotency key are kept. */
  readonly outcomes?: Partial<OutcomeLimits>;
}

type Internal =
  | Synced
  | Committed
  | CancelLate
  | ResponseMessage
  | { readonly type: 'session.changed'; readonly sessionId: string; readonly changes: Changes }
  | { readonly type: 'session.lacks'; readonly stream: string; readonly sessionId: string; readonly changes: Changes }
  | { readonly type: 'session.over'; readonly sessionId: string; readonly epoch: number }
  | { readonly type: 'acknowledge' };

/** How far the deliveries were handled; outlives the bridge. */
interface Progress {
  handled: number;
  /** The delivery that is being handled, and how often that was begun. */
  trying: number;
  tries: number;
}

/** A delivery that crashes the bridge so often is dropped. */
const maxTries = 3;

class Bridge {
  readonly #ctx: ActorContext<BridgeInput>;
  readonly #links: ServerRef<typeof links>;
  readonly #progress: Progress;
  readonly registry: ToolRegistry;
  readonly #sync: SessionSync;
  readonly calls: HostCalls;
  readonly inward: Inward;
  #acknowledging = false;

  constructor(ctx: ActorContext<BridgeInput>) {
    const { root, pools, state = bridgedState(), graceMs = 5_000, maxOpenCalls, outcomes } = ctx.input;
    const { maxTasksPerSession = defaultTasksPerSession } = ctx.input;
    const plain = ctx as ActorContext<never>;
    this.#ctx = ctx;
    this.#links = serverRef(plain, paths.links(root), links);
    this.#progress = table(ctx.system, `${ctx.path}/progress`, () => ({ handled: 0, trying: 0, tries: 0 }));
    this.registry = table(ctx.system, `${ctx.path}/registry`, () => new ToolRegistry());
    const provider = placedState(state).connect({ system: ctx.system, root });
    outcomesOf(ctx.system, ctx.path).limits = { ...defaultOutcomeLimits, ...outcomes };
    bridgeSettings(ctx.system, ctx.path).maxOpenCalls = maxOpenCalls ?? defaultMaxOpenCalls;
    const tools = sessionTools({ system: ctx.system, root }, provider);
    const self = (message: Internal) => ctx.send(ctx.self, message);
    this.#sync = new SessionSync({
      provider,
      post: (stream, payload) => ctx.cast(this.#links, 'post', { stream, payload }),
      onChange: (sessionId, changes) => self({ type: 'session.changed', sessionId, changes }),
      onLack: (stream, sessionId, changes) => self({ type: 'session.lacks', stream, sessionId, changes }),
      onEnd: (sessionId, epoch) => self({ type: 'session.over', sessionId, epoch }),
    });
    this.calls = new HostCalls({
      ctx: plain,
      table: callTable(ctx.system, ctx.path),
      links: this.#links,
      pools: new Map(pools.map((pool) => [pool, poolManagerRef(plain, paths.poolManager(root, pool))])),
      registry: this.registry,
      sync: this.#sync,
      inUse: new SessionsInUse({
        provider,
        timers: ctx.system.deadlines,
        uses: table(ctx.system, `${ctx.path}/in-use`, () => new Map()),
      }),
      commits: new ResultCommits(plain, provider),
      graceMs,
    });
    const caller = { system: ctx.system, bridge: serverRef(plain, ctx.path, bridge) };
    const turns = turnsOf<WorkerCall>(ctx.system, ctx.path);
    turns.max = maxTasksPerSession;
    this.inward = new Inward({
      ctx: plain,
      links: this.#links,
      provider,
      tools,
      caller,
      turns,
      onTurn: () => caller.bridge.cast('turn'),
      tasks: paths.tasks(root),
    });
    // Watches of sessions end with this incarnation.
    ctx.signal.addEventListener('abort', () => this.#sync.close(), { once: true });
    this.#links.cast('subscribe', { consumer: ctx.ref(ctx.path) });
    this.calls.resume();
    this.inward.resume();
  }

  deliver(delivery: Delivery): void {
    const progress = this.#progress;
    // Said for every stream at each subscription, under a number that says nothing.
    if (delivery.type === 'stream.up') this.#streamUp(delivery);
    if (delivery.delivery <= progress.handled) return;
    progress.tries = progress.trying === delivery.delivery ? progress.tries + 1 : 1;
    progress.trying = delivery.delivery;
    step(this.#ctx as ActorContext<never>, `deliver.${delivery.type}`, String(delivery.delivery));
    if (progress.tries > maxTries)
      this.#drop(delivery.stream, new Error(`delivery ${delivery.delivery} crashed the bridge ${maxTries} times`));
    else this.#handle(delivery);
    progress.handled = delivery.delivery;
    step(this.#ctx as ActorContext<never>, 'handled', String(delivery.delivery));
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    // Behind what is in the mailbox already: one acknowledgement for all of it.
    this.#ctx.send(this.#ctx.self, { type: 'acknowledge' } satisfies Internal);
  }

  acknowledge(): void {
    this.#acknowledging = false;
    this.#links.cast('acknowledge', { delivery: this.#progress.handled });
  }

  #handle(delivery: Delivery): void {
    switch (delivery.type) {
      case 'stream.up':
        return;
      case 'stream.down':
        this.registry.down(delivery.stream);
        this.#sync.down(delivery.stream);
        this.inward.streamDown(delivery.stream, delivery.reason);
        return;
      case 'exchange.message':
        if (isCallContext(delivery.context)) this.calls.answers.message(delivery.context, delivery, delivery.delivery);
        else this.inward.message(delivery);
        return;
      case 'exchange.lost':
        if (isCallContext(delivery.context)) this.calls.answers.lost(delivery.context, delivery);
        else if (delivery.context instanceof WorkerCall) this.inward.lost(delivery.context, delivery.reason);
        return;
      case 'write.refused':
        if (delivery.context instanceof WorkerCall) this.inward.refused(delivery.context, delivery.reason);
        else this.#drop(delivery.stream, new Error('a message was above the limits and was not sent'));
        return;
      case 'message':
        this.#oneWay(delivery.stream, delivery.payload);
        return;
      default: {
        const never: never = delivery;
        throw new TypeError(String(never));
      }
    }
  }

  #streamUp({ stream, pool, catalog }: Extract<Delivery, { type: 'stream.up' }>): void {
    try {
      this.registry.up(stream, pool, decodeCatalog(catalog));
    } catch (error) {
      this.#drop(stream, error as Error);
    }
  }

  #oneWay(stream: string, payload: Uint8Array): void {
    try {
      const body = decodeWorkerMessage(payload);
      if (body.case === 'catalog') this.registry.add(stream, body.value.tools);
      if (body.case !== 'log') return;
      const { level, logger, message, sessionId, callId, traceparent } = body.value;
      const event: BridgeEvent = { type: 'worker.log', stream, level, logger, message, sessionId, callId, traceparent };
      if (this.#ctx.system.events.heard(event.type)) this.#ctx.emit(event);
      else if (level !== 'debug' && level !== 'info')
        this.#ctx.runtime.log('warning', `${stream}: ${logger}: ${message}`);
    } catch (error) {
      this.#drop(stream, error as Error);
    }
  }

  #drop(stream: string, error: Error): void {
    const event: BridgeEvent = { type: 'bridge.dropped', stream, error };
    if (this.#ctx.system.events.heard(event.type)) this.#ctx.emit(event);
    else this.#ctx.runtime.log('error', `${this.#ctx.path}: dropped a message of ${stream}: ${error.message}`);
  }

  info(message: Internal): void {
    switch (message.type) {
      case 'call.synced':
        this.calls.synced(message);
        return;
      case 'call.committed':
        this.calls.answers.committed(message);
        return;
      case 'call.cancel_late':
        this.calls.cancelLate(message);
        return;
      case 'session.changed':
        this.#sync.changed(message.sessionId, message.changes);
        return;
      case 'session.lacks':
        if (this.registry.has(message.stream)) this.#sync.catchUp(message.stream, message.sessionId, message.changes);
        return;
      case 'session.over':
        this.#sync.forget(message.sessionId, message.epoch);
        this.calls.sessionOver(message.sessionId);
        return;
      case 'acknowledge':
        this.acknowledge();
        return;
      case 'response':
        this.inward.started(message);
        return;
      default: {
        const never: never = message;
        throw new TypeError(`the bridge does not know this message: ${String(never)}`);
      }
    }
  }
}

function isCallContext(context: object | undefined): context is CallContext {
  return context !== undefined && 'lease' in context;
}

/** A handler that changes the bridge in place: it is made anew with each incarnation. */
const then =
  <A>(act: (bridge: Bridge, arg: A) => void) =>
  (bridge: Bridge, arg: A): Bridge => {
    act(bridge, arg);
    return bridge;
  };

/** The logic of the bridge; `BridgeInput` is its input. */
export const bridge = server({
  host: 'xstate',
  trapExit: true,
  // Bounded by what feeds it: open calls, unacknowledged deliveries, leases.
  mailboxMax: Number.POSITIVE_INFINITY,
  init: (ctx: ActorContext<BridgeInput>) => new Bridge(ctx),
  cast: {
    /** From a caller: a call lies in the table. */
    execute: then((state, id: string) => state.calls.execute(id)),
    /** From a caller: it has given up. */
    cancel: then((state, id: string) => state.calls.cancel(id)),
    /** From a reader of a stream: it has taken items. */
    credit: then((state, id: string) => state.calls.answers.credit(id)),
    /** From the end of a worker's request: another one may go on. */
    turn: (state) => {
      state.inward.turn();
      return state;
    },
    /** From links. */
    deliver: then((state, delivery: Delivery) => state.deliver(delivery)),
    /** From pools. */
    granted: then((state, grant: Granted) => state.calls.granted(grant)),
    refused: then((state, refusal: Refused) => state.calls.refused(refusal)),
  },
  call: {
    /** The tools that workers offer, by pool. */
    tools: (state: Bridge) => reply(state.registry.all(), state),
    /** Whether a worker of this pool is up. */
    serves: (state: Bridge, pool: string) => reply(state.registry.serves(pool), state),
  },
  info: (state, message) => {
    state.info(message as Internal);
    return state;
  },
  terminate: (state, reason) => {
    // A crash loses nothing; an end in order is the end of all calls.
    if (isNormal(reason)) state.calls.stop();
  },
});
