/**
 * A ref to a server, typed from its handlers: wrong names, arguments and replies do not compile.
 */

import { type CallOptions, call } from './call.ts';
import type { ActorContext } from './context.ts';
import type { Place } from './names.ts';
import { ActorRef } from './ref.ts';
import type { NoReply, Reply, Stop } from './results.ts';
import type { ServerLogic } from './server.ts';
import type { ActorSystem } from './system.ts';

type Tail<H> = H extends (state: never, ...rest: infer R) => unknown ? R : never;
// A handler may take (state), (state, arg) or (state, arg, ctx).
export type Argument<H> = Tail<H> extends readonly [infer A, ...unknown[]] ? [arg: A] : [];
export type Answer<H> = H extends (...args: never[]) => infer R
  ? Awaited<R> extends infer U
    ? U extends Reply<infer V, unknown>
      ? V
      : U extends NoReply<infer V, unknown>
        ? V
        : U extends Stop<unknown, infer V>
          ? V
          : never
    : never
  : never;

export type CallArguments<H> = [...Argument<H>, options?: CallOptions];
export type CastArguments<H> = Argument<H>;

type Parts<L> =
  L extends ServerLogic<infer S, infer I, infer C, infer K> ? { state: S; input: I; call: C; cast: K } : never;

export class ServerRef<L> extends ActorRef {
  readonly #logic: L;

  constructor(system: ActorSystem, place: Place, logic: L) {
    super(system, place);
    this.#logic = logic;
  }

  /** Internal: the logic that the ref was made for. */
  static logicOf(ref: ServerRef<unknown>): unknown {
    return ref.#logic;
  }

  /**
   * Calls the server and resolves to its reply. Rejects with ActorDownError when nobody is there or the server
   * ends, with CallTimeoutError after `timeoutMs` (default 5,000), and with whatever the server answered as an error.
   */
  call<N extends keyof Parts<L>['call'] & string>(
    name: N,
    ...args: CallArguments<Parts<L>['call'][N]>
  ): Promise<Answer<Parts<L>['call'][N]>> {
    const takesArgument = (this.#logic as ServerLogic<unknown, never, unknown, unknown>).takesArgument('call', name);
    const [first, second] = args as readonly unknown[];
    const options = (takesArgument ? second : first) as CallOptions | undefined;
    return call(this, name, takesArgument ? first : undefined, options) as never;
  }

  /** Casts to the server: no answer, no failure. To nobody it is a dead letter. */
  cast<N extends keyof Parts<L>['cast'] & string>(name: N, ...args: CastArguments<Parts<L>['cast'][N]>): void {
    const arg = (args as readonly unknown[])[0];
    const { process } = this;
    if (process === undefined || !process.accept({ kind: 'cast', name, arg, sender: this.system.current?.pid })) {
      this.system.deadLetter(this.path, { cast: name, arg });
    }
  }
}

/** Makes a typed ref from inside an actor. */
export function serverRef<L>(ctx: ActorContext<never>, place: Place, logic: L): ServerRef<L> {
  return new ServerRef(ctx.system, place, logic);
}
