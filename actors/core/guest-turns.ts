/**
 * The turns of a guest in somebody else's xstate system. Whatever changes its state is done in a turn: an event that it
 * sends to itself, through xstate's mailbox or after some time by xstate's clock, so that xstate sees every snapshot.
 */
import type { TimerHandle } from './runtime.ts';
import { type AnyActorScope, sendLater } from './xstate-adapter.ts';

/** Something that is done in the actor's own turn. */
export class Turn {
  readonly type = 'ophion.turn';
  readonly work: () => void;

  constructor(work: () => void) {
    this.work = work;
  }
}

export class GuestTurns {
  readonly #scope: AnyActorScope;
  #running = false;
  #over = false;
  /** True while a deadline runs. */
  #due = false;
  #timers = 0;
  /** Deadlines set before xstate starts the actor: it would set what it is given before a second time. */
  #unset: Map<string, () => void> | undefined = new Map();

  constructor(scope: AnyActorScope) {
    this.#scope = scope;
  }

  /** The actor is started by xstate. */
  start(): void {
    const unset = this.#unset;
    this.#unset = undefined;
    for (const set of unset?.values() ?? []) set();
  }

  /** The actor has ended: there is no turn any more. */
  end(): void {
    this.#over = true;
  }

  /** Does something now: xstate has called. */
  now(work: () => void): void {
    this.#running = true;
    try {
      work();
    } finally {
      this.#running = false;
    }
  }

  later(work: () => void): void {
    if (!this.#over) this.#scope.self.send(new Turn(work));
  }

  /** Does something behind a turn, when the snapshot that came of it can be seen. A throw is only told. */
  after(work: () => void): void {
    if (!this.#running && !this.#over) {
      this.later(() => this.after(work));
      return;
    }
    this.#scope.defer(() => {
      try {
        work();
      } catch (error) {
        this.log('who was answered threw', error);
      }
    });
  }

  /** Runs what may be asynchronous; then it goes on in a turn of its own. */
  run<T>(step: () => T | Promise<T>, done: (value: T) => void, failed: (thrown: unknown) => void): void {
    let result: T | Promise<T>;
    try {
      result = step();
    } catch (thrown) {
      failed(thrown);
      return;
    }
    if (!(result instanceof Promise)) done(result);
    else {
      result.then(
        (value) => this.later(() => done(value)),
        (thrown: unknown) => this.later(() => failed(thrown)),
      );
    }
  }

  /** Goes on now when a deadline does, and else when the event loop has had its own turn. */
  goOn(work: () => void): void {
    if (this.#due) work();
    else this.setDeadline(0, work);
  }

  /** Some time after now, or after the start. xstate forgets it when the actor stops. */
  setDeadline(ms: number, fire: () => void): TimerHandle {
    this.#timers += 1;
    const id = `ophion.${this.#timers}`;
    let timer: TimerHandle | undefined;
    const set = () => {
      timer = sendLater(this.#scope, id, ms, new Turn(() => this.#fire(fire)));
    };
    if (this.#unset === undefined) set();
    else this.#unset.set(id, set);
    return {
      cancel: () => {
        this.#unset?.delete(id);
        timer?.cancel();
      },
    };
  }

  #fire(fire: () => void): void {
    this.#due = true;
    try {
      fire();
    } finally {
      this.#due = false;
    }
  }

  log(what: string, error: unknown): void {
    this.#scope.logger(`${this.#scope.id}: ${what}: ${String(error)}`);
  }
}
