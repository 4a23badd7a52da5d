/**
 * The connections of a provider to the model. Each command may be lost before the server has it, or its answer on the
 * way back; who listens is cut off and hears that he is there again. Plans do that: points `redis.command`,
 * `redis.reply` and `redis.ears`.
 */
import { type ActorSystem, faultPoint, StateError } from '../../../actors/core/index.ts';
import type { Argument, Link, WakeListener } from '../../../actors/state/redis/link.ts';
import type { Script } from '../../../actors/state/redis/scripts/script.ts';
import { Wait, Waits } from '../../../actors/state/redis/waits.ts';
import type { Attempt } from '../../../actors/state/retry.ts';
import type { Reply } from './lua.ts';
import type { RedisModel } from './server.ts';

declare global {
  interface OphionFaultPoints {
    /** Before the server has a command. */
    'redis.command': { readonly message: string };
    /** Before its answer is there. */
    'redis.reply': { readonly message: string };
    /** Before what is told on a channel is heard. */
    'redis.ears': { readonly message: string };
  }
}

/** What the client library says of a connection that is gone. */
export const cut = 'Connection is closed.';

export class ModelLink implements Link {
  readonly #system: ActorSystem;
  readonly #server: RedisModel;
  readonly #waits: Waits;
  readonly #channels = new Set<string>();
  #listener: WakeListener | undefined;
  #deaf = false;
  #closed = false;

  constructor(system: ActorSystem, server: RedisModel) {
    this.#system = system;
    this.#server = server;
    this.#waits = new Waits(system, () => undefined);
  }

  listen(listener: WakeListener): void {
    this.#listener = listener;
  }

  run({ name, lua }: Script, keys: readonly string[], args: readonly Argument[], attempt: Attempt): Promise<unknown> {
    return this.#sent(name, attempt, () => this.#server.script(lua, keys, args.map(text)));
  }

  async runAnd(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    [name, ...more]: readonly [string, ...Argument[]],
    attempt: Attempt,
  ): Promise<readonly [unknown, unknown]> {
    const reply = await this.run(script, keys, args, attempt);
    return [reply, await this.command(name, more, attempt)];
  }

  command(name: string, args: readonly Argument[], attempt: Attempt): Promise<unknown> {
    return this.#sent(name, attempt, () => this.#server.command([name, ...args.map(text)]));
  }

  async commandBuffer(name: string, args: readonly Argument[], attempt: Attempt): Promise<unknown> {
    return bytes((await this.command(name, args, attempt)) as Reply);
  }

  within<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    return this.#waiting(attempt, work) as Promise<T>;
  }

  async subscribe(channel: string, attempt: Attempt): Promise<void> {
    if (this.#channels.has(channel)) return;
    await this.#sent('SSUBSCRIBE', attempt, () => {
      this.#server.subscribe(channel, this.#heard);
      return null;
    });
    this.#channels.add(channel);
  }

  async unsubscribe(channel: string): Promise<void> {
    if (this.#channels.delete(channel)) this.#server.unsubscribe(channel, this.#heard);
  }

  close(): void {
    this.#closed = true;
    this.#listener = undefined;
    for (const channel of this.#channels) this.#server.unsubscribe(channel, this.#heard);
    this.#waits.end(new StateError('unavailable', 'redis: the system has ended'));
  }

  /** On one connection all is heard in order, until that is gone: then nothing, and a new one begins. */
  readonly #heard = (channel: string, message: string): void => {
    if (this.#deaf) return;
    let passed: unknown;
    try {
      passed = faultPoint(this.#system, 'redis.ears', { message: channel });
    } catch {
      this.#deaf = true;
      void this.#reconnect();
      return;
    }
    // Never within the command that has told it.
    void Promise.resolve(passed).then(() => this.#listener?.woken(channel, message));
  };

  async #reconnect(): Promise<void> {
    await new Promise<void>((resolve) => void this.#system.runtime.clock.setTimer(10, resolve));
    this.#deaf = false;
    if (!this.#closed) this.#listener?.connected();
  }

  #sent(message: string, attempt: Attempt, run: () => Reply): Promise<unknown> {
    return this.#waiting(attempt, async () => {
      await faultPoint(this.#system, 'redis.command', { message });
      // Sent is sent: who has given up meanwhile does not take it back.
      const reply = run();
      await faultPoint(this.#system, 'redis.reply', { message });
      return reply;
    });
  }

  #waiting(attempt: Attempt, work: () => Promise<unknown>): Promise<unknown> {
    if (attempt.signal?.aborted) return Promise.reject(attempt.signal.reason as Error);
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(new StateError('unavailable', 'redis: the system has ended'));
      else new Wait(this.#waits, attempt, resolve, reject).on(work());
    });
  }
}

const text = (argument: Argument): string => (Buffer.isBuffer(argument) ? argument.toString() : String(argument));

function bytes(reply: Reply): unknown {
  return typeof reply === 'string' ? Buffer.from(reply) : Array.isArray(reply) ? reply.map(bytes) : reply;
}
