/** One DOWN for each monitor (otp S-131): two monitors on each actor that starts, and how often each is told. */
import { type ActorSystem, type AnyEvent, addMonitor, type Pid } from '../../actors/core/index.ts';

interface Told {
  readonly pid: Pid;
  times: number;
}

export class DownCheck {
  readonly #told: Told[] = [];
  readonly #stop: () => void;

  /** Watches the actors that start from now on. */
  constructor(system: ActorSystem) {
    const listener = (event: AnyEvent) => this.#watch(system, (event as AnyEvent & { pid: Pid }).pid);
    system.events.emitter.on('actor.started', listener);
    this.#stop = () => void system.events.emitter.off('actor.started', listener);
  }

  /** Watches no others; those that it watches already, it does. */
  stop(): void {
    this.#stop();
  }

  /** What was wrong: a monitor that was told twice, too early, or, of an actor that has ended, not at all. */
  get violations(): readonly string[] {
    return this.#told
      .filter(({ pid, times }) => times !== (pid.alive ? 0 : 1))
      .map(({ pid, times }) => `a monitor of ${pid} was told ${times} times`);
  }

  #watch(system: ActorSystem, { path }: Pid): void {
    const process = system.lookup(path);
    if (process === undefined) return;
    for (let i = 0; i < 2; i += 1) {
      const told: Told = { pid: process.pid, times: 0 };
      this.#told.push(told);
      addMonitor(process, () => {
        told.times += 1;
      });
    }
  }
}
