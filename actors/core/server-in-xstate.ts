/**
 * What makes a server an xstate actor logic, which any xstate host runs: `createActor(counter)`, or `invoke` and
 * `spawnChild` in a machine, with no actor system of ours. A cast is the event `{ type: name, arg }`, a call one with a
 * function `reply`, everything else goes to `info`. See guest.ts for how it runs there.
 */
import type { ExitReason } from './exit-reason.ts';
import { Guest, type GuestEvent, type GuestSnapshot } from './guest.ts';
import type { PlainServer } from './server.ts';
import type { Answer, Argument } from './server-ref.ts';
import type { ActorLogic, AnyActorScope, Snapshot } from './xstate-adapter.ts';

type WithArgument<H> = Argument<H> extends [arg: infer A] ? { readonly arg: A } : { readonly arg?: undefined };

export type CastEvent<N, H> = { readonly type: N } & WithArgument<H>;
export type CallEvent<N, H> = {
  readonly type: N;
  /** Told the answer, when the state that goes with it can be seen. */
  readonly reply: (value: Answer<H>) => void;
  /** Told why there is none: the server has no such call, answered an error, or ended (ActorDownError). */
  readonly fail?: (error: Error) => void;
} & WithArgument<H>;

/** What a server is sent in xstate's world. At run time any other event goes to `info` as it is. */
export type ServerEvent<C, K> =
  | { [N in keyof C & string]: CallEvent<N, C[N]> }[keyof C & string]
  | { [N in keyof K & string]: CastEvent<N, K[N]> }[keyof K & string]
  /** Any message for `info`. */
  | { readonly type: 'message'; readonly message: unknown };

/** The output of a server that has stopped normally, or had nothing to run. */
export interface ServerOutput<S> {
  readonly exitReason: ExitReason;
  /** The last state; undefined when there was none. */
  readonly state: S | undefined;
}

/**
 * `context` is the server's state; undefined until an asynchronous `init` has returned, and when it failed. A normal
 * end is `done`; any other is `error`: what was thrown, a StartError, or an ActorDownError with the reason.
 */
export type ServerSnapshot<S, Input> = Snapshot<ServerOutput<S>> & {
  readonly context: S | undefined;
  readonly input: Input | undefined;
};

export type ServerInXstate<S, Input, C, K> = ActorLogic<ServerSnapshot<S, Input>, ServerEvent<C, K>, Input>;

/** The members that xstate asks for. They cost an actor in our own runtime nothing. */
export function inXstate<S, Input, C, K>(def: PlainServer): ServerInXstate<S, Input, C, K> {
  /** By scope, which is one for each actor: xstate's pure functions make a scope for each use. */
  let guests: WeakMap<AnyActorScope, Guest> | undefined;
  const guestOf = (scope: AnyActorScope, input: unknown): Guest => {
    const guest = new Guest(def, scope, input);
    guests ??= new WeakMap();
    guests.set(scope, guest);
    return guest;
  };
  const logic = {
    getInitialSnapshot: (scope: AnyActorScope, input: unknown) => guestOf(scope, input).begin(),
    restoreSnapshot: (snapshot: GuestSnapshot, scope: AnyActorScope) => {
      guestOf(scope, snapshot.input).resume(snapshot);
      return snapshot;
    },
    start: (_snapshot: GuestSnapshot, scope: AnyActorScope) => guests?.get(scope)?.start(),
    // What waits, and what a handler is still doing, is not in it.
    getPersistedSnapshot: (snapshot: GuestSnapshot) => snapshot,
    transition: (snapshot: GuestSnapshot, event: GuestEvent, scope: AnyActorScope) =>
      (guests?.get(scope) ?? guestOf(scope, snapshot.input).resume(snapshot)).handle(snapshot, event),
  };
  return logic as unknown as ServerInXstate<S, Input, C, K>;
}
