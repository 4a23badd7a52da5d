/** A ref to a state machine, typed from its protocol. */
import { type CallOptions, call } from './call.ts';
import { ActorRef } from './ref.ts';

type Calls<P> = P extends { readonly call: infer C } ? C : Record<string, (arg?: unknown) => unknown>;
type Casts<P> = P extends { readonly cast: infer K } ? K : Record<string, (arg?: unknown) => void>;
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type CallArguments<F> = Arguments<F> extends readonly [] ? [arg?: undefined] : Arguments<F>;
type Answer<F> = F extends (...args: never[]) => infer R ? R : never;

/** `P`: the protocol, `types` in the definition. */
export class StatemRef<P = unknown> extends ActorRef {
  declare readonly protocol: P;

  /**
   * Calls the machine and resolves to its reply. Options come behind the argument: `call('state', undefined, options)`
   * when there is none. Rejects as a server's call does; one that is never answered with CallTimeoutError.
   */
  call<N extends keyof Calls<P> & string>(
    name: N,
    ...args: [...CallArguments<Calls<P>[N]>, options?: CallOptions]
  ): Promise<Answer<Calls<P>[N]>> {
    const [arg, options] = args as readonly unknown[];
    return call(this, name, arg, options as CallOptions | undefined) as never;
  }

  /** Casts to the machine: no answer, no failure. To nobody it is a dead letter. */
  cast<N extends keyof Casts<P> & string>(name: N, ...args: Arguments<Casts<P>[N]>): void {
    const [arg] = args as readonly unknown[];
    const { process } = this;
    if (!process?.accept({ kind: 'cast', name, arg, sender: this.system.current?.pid }))
      this.system.deadLetter(this.path, { cast: name, arg });
  }
}
