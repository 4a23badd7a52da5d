/** What stands in the place of an OS process that a fault keeps from being started. */
import type { LaunchEvent, OsProcess } from '../../actors/worker/index.ts';

export type Tell = (event: LaunchEvent) => void;

/** A process that is none: what a host sees of one that never says anything. */
export class Nobody implements OsProcess {
  readonly #tell: Tell;
  #ended = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  start(): void {
    if (!this.#ended) this.#tell({ type: 'process.started', osPid: 0 });
  }

  terminate(): void {
    this.end(null, 'SIGTERM');
  }

  kill(): void {
    this.end(null, 'SIGKILL');
  }

  end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell({ type: 'process.exited', code, signal, lastOutput: '' });
    this.#tell({ type: 'process.gone', left: [] });
  }
}

/** A process that is started later; ended before, it never is. */
export class Late implements OsProcess {
  readonly #nobody: Nobody;
  readonly #callOff: () => void;
  #real: OsProcess | undefined;

  constructor(tell: Tell, start: () => OsProcess, wait: (goOn: () => void) => () => void) {
    this.#nobody = new Nobody(tell);
    this.#callOff = wait(() => {
      this.#real = start();
    });
  }

  terminate(): void {
    this.#end((process) => process.terminate());
  }

  kill(): void {
    this.#end((process) => process.kill());
  }

  #end(end: (process: OsProcess) => void): void {
    this.#callOff();
    end(this.#real ?? this.#nobody);
  }
}
