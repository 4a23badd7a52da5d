/**
 * Starts applications one behind the other and stops them in reverse order, within an overall deadline: what OTP's
 * application controller and `init:stop` do for a whole node (otp S-207 to S-211).
 */
import {
  ActorSystem,
  type AnyEvent,
  addMonitor,
  announce,
  BadReturnError,
  type CoreEvent,
  type ExitReason,
  exitReason,
  type Logic,
  nodeRuntime,
  type Process,
  type Runtime,
  SpecError,
} from '../actors/core/index.ts';
import { type Application, ApplicationError, ApplicationStartError, endsAll, startOrder } from './application.ts';
import type { SupervisorEvent } from './events.ts';
import { type RefOf, refOf } from './refs.ts';
import type { Events } from './start-supervisor.ts';

export interface ApplicationsOptions {
  /** Stops everything when it aborts, also while it starts. */
  readonly signal?: AbortSignal;
  /** How long an orderly stop may take in all; then what is left is killed. Default 10,000 ms. */
  readonly deadlineMs?: number;
  /**
   * Have SIGINT and SIGTERM stop everything in order; a second signal kills what is left. Signals within 500 ms of
   * the first are the same one, which a terminal and npm both pass on. Default false: they do what Node has them do.
   */
  readonly handleSignals?: boolean;
  /** Hears all system events from the first start on; `events` of what is answered hears only later ones. */
  readonly onEvent?: (event: CoreEvent | SupervisorEvent) => void;
  /** Where chance and signals come from. Default: Node's own. */
  readonly runtime?: Runtime;
}

/** Why everything has ended. */
export type ApplicationsEnd = (
  | { readonly cause: 'stopped' | 'aborted' }
  | { readonly cause: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM' }
  /** An application ended whose end ends all. */
  | { readonly cause: 'application'; readonly application: string; readonly reason: ExitReason }
  /** One did not start; `startApplications` has rejected. */
  | { readonly cause: 'start_failed'; readonly application: string; readonly reason: ExitReason }
) & {
  /** Applications that did not end in time, or not before a second signal, and were killed. */
  readonly killed: readonly string[];
};

type Cause = ApplicationsEnd extends infer E ? (E extends unknown ? Omit<E, 'killed'> : never) : never;

interface Running {
  readonly application: Application;
  readonly process: Process;
  /** Resolves when its tree has ended and its `stop` callback was called. */
  readonly finished: Promise<void>;
}

/** Signals within that time of the first are the same one. */
const sameSignalMs = 500;

/** The applications, by name. */
export type ApplicationRefs<A extends readonly Application[]> = {
  readonly [N in A[number]['name']]: A[number] extends infer One
    ? One extends Application<N, infer L>
      ? RefOf<L>
      : never
    : never;
};

/** What runs. Each application has a tree of its own; all of them share one system, so that they can call each other. */
export class ApplicationsRef<A extends readonly Application[] = readonly Application[]> {
  readonly system: ActorSystem;
  /** Resolves, with the cause, when everything has ended. */
  readonly exited: Promise<ApplicationsEnd>;
  readonly #given: A;
  readonly #deadlineMs: number;
  /** In start order. */
  readonly #running: Running[] = [];
  readonly #unlisten: (() => void)[] = [];
  #starting = true;
  #cause: Cause | undefined;
  #killed: readonly string[] = [];
  #cutOff!: () => void;
  readonly #isCutOff = new Promise<void>((resolve) => {
    this.#cutOff = resolve;
  });
  #exit!: (end: ApplicationsEnd) => void;

  /** Use `startApplications`. */
  constructor(given: A, runtime: Runtime, deadlineMs: number) {
    this.system = new ActorSystem(runtime);
    announce(this.system);
    this.#given = given;
    this.#deadlineMs = deadlineMs;
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  /** Refs to the trees, by name. */
  get applications(): ApplicationRefs<A> {
    const refs = this.#given.map(({ name, tree }) => [name, refOf(this.system, name, tree)] as const);
    return Object.fromEntries(refs) as never;
  }

  /** System events, such as `application.exited`. */
  get events(): Events<CoreEvent | SupervisorEvent> {
    return this.system.events.emitter as never;
  }

  /** Names of the applications that run, in start order. */
  get running(): readonly string[] {
    return this.#running.filter(({ process }) => process.status !== 'dead').map(({ application }) => application.name);
  }

  /** Stops everything, the last started first, and answers what ended it. Safe to call twice. */
  stop(): Promise<ApplicationsEnd> {
    this.#end({ cause: 'stopped' });
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Internal: listens to what stops everything. */
  heed(signal: AbortSignal | undefined, handleSignals: boolean): void {
    const { signals, clock } = this.system.runtime;
    if (handleSignals && signals === undefined) {
      throw new SpecError('startApplications', 'no_signals: the runtime has none');
    }
    if (signal !== undefined) {
      const aborted = () => this.#end({ cause: 'aborted' });
      signal.addEventListener('abort', aborted, { once: true });
      this.#unlisten.push(() => signal.removeEventListener('abort', aborted));
    }
    if (!handleSignals || signals === undefined) return;
    let firstMs: number | undefined;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      const heard = () => {
        firstMs ??= clock.monotonicMs();
        if (clock.monotonicMs() - firstMs >= sameSignalMs) this.#killAll();
        else this.#end({ cause: 'signal', signal: name });
      };
      this.#unlisten.push(signals.listen(name, heard));
    }
  }

  /** Internal: starts all, or stops what was started and throws. */
  async start(ordered: readonly Application[]): Promise<void> {
    let error: Error | undefined;
    let last = '';
    for (const one of ordered) {
      if (this.#cause !== undefined) break;
      last = one.name;
      error = await this.#startOne(one);
    }
    this.#starting = false;
    if (this.#cause === undefined) return;
    const { cause } = this.#cause as Cause;
    await this.#stopAll();
    if (cause === 'start_failed' && error !== undefined) throw error;
    throw new ApplicationError('interrupted', last, `all had to end when it was started: ${cause}`, { cause: error });
  }

  async #startOne(one: Application): Promise<Error | undefined> {
    const { name, tree, input, dependsOn } = one;
    // One that has ended meanwhile is no ground to stand on (otp S-207).
    const gone = dependsOn.find((needed) => !this.running.includes(needed));
    const result = gone === undefined ? await this.system.spawn({ path: name, logic: tree, input }) : undefined;
    if (result?.type === 'started') {
      this.#watch(one, result.process);
      return undefined;
    }
    const error =
      gone === undefined
        ? failedStart(name, result, this.#running)
        : new ApplicationError('not_started', name, `needs '${gone}', which has ended`);
    this.#end({ cause: 'start_failed', application: name, reason: failure(error) });
    return error;
  }

  #watch(one: Application, process: Process): void {
    this.#tell({ type: 'application.started', application: one.name, pid: process.pid });
    const finished = new Promise<void>((resolve) => {
      const ended = (reason: ExitReason) => {
        this.#tell({ type: 'application.exited', application: one.name, pid: process.pid, reason });
        if (endsAll(one.type, reason)) this.#end({ cause: 'application', application: one.name, reason });
        resolve(this.#callBack(one, 'stop'));
      };
      // It may have ended between its start and now.
      if (process.exitReason !== undefined) ended(process.exitReason);
      else addMonitor(process, (_pid, reason) => ended(reason));
    });
    this.#running.push({ application: one, process, finished });
  }

  // Stopping

  /** Asks everything to end; the first cause counts. While it starts, the start comes to its end first. */
  #end(cause: Cause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    const timer = this.system.deadlines.set(this.#deadlineMs, () => this.#killAll());
    this.#unlisten.push(() => timer.cancel());
    if (!this.#starting) void this.#stopAll();
  }

  async #stopAll(): Promise<void> {
    for (const running of [...this.#running].reverse()) {
      await Promise.race([this.#stopOne(running), this.#isCutOff]);
    }
    for (const unlisten of this.#unlisten) unlisten();
    this.#exit({ ...(this.#cause as Cause), killed: this.#killed } as ApplicationsEnd);
  }

  /** First `prepStop`, then the tree from its top, then `stop` (otp S-209). */
  async #stopOne({ application: one, process, finished }: Running): Promise<void> {
    if (process.status !== 'dead') {
      await this.#callBack(one, 'prepStop');
      process.deliver({ kind: 'system', work: () => process.requestStop(exitReason.shutdown()) });
    }
    await finished;
  }

  /** The deadline, or a second signal: nothing is waited for any more. */
  #killAll(): void {
    this.#killed = this.running;
    this.#cutOff();
    for (const process of [...this.system.processes()]) process.kill();
  }

  /** A callback that fails is told, and nothing else (as OTP catches it). */
  async #callBack(one: Application, callback: 'prepStop' | 'stop'): Promise<void> {
    try {
      await one[callback]?.();
    } catch (error) {
      const told = this.system.events.heard('application.callback_failed');
      if (told) this.#tell({ type: 'application.callback_failed', application: one.name, callback, error });
      else this.system.runtime.log('error', `${one.name}: its ${callback} failed: ${String(error)}`);
    }
  }

  #tell(event: SupervisorEvent): void {
    this.system.emit(event);
  }
}

function failedStart(
  name: string,
  result: { readonly type: string; readonly reason?: ExitReason } | undefined,
  running: readonly Running[],
): ApplicationStartError {
  const nothing = () => exitReason.error(new BadReturnError(name, 'its tree has nothing to run', result?.type));
  const started = running.map(({ application }) => application.name);
  return new ApplicationStartError(name, result?.reason ?? nothing(), started);
}

const failure = (error: ApplicationStartError | ApplicationError): ExitReason =>
  error instanceof ApplicationStartError ? error.reason : exitReason.error(error);

/**
 * Starts all applications, each when what it depends on is up, and resolves when the last one is. Rejects with
 * ApplicationError, nothing started, when a dependency is missing or they depend on each other; with
 * ApplicationStartError, everything stopped again, when one does not start; with ApplicationError `interrupted`,
 * everything stopped again, when `signal`, a signal of the system or the end of an application cut the start off.
 */
export async function startApplications<const A extends readonly Application<string, Logic<never>>[]>(
  applications: A,
  options: ApplicationsOptions = {},
): Promise<ApplicationsRef<A>> {
  const { signal, deadlineMs = 10_000, handleSignals = false, onEvent, runtime = nodeRuntime() } = options;
  if (!(deadlineMs >= 0)) throw new SpecError('startApplications', 'invalid_deadline', deadlineMs);
  const ordered = startOrder(applications);
  signal?.throwIfAborted();
  const ref = new ApplicationsRef<A>(applications, runtime, deadlineMs);
  if (onEvent !== undefined) ref.system.events.onAll(onEvent as (event: AnyEvent) => void);
  ref.heed(signal, handleSignals);
  await ref.start(ordered);
  return ref;
}
