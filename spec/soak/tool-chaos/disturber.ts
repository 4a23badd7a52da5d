/** What goes wrong meanwhile: connections are cut, workers are killed, the bridge crashes. Drawn from a seed. */
import type { OphionRef } from '../../../index.ts';
import type { FaultyWire, RandomStream, WireProxy } from '../../../testing/index.ts';
import type { WorkerStates } from '../worker-states.ts';

export interface DisturberOptions {
  readonly ophion: OphionRef;
  readonly wire: FaultyWire;
  readonly states: WorkerStates;
  readonly random: RandomStream;
}

/** Where a direction is cut, at most, counted from when that is armed. */
const bytesBefore = 4_000;
/** How often the bridge is ended, at most, and how many turns of the event loop are between two of them. */
const crashesAtOnce = 4;
const turnsBetween = 8;

export class Disturber {
  resets = 0;
  kills = 0;
  crashes = 0;
  readonly #options: DisturberOptions;

  constructor(options: DisturberOptions) {
    this.#options = options;
  }

  /** One of them. Resolves when it has happened, or when all is over and it could hit nobody any more. */
  async disturb(over: Promise<void>): Promise<void> {
    const chance = this.#options.random.below(100);
    if (chance < 18) this.#kill();
    else if (chance < 55) await this.#crash();
    else await this.#cut(over);
  }

  #kill(): void {
    const { states, random } = this.#options;
    const victim = states.ready[random.below(states.ready.length)];
    if (victim === undefined) return;
    states.kill(victim);
    this.kills += 1;
  }

  async #crash(): Promise<void> {
    const { ophion, random } = this.#options;
    const times = 1 + random.below(crashesAtOnce);
    for (let n = 0; n < times; n += 1) {
      for (let turns = random.below(turnsBetween); turns > 0; turns -= 1) await new Promise(setImmediate);
      const { process } = ophion.bridge.bridge;
      process?.kill();
      if (process !== undefined) this.crashes += 1;
    }
  }

  async #cut(over: Promise<void>): Promise<void> {
    const { wire, random } = this.#options;
    const proxy = await wire.proxy();
    const how = random.below(3);
    this.resets += 1;
    if (how === 0) return proxy.reset();
    const side = how === 1 ? proxy.toServer : proxy.toClient;
    // In the middle of a frame as well as between two.
    side.inject({ limit: { bytes: random.below(bytesBefore), how: 'reset' } });
    // Whoever comes next is cut as well, until one was: also a worker that starts.
    const before = ended(proxy);
    await Promise.race([proxy.until(() => ended(proxy) > before), over]);
    await proxy.heal();
  }
}

/** How many of its connections have ended. */
const ended = ({ accepted, connections }: WireProxy): number => accepted - connections.length;
