/** What happens to a Redis and to who uses it, dealt by a seed: each comes about as often as the deck has it. */
import type { RandomStream, RedisNode, WireProxy } from '../../../testing/index.ts';
import { sleep } from '../sleep.ts';
import type { HostProcesses } from './hosts.ts';

const deck = {
  'host killed': 2,
  'host cut off': 4,
  'server stopped (SIGSTOP)': 2,
  'clients paused': 2,
  'writes paused': 1,
  'server killed': 2,
  'server restarted': 1,
  'connections killed': 3,
  'subscribers killed': 3,
  'memory full': 2,
  'made a replica': 1,
  'scripts forgotten': 1,
} as const;

export type Injury = keyof typeof deck;
export const injuries = Object.keys(deck) as readonly Injury[];

export interface InjuriesOptions {
  readonly node: RedisNode;
  readonly hosts: HostProcesses;
  /** Between whoever uses the server and the server. */
  readonly proxies: readonly WireProxy[];
  /** Has a host start in the place of one that was killed. One that is on its way is waited for. */
  readonly replace: () => Promise<void>;
  readonly random: RandomStream;
  /** Deals each once instead of as often as it comes about. */
  readonly once: boolean;
}

/** How long what lasts does. */
const [leastMs, mostMs] = [30, 300];

export class Injuries {
  readonly counts: Partial<Record<Injury, number>> = {};
  readonly #options: InjuriesOptions;
  #deck: Injury[] = [];

  constructor(options: InjuriesOptions) {
    this.#options = options;
  }

  /** Deals the next. Resolves when it has happened and is over. */
  async strike(): Promise<Injury> {
    const injury = this.#dealt();
    await this.#happen(injury);
    this.counts[injury] = (this.counts[injury] ?? 0) + 1;
    return injury;
  }

  #dealt(): Injury {
    const { random, once } = this.#options;
    if (this.#deck.length === 0) {
      const sorted = injuries.flatMap((one) => Array<Injury>(once ? 1 : deck[one]).fill(one));
      while (sorted.length > 0) this.#deck.push(...sorted.splice(random.below(sorted.length), 1));
    }
    return this.#deck.pop() as Injury;
  }

  async #happen(injury: Injury): Promise<void> {
    const { node, hosts, random, replace } = this.#options;
    switch (injury) {
      case 'host killed': {
        await hosts.kill(hosts.names[random.below(hosts.names.length)] as string);
        return replace();
      }
      case 'host cut off':
        return this.#cut();
      case 'server stopped (SIGSTOP)':
        node.freeze();
        await this.#while();
        return node.thaw();
      case 'clients paused':
        await node.pause(leastMs + random.below(mostMs), 'all');
        // Waits until it is over.
        return void (await node.command('PING'));
      case 'writes paused': {
        await node.pause(mostMs, 'write');
        await this.#while();
        return void (await node.command('CLIENT', 'UNPAUSE'));
      }
      case 'server killed':
        await node.kill();
        await this.#while();
        return node.start();
      case 'server restarted':
        await node.stop();
        await this.#while();
        return node.start();
      case 'connections killed':
        return void (await node.command('CLIENT', 'KILL', 'TYPE', 'normal'));
      case 'subscribers killed':
        return void (await node.command('CLIENT', 'KILL', 'TYPE', 'pubsub'));
      case 'memory full':
        await node.limitMemory(1);
        await this.#while();
        return node.heal();
      case 'made a replica':
        await node.makeReadOnly();
        await this.#while();
        return node.heal();
      case 'scripts forgotten':
        return void (await node.command('SCRIPT', 'FLUSH'));
      default: {
        const never: never = injury;
        throw new TypeError(String(never));
      }
    }
  }

  /** Cut at once, nobody hears, or nobody is heard; with and without being turned away for a while. */
  async #cut(): Promise<void> {
    const { proxies, random } = this.#options;
    const proxy = proxies[random.below(proxies.length)] as WireProxy;
    const how = random.below(4);
    if (how === 0) return proxy.reset();
    if (how === 1) proxy.toServer.inject({ stall: true });
    else if (how === 2) proxy.toClient.inject({ stall: true });
    if (how === 3) await proxy.refuse('reset');
    await this.#while();
    // What is under way is lost, its answer or it itself.
    proxy.reset();
    if (how === 3) await this.#while();
    await proxy.heal();
  }

  #while(): Promise<void> {
    const ms = leastMs + this.#options.random.below(mostMs - leastMs);
    return sleep(ms);
  }
}
