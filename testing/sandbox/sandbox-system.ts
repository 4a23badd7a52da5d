/** The actor system of a sandbox: it starts nobody at the places that are left out, and machines where they were. */
import {
  ActorRef,
  ActorSystem,
  type Behavior,
  definition,
  type Logic,
  Pid,
  type Process,
  type Runtime,
  type StartResult,
} from '../../actors/core/index.ts';
import { refOf } from '../../supervisors/index.ts';
import type { Captured } from './capture.ts';
import { copyState } from './copy-state.ts';

type Start = Parameters<ActorSystem['spawn']>[0];

/** Runs nothing. */
const nobody: Logic<never> = {
  [definition]: {
    kind: 'server',
    behave: (): Behavior => ({
      ...{ trapExit: false, mailboxMax: 0 },
      init: () => 'ignore',
      receive() {},
      terminate() {},
      dispose() {},
      inspect() {},
    }),
  },
};

export class SandboxSystem extends ActorSystem {
  readonly #captured: Captured;
  /** What lived at each path, for refs to it. */
  readonly #logics = new Map<string, Logic<never>>();

  constructor(runtime: Runtime, captured: Captured) {
    super(runtime);
    this.#captured = captured;
  }

  override spawn(options: Start): StartResult | Promise<StartResult> {
    const { path } = options;
    if (typeof path !== 'string') return super.spawn(options);
    if (this.#captured.empty.has(path)) return super.spawn({ ...options, logic: nobody });
    this.#logics.set(path, options.logic);
    const state = this.#captured.states.get(path);
    return super.spawn(
      state?.by === 'persistence' ? { ...options, logic: this.#resumed(options.logic, state.value) } : options,
    );
  }

  /** Its first incarnation goes on; whoever is started again after a crash begins as always. */
  #resumed(logic: Logic<never>, saved: unknown): Logic<never> {
    const { [definition]: own } = logic;
    return {
      ...logic,
      [definition]: {
        ...own,
        behave: (context) => {
          const behavior = own.behave(context);
          const { self } = context as unknown as { readonly self: Pid };
          if (self.incarnation === 1) behavior.persistence?.startFrom(this.here(saved));
          return behavior;
        },
      },
    };
  }

  /** Puts the states in place of those that servers have begun with. */
  restore(): void {
    for (const [path, { by, value }] of this.#captured.states) {
      if (by === 'sys') this.lookup(path)?.behavior.sys?.replace(() => this.here(value));
    }
  }

  /** A value with the refs and pids of this system. */
  here(value: unknown): unknown {
    return copyState(value, (place) => this.#placeHere(place));
  }

  #placeHere(place: ActorRef | Pid): unknown {
    if (place instanceof Pid) {
      const process: Process | undefined = this.lookup(place.path);
      // One that had ended is nobody's here as well.
      return process !== undefined && place.alive ? process.pid : new Pid(place.path, place.incarnation);
    }
    const logic = this.#logics.get(place.path);
    return logic === undefined ? new ActorRef(this, place.path) : refOf(this, place.path, logic);
  }
}
