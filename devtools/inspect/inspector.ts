/**
 * The inspection core of one system: listens to its events, keeps what must not be lost (crashes, lives, the newest
 * events and calls), and measures more only while somebody looks. Reads; never sends, but to pools for their status.
 */
import {
  type ActorSystem,
  type AnyEvent,
  type CoreEvent,
  type ExitReason,
  type Letter,
  type Process,
  processOf,
  type Tracer,
} from '../../actors/core/index.ts';
import type { ForeignSource } from '../adapters/foreign-source.ts';
import { type ActorRow, type CrashReport, pathOf } from '../protocol/index.ts';
import { ActorRows } from './actor-rows.ts';
import { CallLog } from './calls.ts';
import { type Census, censusOf } from './census.ts';
import { CrashLog } from './crash-log.ts';
import { EventLog } from './event-log.ts';
import { FaultDesk } from './fault-desk.ts';
import { Lives } from './lives.ts';
import { MessageTrace } from './message-trace.ts';
import { Moments, recordedActorsMax } from './moments.ts';
import { Pace } from './pace.ts';
import { Population } from './population.ts';
import { Previews } from './preview.ts';
import { Rates } from './rates.ts';
import type { Redact } from './redact.ts';
import { SandboxDesk } from './sandbox-desk.ts';
import { SessionViews } from './session-views.ts';
import { StateHistory } from './state-history.ts';
import { WorkerViews } from './worker-views.ts';

export interface InspectorOptions {
  /** Answers what is shown in the place of a value; keys that look like secrets are masked besides. */
  readonly redact?: Redact | undefined;
  /** How many events are kept. Default 5,000. */
  readonly eventsMax?: number | undefined;
  /** How many crash reports are kept of one place (default 5), and of all together (default 500). */
  readonly crashesPerPath?: number | undefined;
  readonly crashesMax?: number | undefined;
  /** Actors that are not ours, shown beside them: `xstateInspector().source`. */
  readonly foreign?: readonly ForeignSource[] | undefined;
  /** Told of each crash, as soon as its supervisor has had its turn. */
  readonly onCrash?: ((report: CrashReport) => void) | undefined;
}

export class Inspector {
  readonly system: ActorSystem;
  readonly startedMs: number;
  /** At which everything goes that is done for each of many actors. */
  readonly pace: Pace;
  readonly previews: Previews;
  readonly crashes: CrashLog;
  readonly lives: Lives;
  readonly log: EventLog;
  readonly calls: CallLog;
  readonly rates: Rates;
  readonly rows: ActorRows;
  readonly trace: MessageTrace;
  readonly history: StateHistory;
  readonly moments: Moments;
  readonly sessions: SessionViews;
  readonly workers: WorkerViews;
  readonly faults: FaultDesk;
  readonly sandbox: SandboxDesk;
  readonly foreign: readonly ForeignSource[];
  /** Letters that were handled by those that have ended since it began to listen. */
  handledByEnded = 0;
  readonly #taps: Tracer;
  readonly #forget: readonly (() => void)[];
  readonly #changed = new Set<() => void>();
  readonly #others = new Set<Tracer>();
  #population: Promise<Population> | undefined;
  #census: Promise<Census> | undefined;
  #viewers = 0;
  /** The moment that is being recorded, and the one that begins when that is done: it has what happens until then. */
  #moment: Promise<void> | undefined;
  #nextMoment: Promise<void> | undefined;

  constructor(system: ActorSystem, options: InspectorOptions = {}) {
    const { clock, turns, log } = system.runtime;
    this.system = system;
    this.startedMs = clock.monotonicMs();
    this.pace = new Pace(clock, turns);
    this.moments = new Moments(this.pace);
    this.previews = new Previews({
      redact: options.redact,
      clock,
      onRedactError: (error) =>
        log('error', `dev tools: everything that redact would see is masked from now on: ${String(error)}`),
    });
    this.lives = new Lives(clock);
    this.log = new EventLog(clock, options.eventsMax ?? 5_000);
    this.calls = new CallLog(clock);
    this.workers = new WorkerViews(system);
    this.sessions = new SessionViews(system, this.previews);
    this.rates = new Rates(system, this.pace, () => void this.#ticked());
    this.rows = new ActorRows({
      system,
      rates: this.rates,
      lives: this.lives,
      previews: this.previews,
      rssOf: (path) => this.workers.rssOf(path),
    });
    this.trace = new MessageTrace(system, this.previews, () => this.#retap());
    this.history = new StateHistory(system, this.previews);
    this.faults = new FaultDesk(system, () => this.#tell());
    this.sandbox = new SandboxDesk(system, this.previews);
    this.crashes = new CrashLog(system, {
      perPath: options.crashesPerPath ?? 5,
      max: options.crashesMax ?? 500,
      previews: this.previews,
      processOf: (process, reason, add) => this.workers.left(process, reason, add),
      traceOf: (pid) => this.calls.traceOn(pid),
      crashed: (report) => this.#crashed(report, options.onCrash),
      changed: () => this.#tell(),
    });
    this.#taps = {
      sent: (to, letter) => this.trace.sent(to, letter),
      refused: (to, letter) => this.trace.refused(to, letter),
      faulted: (to, letter, mark) => this.trace.faulted(to, letter, mark),
      handling: (by, letter) => this.#handling(by, letter),
      handled: (by, letter, failure) => this.#handled(by, letter, failure),
    };
    this.foreign = options.foreign ?? [];
    this.#forget = [
      system.events.onAll((event) => this.#heard(event)),
      ...this.foreign.map((source) => source.onChange(() => this.#tell())),
    ];
  }

  /** Called whenever something may look different now, until what this returns is called. */
  onChange(changed: () => void): () => void {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  }

  /** Somebody looks: from now on until what this returns is called, rates are measured and moments recorded. */
  look(): () => void {
    this.#viewers += 1;
    if (this.#viewers === 1) this.rates.start();
    let looking = true;
    return () => {
      if (!looking) return;
      looking = false;
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#rest();
    };
  }

  /** Who lives under whom; made when somebody asks first, and kept as long as somebody looks. */
  async population(): Promise<Population> {
    this.#population ??= Population.of(this.system, this.pace);
    const population = await this.#population;
    if (this.#viewers === 0) this.#rest();
    return population;
  }

  /** All that live, counted; once for all who ask while it is counted. */
  census(): Promise<Census> {
    this.#census ??= censusOf(this.system, this.pace).finally(() => {
      this.#census = undefined;
    });
    return this.#census;
  }

  #rest(): void {
    this.rates.stop();
    const population = this.#population;
    this.#population = undefined;
    void population?.then((made) => made.stop());
  }

  stop(): void {
    for (const forget of this.#forget) forget();
    this.faults.stop();
    this.trace.stop('asked');
    this.history.clear();
    this.#others.clear();
    this.#retap();
    this.#rest();
    this.#changed.clear();
  }

  /** Records the states of an actor, or stops that. False: so many are recorded already. */
  record(path: string, on: boolean): boolean {
    const done = on ? this.history.start(path) : true;
    if (!on) this.history.stop(path);
    this.#retap();
    return done;
  }

  /** Tells a tracer of all letters besides, until what this returns is called. */
  tap(tracer: Tracer): () => void {
    this.#others.add(tracer);
    this.#retap();
    return () => {
      this.#others.delete(tracer);
      this.#retap();
    };
  }

  #retap(): void {
    const wanted = this.trace.running || this.history.recording || this.#others.size > 0;
    if (wanted) this.system.tracer = this.#taps;
    else if (this.system.tracer === this.#taps) this.system.tracer = undefined;
    this.#tell();
  }

  #handling(by: Process, letter: Letter): void {
    this.trace.handling(by, letter);
    for (const tracer of this.#others) tracer.handling(by, letter);
  }

  #handled(by: Process, letter: Letter, failure: ExitReason | undefined): void {
    const message = this.trace.handled(by, letter, failure);
    if (this.history.recording) this.history.handled(by, letter, message);
    for (const tracer of this.#others) tracer.handled(by, letter, failure);
  }

  #heard(event: AnyEvent): void {
    const told = event as CoreEvent;
    if (told.type === 'actor.exited') this.handledByEnded += processOf(told.pid)?.handled ?? 0;
    this.rows.take(event);
    this.lives.take(event);
    this.workers.take(event);
    this.calls.take(event);
    this.crashes.take(event);
    this.trace.take(event);
    this.log.take(event);
    this.#tell();
  }

  #tell(): void {
    for (const changed of this.#changed) changed();
  }

  /** When the supervisor has had its turn: then the report says what it did. */
  #crashed(report: CrashReport, onCrash: InspectorOptions['onCrash']): void {
    if (this.#viewers > 0) void this.takeMoment();
    if (onCrash === undefined) return;
    this.system.runtime.turns.afterIo(() => onCrash(report));
  }

  async #ticked(): Promise<void> {
    await this.takeMoment();
    this.#tell();
  }

  /** Records the tree as it is now, unless it is as it was or too large; one at a time. */
  takeMoment(): Promise<void> {
    if (this.#moment === undefined) {
      this.#moment = this.#recordMoment().finally(() => {
        this.#moment = undefined;
      });
      return this.#moment;
    }
    this.#nextMoment ??= this.#moment.then(() => {
      this.#nextMoment = undefined;
      return this.takeMoment();
    });
    return this.#nextMoment;
  }

  async #recordMoment(): Promise<void> {
    const population = await this.population();
    if (population.size > recordedActorsMax) return;
    const rows: ActorRow[] = [];
    await this.pace.each(
      population.tree(undefined, () => true),
      ({ path }) => {
        rows.push(this.rows.rowAt(path, population));
      },
    );
    await this.moments.add(this.system.runtime.clock.wallMs(), rows, this.crashes.count);
  }

  /** Whose a path is that is not of this system. */
  foreignAt(path: string): ForeignSource | undefined {
    return this.foreign.find(({ root }) => path === root || path.startsWith(`${root}/`));
  }

  /** The process that lives at a path, or under a pid. */
  processAt(path: string): Process | undefined {
    const process = this.system.lookup(pathOf(path));
    if (process === undefined || (path.includes('#') && String(process.pid) !== path)) return undefined;
    return processOf(process.pid);
  }
}
