/**
 * A server that is a created xstate actor: each letter is an event, each state a snapshot's context. While nobody looks,
 * a letter goes to its handler without an event and a snapshot being made of it; who asks for one gets it.
 */
import type { InitResult } from './behavior.ts';
import type { Letter } from './letter.ts';
import { Server } from './server-behavior.ts';
import { type Host, Hosted, type XstateEvent, type XstateSnapshot } from './xstate-adapter.ts';

interface LetterEvent extends XstateEvent {
  readonly letter: Letter;
  readonly to: HostedServer;
}

/** One for all: what it works on comes as its input and with each event. */
const logic = {
  getInitialSnapshot: (_scope: unknown, host: HostedServer) => host.snapshot(),
  getPersistedSnapshot: (current: unknown) => current,
  transition: (current: unknown, event: LetterEvent | { readonly letter?: undefined }) =>
    event.letter === undefined ? current : event.to.step(event.letter),
} as never;

export class HostedServer extends Server implements Host {
  /** Its events are its letters, which wait by themselves. */
  readonly suspended = false;
  delivering: XstateEvent | undefined = undefined;
  #hosted: Hosted | undefined;
  #failure: { readonly error: unknown } | undefined;

  protected override get mayWait(): boolean {
    return false;
  }

  override init(): InitResult | Promise<InitResult> {
    const result = super.init();
    if (result instanceof Promise)
      throw new TypeError(`${this.context.self}: a server hosted by xstate must not wait in init`);
    if (result === 'ignore') return result;
    const { xstate } = this.context.system;
    this.#hosted = Hosted.of(logic, this, xstate.actor, this.context.path, this);
    this.#hosted.start();
    return result;
  }

  /** One letter, as a transition of xstate. */
  step(letter: Letter): XstateSnapshot {
    try {
      this.#handle(letter);
    } catch (error) {
      this.#failure = { error };
    }
    return this.snapshot();
  }

  #handle(letter: Letter): void {
    const pending = super.receive(letter);
    if (pending instanceof Promise)
      throw new TypeError(`${this.context.self}: a server hosted by xstate must not wait`);
  }

  snapshot(): XstateSnapshot {
    const { stopping } = this.process;
    const failure = this.#failure ?? (stopping?.kind === 'error' ? stopping : undefined);
    const status = failure === undefined ? 'active' : 'error';
    return { status, context: this.state, output: undefined, error: failure?.error } as never;
  }

  // As a host

  enqueue(event: XstateEvent): void {
    this.process.accept({ kind: 'info', message: event });
  }

  moves(): void {}

  override receive(letter: Letter): void {
    if (this.#hosted?.watched !== true) {
      this.#handle(letter);
      return;
    }
    this.#hosted.deliver({ type: eventType(letter), letter, to: this } as XstateEvent);
    // Crashing is the process's business, not xstate's.
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  override dispose(): void {
    this.#hosted?.end();
    super.dispose();
  }
}

function eventType(letter: Letter): string {
  return letter.kind === 'call' || letter.kind === 'cast' ? `${letter.kind}.${letter.name}` : letter.kind;
}
