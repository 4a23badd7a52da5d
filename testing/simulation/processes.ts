/**
 * Simulated OS processes, behind the same door as real ones: a script plays each. They start, print, dial in, obey
 * signals and exit in simulated time; `launch` goes where `launch` of ophion goes.
 */
import type { TimerHandle } from '../../actors/core/index.ts';
import type { Launch, LaunchEvent, LaunchOptions } from '../../actors/worker/index.ts';
import type { MemoryCarrier } from '../../bridge/transport/index.ts';
import { type Burden, lineBytes, liveOnly, stderrLine, stderrLines } from '../faults/process-hands.ts';
import type { Simulation } from './simulation.ts';

/** What a process does from its first instruction on. It runs until it exits or is killed, also when the script returns. */
export type ProcessScript = (process: SimulatedProcess) => void | Promise<void>;

const firstOsPid = 1_000;
/** As in production: what is behind it is dropped. */
const longestLine = 8 * 1024;

export class SimulatedProcess {
  readonly options: LaunchOptions;
  readonly osPid: number;
  /** Every signal that has come, in order. */
  readonly signals: NodeJS.Signals[] = [];
  readonly #sim: Simulation;
  readonly #tell: (event: LaunchEvent) => void;
  readonly #handlers = new Map<NodeJS.Signals, () => void>();
  readonly #carriers: MemoryCarrier[] = [];
  readonly #sleeps = new Set<TimerHandle>();
  #ended = false;
  #stopped = false;
  /** What goes on when it is not stopped any more. */
  #frozen: (() => void)[] = [];

  constructor(sim: Simulation, options: LaunchOptions, osPid: number, tell: (event: LaunchEvent) => void) {
    this.#sim = sim;
    this.options = options;
    this.osPid = osPid;
    this.#tell = tell;
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** What a worker is told on its standard input. */
  get boot(): Readonly<Record<string, unknown>> {
    return JSON.parse(this.options.input) as Record<string, unknown>;
  }

  /** Prints a line; of a very long one as much is told as of a real one. */
  print(text: string, from: 'stdout' | 'stderr' = 'stdout'): void {
    const cut = text.length > longestLine;
    const told = cut ? text.slice(0, longestLine) : text;
    this.#whenRunning(() => this.#tell({ type: 'process.output', from, text: told, cut }));
  }

  /** Connects to the host; the connection ends with the process, and stands still while it is stopped. */
  dial(network: { dial(): MemoryCarrier }): MemoryCarrier {
    const carrier = network.dial();
    this.#carriers.push(carrier);
    return carrier;
  }

  /** Handles a signal in its own way; SIGKILL and SIGSTOP cannot be. */
  on(signal: NodeJS.Signals, handler: () => void): void {
    this.#handlers.set(signal, handler);
  }

  /** Lets simulated time pass, and goes on only while it runs. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) return;
      const timer = this.#sim.runtime.clock.setTimer(ms, () => {
        this.#sleeps.delete(timer);
        this.#whenRunning(resolve);
      });
      this.#sleeps.add(timer);
    });
  }

  exit(code: number | null, signal: NodeJS.Signals | null = null, lastOutput = ''): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#frozen = [];
    // Nothing of it goes on.
    for (const timer of this.#sleeps) timer.cancel();
    for (const carrier of this.#carriers) carrier.cut();
    this.#tell({ type: 'process.exited', code, signal, lastOutput });
    this.#tell({ type: 'process.gone', left: [] });
  }

  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void {
    if (this.#ended) return;
    this.signals.push(name);
    if (name === 'SIGKILL') this.exit(null, name);
    else if (name === 'SIGSTOP') {
      this.#stopped = true;
      for (const carrier of this.#carriers) carrier.pause();
    } else if (name === 'SIGCONT') {
      this.#stopped = false;
      for (const carrier of this.#carriers) carrier.resume();
      for (const goOn of this.#frozen.splice(0)) goOn();
    } else this.#whenRunning(() => this.#take(name));
  }

  #take(name: NodeJS.Signals): void {
    const handler = this.#handlers.get(name);
    if (handler === undefined) this.exit(null, name);
    else handler();
  }

  #whenRunning(goOn: () => void): void {
    if (this.#ended) return;
    if (this.#stopped) this.#frozen.push(goOn);
    else goOn();
  }
}

export class SimulatedProcesses {
  /** All that were ever started, oldest first. */
  readonly all: SimulatedProcess[] = [];
  readonly #sim: Simulation;
  readonly #script: ProcessScript;
  readonly #burdens = new WeakMap<LaunchOptions, Burden>();

  /** Internal: `sim.processes` makes them. */
  constructor(sim: Simulation, script: ProcessScript) {
    this.#sim = sim;
    this.#script = script;
  }

  get launch(): Launch {
    return this.#sim.doors.launch(this.#start, {
      signal: (osPid, name) => this.find(osPid)?.signal(name),
      burden: (options, burden) => {
        if (burden === 'fork') liveOnly(burden);
        const own = { ...options };
        this.#burdens.set(own, burden);
        return own;
      },
      script: () => liveOnly('script'),
      starve: () => liveOnly('starve'),
      orphan: () => liveOnly('orphan'),
    });
  }

  find(osPid: number): SimulatedProcess | undefined {
    return this.all[osPid - firstOsPid];
  }

  readonly #start: Launch = (options, tell) => {
    const process = new SimulatedProcess(this.#sim, options, firstOsPid + this.all.length, tell);
    this.all.push(process);
    this.#sim.runtime.turns.soon(() => {
      if (!process.alive) return;
      tell({ type: 'process.started', osPid: process.osPid });
      const burden = this.#burdens.get(options);
      if (burden === 'line') process.print('x'.repeat(lineBytes));
      else if (burden === 'stderr') for (let n = 0; n < stderrLines; n += 1) process.print(stderrLine, 'stderr');
      void Promise.resolve(this.#script(process)).catch((error: unknown) =>
        process.exit(1, null, error instanceof Error ? error.message : String(error)),
      );
    });
    return { terminate: () => process.signal('SIGTERM'), kill: () => process.signal('SIGKILL') };
  };
}
