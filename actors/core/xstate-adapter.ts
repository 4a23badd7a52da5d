/**
 * The only file that imports xstate. It hosts an xstate logic inside one of our processes: the process's mailbox
 * and exit signals stand in front of it, xstate does what it is good at, the transition. One root actor per
 * system, custom logic that never throws, is the parent of all of them, so that an inspector sees one system.
 */
import {
  Actor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyActorScope,
  createActor,
  type InspectionEvent,
  type Snapshot,
} from 'xstate';
import type { Clock, LogSink, Runtime, TimerHandle } from './runtime.ts';

// For our own machines, which import no xstate themselves.
export { assign, enqueueActions, fromCallback, fromPromise, setup } from 'xstate';

export type XstateLogic = AnyActorLogic;
export type XstateSnapshot = Snapshot<unknown> & { readonly context?: unknown; readonly value?: unknown };
export interface XstateEvent {
  readonly type: string;
}

/** Who has an xstate actor in one of our processes. */
export interface Host {
  /** The event that the process delivers now; kept by its Hosted. */
  delivering: XstateEvent | undefined;
  /** An event that somebody else sends to the actor, not through its process: it goes to the mailbox. */
  enqueue(event: XstateEvent): void;
  /** Whether it is suspended: what xstate itself tells the actor then waits in the mailbox, too (otp S-188). */
  readonly suspended: boolean;
  /** The actor is about to move by itself: a promise has settled, a delay has passed, a child has ended. */
  moves(): void;
  /** What the actor is now, where that is kept here and not by xstate. */
  snapshot?(): XstateSnapshot;
}

const rootLogic: XstateLogic = {
  transition: (snapshot: Snapshot<unknown>) => snapshot,
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  getPersistedSnapshot: (snapshot: Snapshot<unknown>) => snapshot,
} as never;

/** What xstate keeps to itself of an actor. */
interface Internals extends Omit<AnyActorRef, 'getSnapshot'> {
  readonly observers: ReadonlySet<unknown>;
  getSnapshot(): Snapshot<unknown>;
  getPersistedSnapshot(): Snapshot<unknown>;
  start(): this;
  readonly options: { readonly host: Host };
  _send(event: XstateEvent): void;
  _stop(): void;
}

const inspectors = Symbol('inspectors');

/** A system that counts who inspects it, by whatever way they came. */
type WatchedSystem = AnyActorRef['system'] & { [inspectors]: number };

function counted(system: AnyActorRef['system']): void {
  const watched = system as WatchedSystem;
  const inspect = system.inspect.bind(system);
  watched[inspectors] = 0;
  watched.inspect = (observer) => {
    const subscription = inspect(observer as never);
    let attached = true;
    watched[inspectors] += 1;
    return {
      unsubscribe: () => {
        if (attached) watched[inspectors] -= 1;
        attached = false;
        subscription.unsubscribe();
      },
    };
  };
}

/** A machine in mid-flight. */
export interface SavedMachine {
  /** As xstate's getPersistedSnapshot answers it. */
  readonly snapshot: unknown;
  /** Delayed events to itself, with what is left of their time in milliseconds. */
  readonly delays: readonly { readonly id: string; readonly event: XstateEvent; readonly ms: number }[];
}

/** What xstate's system keeps of delayed events. */
interface Scheduling {
  readonly _snapshot: {
    readonly _scheduledEvents: Readonly<
      Record<
        string,
        {
          readonly id: string;
          readonly source: unknown;
          readonly target: unknown;
          readonly event: XstateEvent;
          readonly delay: number;
          /** Wall time, in milliseconds. */
          readonly startedAt: number;
        }
      >
    >;
  };
  readonly scheduler: { schedule(source: unknown, target: unknown, event: XstateEvent, ms: number, id: string): void };
}

const InternalActor = Actor as unknown as new (logic: XstateLogic, options: object) => Internals;

/**
 * An xstate actor in one of our processes. Only what the process delivers, and what xstate tells it, gets at it. It has
 * no fields of its own: they would not fit into what V8 reserves for an actor of xstate, and cost a tenth of its start.
 */
export class Hosted extends InternalActor {
  static of(
    logic: XstateLogic,
    host: Host,
    parent: AnyActorRef,
    id: string,
    input: unknown,
    snapshot?: unknown,
  ): Hosted {
    // With a parent, xstate does not throw what nobody observes.
    return new Hosted(logic, snapshot === undefined ? { id, input, parent, host } : { id, snapshot, parent, host });
  }

  /** What it is now, as `goOnWith` and the option `snapshot` take it. */
  save(nowMs: number): SavedMachine {
    const scheduled = Object.values((this.system as unknown as Scheduling)._snapshot._scheduledEvents);
    const own = scheduled.filter(({ source, target }) => source === this && target === this);
    const delays = own.map(({ id, event, delay, startedAt }) => {
      return { id, event, ms: Math.max(0, startedAt + delay - nowMs) };
    });
    return { snapshot: this.getPersistedSnapshot(), delays };
  }

  /** Waits for the delays that it had begun: xstate restores a snapshot without them. */
  goOnWith(delays: SavedMachine['delays']): void {
    for (const { id, event, ms } of delays) {
      (this.system as unknown as Scheduling).scheduler.schedule(this, this, event, ms, id);
    }
  }

  /** Runs one event to its end. */
  deliver(event: XstateEvent): void {
    const { host } = this.options;
    host.delivering = event;
    this.send(event);
    host.delivering = undefined;
  }

  /** Where every event arrives, whoever sends it. */
  override _send(event: XstateEvent): void {
    const { host } = this.options;
    if (event === host.delivering) {
      // Once: an action that sends its actor this very event again asks for another turn.
      host.delivering = undefined;
    } else {
      if (host.suspended || !event.type.startsWith('xstate.')) {
        host.enqueue(event);
        return;
      }
      host.moves();
    }
    super._send(event);
  }

  get snapshot(): XstateSnapshot {
    return this.getSnapshot() as XstateSnapshot;
  }

  /** What it is when it is asked, also when xstate was not told of the last letters. */
  override getSnapshot() {
    return this.options.host.snapshot?.() ?? super.getSnapshot();
  }

  /** Whether somebody looks at what it does: an inspector of the system, or an observer of its own. */
  get watched(): boolean {
    return this.observers.size > 0 || (this.system as WatchedSystem)[inspectors] > 0;
  }

  /** Ends it, and its children: xstate does not stop those of an actor whose own action threw. */
  end(): void {
    const { children } = this.snapshot as { readonly children?: Readonly<Record<string, Internals>> };
    for (const id in children) children[id]?._stop?.();
    this._stop();
  }
}

export class XstateRoot {
  readonly #clock: Clock;
  readonly #log: LogSink;
  #root: AnyActorRef | undefined;

  constructor({ clock, log }: Pick<Runtime, 'clock' | 'log'>) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Made when the first xstate actor is: a system of plain servers needs none. */
  get actor(): AnyActorRef {
    this.#root ??= this.#started();
    return this.#root;
  }

  #started(): AnyActorRef {
    const root = createActor(rootLogic, {
      id: 'ophion',
      // xstate's delayed events run on our clock.
      clock: {
        setTimeout: (fn: () => void, ms: number) => this.#clock.setTimer(ms, fn),
        clearTimeout: (timer: { cancel(): void } | undefined) => timer?.cancel(),
      } as never,
    });
    counted(root.system);
    return root.start() as AnyActorRef;
  }

  /**
   * Attaches an inspector; returns what detaches it. Costs nothing before and after. One that throws is logged and
   * detached: xstate would let its error end the actor that it looked at.
   */
  inspect(observer: (event: InspectionEvent) => void): () => void {
    const next = (event: InspectionEvent) => {
      try {
        observer(event);
      } catch (error) {
        subscription.unsubscribe();
        this.#log('error', `an inspector threw and was detached: ${String(error)}`);
      }
    };
    const subscription = this.actor.system.inspect({ next });
    return () => subscription.unsubscribe();
  }
}

// For logic of our own that any xstate host runs
export type { ActorLogic, AnyActorScope, Snapshot } from 'xstate';

/** Sends an event to an actor itself after some time, by the clock of its own xstate system. Gone when it stops. */
export function sendLater(scope: AnyActorScope, id: string, ms: number, event: XstateEvent): TimerHandle {
  const { scheduler } = scope.system;
  scheduler.schedule(scope.self, scope.self, event, ms, id);
  return { cancel: () => scheduler.cancel(scope.self, id) };
}
