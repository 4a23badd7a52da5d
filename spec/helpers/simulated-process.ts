/**
 * OS processes that the test plays: it says when they start, dial, exit and are gone, and sees the signals.
 */
import type { Pid } from '../../actors/core/index.ts';
import type { Launch, LaunchEvent, LaunchOptions } from '../../actors/worker/index.ts';
import type { Expect, MemoryNetwork } from '../../bridge/transport/index.ts';
import { Signal } from './signal.ts';
import { WireWorker } from './wire-worker.ts';

export class SimulatedProcess {
  readonly options: LaunchOptions;
  readonly tell: (event: LaunchEvent) => void;
  readonly signals: string[] = [];
  readonly changed: Signal;
  readonly osPid: number;

  constructor(options: LaunchOptions, tell: (event: LaunchEvent) => void, osPid: number, changed: Signal) {
    this.options = options;
    this.tell = tell;
    this.osPid = osPid;
    this.changed = changed;
  }

  start(): void {
    this.tell({ type: 'process.started', osPid: this.osPid });
  }

  exit(code: number | null, signal: NodeJS.Signals | null = null, lastOutput = ''): void {
    this.tell({ type: 'process.exited', code, signal, lastOutput });
  }

  gone(...left: number[]): void {
    this.tell({ type: 'process.gone', left });
  }

  get boot(): Record<string, unknown> {
    return JSON.parse(this.options.input);
  }

  /** Dials in with what it was told on its standard input. */
  dial(network: MemoryNetwork): WireWorker {
    const { worker_id, incarnation, token, run_id } = this.boot as Record<string, string> & { incarnation: number };
    return new WireWorker(network, {
      worker: undefined as unknown as Pid,
      workerId: worker_id,
      incarnation,
      token,
      runId: run_id,
      pool: '',
    } as Expect);
  }
}

export class SimulatedProcesses {
  readonly all: SimulatedProcess[] = [];
  readonly changed = new Signal();
  /** Every signal ends a process at once. */
  obedient = false;

  readonly launch: Launch = (options, tell) => {
    const process = new SimulatedProcess(options, tell, 1000 + this.all.length, this.changed);
    this.all.push(process);
    this.changed.fire();
    const signal = (name: string) => {
      process.signals.push(name);
      if (this.obedient) {
        process.exit(null, 'SIGKILL');
        process.gone();
      }
      this.changed.fire();
    };
    return { terminate: () => signal('SIGTERM'), kill: () => signal('SIGKILL') };
  };

  async nth(n: number): Promise<SimulatedProcess> {
    await this.changed.until(() => this.all.length >= n);
    return this.all[n - 1] as SimulatedProcess;
  }
}
