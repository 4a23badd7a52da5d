/**
 * The only file that imports xstate. It hosts an xstate logic inside one of our processes: the process's mailbox
 * and exit signals stand in front of it, xstate does what it is good at, the transition. One root actor per
 * system, custom logic that never throws, is the parent of all of them, so that an inspector sees one system.
 */
import { type AnyActorLogic, type AnyActorRef, createActor, type InspectionEvent, type Snapshot } from 'xstate';
import type { Clock } from './runtime.ts';

// For our own machines, which import no xstate themselves.
export { assign, fromCallback, fromPromise, setup } from 'xstate';

export type XstateLogic = AnyActorLogic;
export type XstateSnapshot = Snapshot<unknown> & { readonly context?: unknown; readonly value?: unknown };
export interface XstateEvent {
  readonly type: string;
}

export interface HostOptions {
  readonly id: string;
  readonly input: unknown;
  /** An event that xstate wants delivered to the hosted actor from outside its own step: it goes to the mailbox. */
  readonly enqueue: (event: XstateEvent) => void;
  /** Every new snapshot: also those that xstate makes by itself, such as a promise that settled. */
  readonly onSnapshot: (snapshot: XstateSnapshot) => void;
  readonly onError: (error: unknown) => void;
}

export interface Hosted {
  readonly actor: AnyActorRef;
  start(): void;
  /** Runs one event to its end. */
  deliver(event: XstateEvent): void;
  snapshot(): XstateSnapshot;
  stop(): void;
}

const rootLogic: XstateLogic = {
  transition: (snapshot: Snapshot<unknown>) => snapshot,
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  getPersistedSnapshot: (snapshot: Snapshot<unknown>) => snapshot,
} as never;

const nothing = () => {};

export class XstateRoot {
  readonly #clock: Clock;
  #root: AnyActorRef | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Made when the first xstate actor is: a system of plain servers needs none. */
  get actor(): AnyActorRef {
    this.#root ??= createActor(rootLogic, {
      id: 'ophion',
      // xstate's delayed events run on our clock.
      clock: {
        setTimeout: (fn: () => void, ms: number) => this.#clock.setTimer(ms, fn),
        clearTimeout: (timer: { cancel(): void } | undefined) => timer?.cancel(),
      } as never,
    }).start() as AnyActorRef;
    return this.#root;
  }

  /** Attaches an inspector; returns what detaches it. Costs nothing before and after. */
  inspect(observer: (event: InspectionEvent) => void): () => void {
    const subscription = this.actor.system.inspect({ next: observer });
    return () => subscription.unsubscribe();
  }

  host(logic: XstateLogic, options: HostOptions): Hosted {
    let delivering: XstateEvent | undefined;
    const guarded: XstateLogic = Object.create(logic, {
      transition: {
        value: (snapshot: never, event: XstateEvent, scope: never) => {
          // What the process delivers now, and what xstate tells itself, passes; anything else waits its turn.
          if (event === delivering || event.type.startsWith('xstate.')) return logic.transition(snapshot, event, scope);
          options.enqueue(event);
          return snapshot;
        },
      },
    });
    const actor = createActor(guarded, {
      id: options.id,
      input: options.input,
      parent: this.actor,
    } as never) as AnyActorRef & { start(): void; stop(): void };
    // With an error observer xstate does not rethrow; with `next` we see what it did by itself.
    actor.subscribe({ next: options.onSnapshot as never, error: options.onError, complete: nothing });
    return {
      actor,
      start: () => actor.start(),
      deliver(event) {
        delivering = event;
        try {
          actor.send(event);
        } finally {
          delivering = undefined;
        }
      },
      snapshot: () => actor.getSnapshot() as XstateSnapshot,
      stop() {
        // An actor whose own action threw leaves its children running (xstate does not stop them).
        const children = (actor.getSnapshot() as { children?: Record<string, AnyActorRef & { _stop?(): void }> })
          .children;
        for (const child of Object.values(children ?? {})) child._stop?.();
        (actor as unknown as { _stop(): void })._stop();
      },
    };
  }
}
