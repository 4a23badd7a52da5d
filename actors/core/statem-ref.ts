/** A ref to a state machine, typed from its protocol. */
import { type CallOptions, call } from './call.ts';
import { ActorRef } from './ref.ts';
import type { StatemLogic } from './statem.ts';

type Calls<L> =
  L extends StatemLogic<infer _S, infer _D, infer P, infer _I>
    ? P extends { readonly call: infer C }
      ? C
      : Record<string, (arg?: unknown) => unknown>
    : never;
type Casts<L> =
  L extends StatemLogic<infer _S, infer _D, infer P, infer _I>
    ? P extends { readonly cast: infer K }
      ? K
      : Record<string, (arg?: unknown) => void>
    : never;
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type CallArguments<F> = Arguments<F> extends readonly [] ? [arg?: undefined] : Arguments<F>;
type Answer<F> = F extends (...args: never[]) => infer R ? R : never;

export class StatemRef<L> extends ActorRef {
  declare readonly logic: L;

  /**
   * Calls the machine and resolves to its reply. Options come behind the argument: `call('state', undefined, options)`
   * when there is none. Rejects as a server's call does; one that is never answered with CallTimeoutError.
   */
  call<N extends keyof Calls<L> & string>(
    name: N,
    ...args: [...CallArguments<Calls<L>[N]>, options?: CallOptions]
  ): Promise<Answer<Calls<L>[N]>> {
    const [arg, options] = args as readonly unknown[];
    return call(this, name, arg, options as CallOptions | undefined) as never;
  }

  /** Casts to the machine: no answer, no failure. To nobody it is a dead letter. */
  cast<N extends keyof Casts<L> & string>(name: N, ...args: Arguments<Casts<L>[N]>): void {
    const [arg] = args as readonly unknown[];
    const { process } = this;
    if (!process?.accept({ kind: 'cast', name, arg })) this.system.deadLetter(this.path, { cast: name, arg });
  }
}
