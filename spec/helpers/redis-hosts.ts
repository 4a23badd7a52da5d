/** Systems that share one Redis, as hosts do; each with a provider of its own. */

import type { StateProvider } from '../../actors/state/index.ts';
import { type RedisStateOptions, redisState } from '../../actors/state/redis/index.ts';
import type { RedisNode } from '../../testing/index.ts';
import { type StateSystem, startState } from './state-system.ts';

export interface Host {
  readonly provider: StateProvider;
  readonly state: StateSystem;
}

export class Hosts implements AsyncDisposable {
  readonly #systems: StateSystem[] = [];

  async start(options: RedisStateOptions): Promise<Host> {
    const state = await startState();
    this.#systems.push(state);
    return { provider: redisState(options).connect(state.host), state };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#systems.splice(0).map((system) => system.stop()));
  }
}

/** Whether a server knows WAITAOF: Redis from 7.2 on, and Valkey. */
export async function hasWaitaof(node: RedisNode): Promise<boolean> {
  const [known] = (await node.command('COMMAND', 'INFO', 'waitaof')) as readonly unknown[];
  return known !== null;
}
