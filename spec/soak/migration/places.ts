/** The places that a session moves between: two systems, one with a durable vault, and what is done to them meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bridgedState, localState, type StateProvider } from '../../../actors/state/index.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

/** Round which it goes. */
export const circle = ['local', 'bridged', 'durable', 'bridged', 'local'] as const;
export type Place = (typeof circle)[number];

export class Places {
  readonly path = mkdtempSync(join(tmpdir(), 'vault-'));
  readonly #memory: StateSystem;
  #disk: StateSystem;

  private constructor(memory: StateSystem) {
    this.#memory = memory;
    this.#disk = memory;
  }

  static async start(): Promise<Places> {
    const places = new Places(await startState({ limits: { historyMax: 2_000 } }));
    await places.startDisk();
    return places;
  }

  at(place: Place): StateProvider {
    return (place === 'local' ? localState() : bridgedState()).connect(this.#of(place).host);
  }

  /** Kills who works there: all of it comes back. */
  crash(place: Place, who: 'vault' | 'store' | 'sessions' | 'observers'): void {
    const { names, kill } = this.#of(place);
    kill(names[who].path);
  }

  /** On the same folder, as after the end of a process. */
  async startDisk(): Promise<void> {
    this.#disk = await startState({ vault: { path: this.path }, limits: { historyMax: 2_000 } });
  }

  stopDisk(): Promise<void> {
    return this.#disk.stop();
  }

  async stop(): Promise<void> {
    await this.#disk.stop();
    await this.#memory.stop();
    rmSync(this.path, { recursive: true, force: true });
  }

  #of(place: Place): StateSystem {
    return place === 'durable' ? this.#disk : this.#memory;
  }
}
