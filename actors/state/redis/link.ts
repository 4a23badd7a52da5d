/**
 * The connections of one provider: one for commands, one that hears of commits. Commands are never sent again by the
 * client library: a commit that may have happened is told apart by its idempotency key, one level above.
 */
import { Cluster, Command, Redis, type RedisOptions } from 'ioredis';
import { type ActorSystem, StateError } from '../../core/index.ts';
import type { Attempt } from '../retry.ts';
import { RedisError } from './errors.ts';
import type { RedisSettings, RedisSource } from './options.ts';
import { checkRights } from './rights.ts';
import type { Script } from './scripts/script.ts';
import { Wait, Waits } from './waits.ts';

type Client = Redis | Cluster;
export type Argument = string | number | Buffer;

/** Pauses between attempts to connect grow up to this, in milliseconds. */
const longestPauseMs = 500;
/** The first releases of Redis with sharded publish/subscribe, and with WAITAOF. */
const oldest = '7.0';
const oldestToWaitForDisks = '7.2';

const ours: RedisOptions = {
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  // How long a connection has to close by itself.
  disconnectTimeout: 100,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  lazyConnect: true,
  retryStrategy: (times) => Math.min(10 * 2 ** Math.min(times, 10), longestPauseMs),
  // One that has become a replica: look for the primary, as Sentinel and managed services move its name.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

export interface WakeListener {
  /** Something is new in a session, by its channel, and perhaps what. */
  woken(channel: string, message: string): void;
  /** The connection that hears of it is there, or there again: what was told meanwhile is missed. */
  connected(): void;
}

/** The connections, as the rest of the provider has them. */
export type Link = Pick<
  RedisLink,
  'listen' | 'run' | 'runAnd' | 'command' | 'commandBuffer' | 'within' | 'subscribe' | 'unsubscribe' | 'close'
>;

/** Makes the connections of a provider in a system. */
export type MakeLink = (system: ActorSystem, settings: LinkSettings) => Link;

type LinkSettings = Pick<RedisSettings, 'source' | 'prefix' | 'durability'>;

export class RedisLink {
  readonly #system: ActorSystem;
  readonly #prefix: string;
  readonly #fsync: boolean;
  readonly #client: Client;
  readonly #ears: Client;
  readonly #listening = new Set<string>();
  #listener: WakeListener | undefined;
  /** Who waits for a connection. */
  readonly #waiting = new Map<Client, Promise<void>>();
  #last: Error | undefined;
  readonly #waits: Waits;
  #closed = false;
  /** Undefined until the server's version and the user's rights were looked at. */
  #checked: Promise<void> | undefined;
  #isChecked = false;
  /** The sockets that hold back what is sent until the end of this turn. */
  #corked: readonly Redis['stream'][] | undefined;

  /** `prefix` is what keys and channels begin with; `fsync`, whether commits wait for disks. */
  constructor(system: ActorSystem, { source, prefix, durability }: LinkSettings) {
    this.#system = system;
    this.#prefix = prefix;
    this.#fsync = durability.fsync;
    this.#waits = new Waits(system, () => this.#last);
    this.#client = connectionOf(source);
    this.#ears = connectionOf(source);
    for (const client of [this.#client, this.#ears]) {
      client.on('error', (error: Error) => {
        this.#last = error;
      });
      client.on('node error', (error: Error) => {
        this.#last = error;
      });
    }
    this.#client.on('ready', () => {
      this.#last = undefined;
    });
    this.#client.on('close', () => {
      // It may be another server that answers next.
      this.#checked = undefined;
      this.#isChecked = false;
    });
    const heard = (channel: string, message: string): void => this.#listener?.woken(channel, message);
    this.#ears.on('smessage', heard);
    // A cluster has a connection for each part of it, and tells of each in its own way.
    for (const event of ['ready', '+subscriber', 'subscribersReady', '-node', 'refresh'])
      this.#ears.on(event, () => void this.#listenAgain());
  }

  /** Who is told of wakes. */
  listen(listener: WakeListener): void {
    this.#listener = listener;
  }

  /** Runs a script on the keys of one slot. Rejects with RedisError; what has happened then is not known for `redis_down`. */
  run(script: Script, keys: readonly string[], args: readonly Argument[], attempt: Attempt): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    return this.#guarded(
      attempt,
      () => this.#send('evalsha', [script.sha, ...rest]),
      this.#client,
      (error) => (isForgotten(error) ? this.#send('eval', [script.lua, ...rest]) : Promise.reject(error)),
    );
  }

  #send(name: string, args: Argument[]): Promise<unknown> {
    const command = new Command(name, args, { replyEncoding: 'utf8' });
    return this.#client.sendCommand(command) as Promise<unknown>;
  }

  /** Runs a script and, right behind it on the same connection, a command; answers both, or the second one's error. */
  runAnd(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    [name, ...more]: readonly [string, ...Argument[]],
    attempt: Attempt,
  ): Promise<readonly [reply: unknown, more: unknown]> {
    const both = async (start: readonly [command: string, script: string]): Promise<readonly [unknown, unknown]> => {
      const [command, text] = start;
      const pipeline = this.#client
        .pipeline()
        .call(command, text, keys.length, ...keys, ...args)
        .call(name, ...more);
      const [first, second] = (await pipeline.exec()) as [[Error | null, unknown], [Error | null, unknown]];
      if (first[0] !== null) throw first[0];
      return [first[1], second[0] ?? second[1]];
    };
    return this.#guarded(attempt, async () => {
      try {
        return await both(['EVALSHA', script.sha]);
      } catch (error) {
        if (!isForgotten(error as Error)) throw error;
        return await both(['EVAL', script.lua]);
      }
    }) as Promise<readonly [unknown, unknown]>;
  }

  command(name: string, args: readonly Argument[], attempt: Attempt): Promise<unknown> {
    return this.#guarded(attempt, () => this.#client.call(name, ...args));
  }

  /** As `command`, with bytes in the answer. */
  commandBuffer(name: string, args: readonly Argument[], attempt: Attempt): Promise<unknown> {
    return this.#guarded(attempt, () => this.#client.callBuffer(name, ...args));
  }

  /** What others wait for, too, within the time of this attempt. */
  within<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    return this.#guarded(attempt, work) as Promise<T>;
  }

  /** Hears of what is told on a channel, from when this has resolved. */
  async subscribe(channel: string, attempt: Attempt): Promise<void> {
    if (this.#listening.has(channel)) return;
    await this.#guarded(attempt, () => this.#ears.ssubscribe(channel), this.#ears);
    this.#listening.add(channel);
  }

  async unsubscribe(channel: string): Promise<void> {
    if (!this.#listening.delete(channel) || this.#closed) return;
    // One that is cut off hears nothing anyway.
    await this.#ears.sunsubscribe(channel).catch(() => {});
  }

  /** Whoever listens goes on where he was: first heard of again, then looked at. */
  async #listenAgain(): Promise<void> {
    if (this.#closed || this.#listening.size === 0) return;
    // One that fails is cut off again, and tells when it is not.
    await Promise.all([...this.#listening].map((channel) => this.#ears.ssubscribe(channel).catch(() => {})));
    this.#listener?.connected();
  }

  close(): void {
    this.#closed = true;
    this.#listener = undefined;
    this.#client.disconnect();
    this.#ears.disconnect();
    // A client that is between two attempts to connect tells nobody.
    this.#waits.end(hasEnded());
  }

  /** `instead` is tried once when `work` fails: it rejects with what is to be told. */
  #guarded(
    attempt: Attempt,
    work: () => Promise<unknown>,
    client = this.#client,
    instead?: (error: Error) => Promise<unknown>,
  ): Promise<unknown> {
    if (attempt.signal?.aborted) return Promise.reject(attempt.signal.reason as Error);
    return new Promise((resolve, reject) => {
      const wait = new Wait(this.#waits, attempt, resolve, reject);
      if (this.#isReady(client)) {
        // One caller alone waits for nobody.
        if (this.#waits.size > 1) this.#together(client);
        wait.on(work(), instead);
        return;
      }
      this.#ready(client).then(
        () => {
          // Who has given up is not to find it done later.
          if (!wait.over) wait.on(work(), instead);
        },
        (error: unknown) => wait.failed(error),
      );
    });
  }

  /** What is sent in one turn of the event loop goes out in one piece. */
  #together(client: Client): void {
    if (this.#corked !== undefined || client !== this.#client) return;
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    this.#corked = nodes.flatMap(({ stream }) => (stream as Redis['stream'] | undefined) ?? []);
    for (const stream of this.#corked) stream.cork();
    this.#system.runtime.turns.beforeIo(this.#uncork);
  }

  readonly #uncork = (): void => {
    for (const stream of this.#corked ?? []) stream.uncork();
    this.#corked = undefined;
  };

  #isReady(client: Client): boolean {
    return client.status === 'ready' && !this.#closed && (client !== this.#client || this.#isChecked);
  }

  /** Resolves when commands can be sent; rejects with why not, as soon as that is known. */
  async #ready(client: Client): Promise<void> {
    if (this.#closed) throw hasEnded();
    if (client.status !== 'ready') await this.#connected(client);
    if (client !== this.#client) return;
    this.#checked ??= this.#check();
    const checking = this.#checked;
    await checking;
    this.#isChecked = this.#checked === checking;
  }

  /** One wait for all who wait. */
  async #connected(client: Client): Promise<void> {
    let waiting = this.#waiting.get(client);
    if (waiting === undefined) {
      waiting = nextState(client, () => this.#last).finally(() => this.#waiting.delete(client));
      this.#waiting.set(client, waiting);
      if (client.status === 'wait' || client.status === 'end') client.connect().catch(() => {});
    }
    await waiting;
  }

  async #check(): Promise<void> {
    try {
      const info = await this.#client.call('INFO', 'server').catch((error: Error) => {
        // A service that does not tell.
        if (!error.message.startsWith('NOPERM')) throw error;
        return '';
      });
      checkVersion(String(info), this.#fsync);
      await checkRights((command, ...args) => this.#client.call(command, ...args), this.#prefix);
    } catch (error) {
      // Rights are given, and servers replaced.
      this.#checked = undefined;
      throw error;
    }
  }
}

/** To the server that the settings name. */
export const linkTo: MakeLink = (system, settings) => new RedisLink(system, settings);

/** The server does not know the script any more. */
const isForgotten = (error: Error): boolean => error.message.startsWith('NOSCRIPT');

const hasEnded = (): StateError => new StateError('unavailable', 'redis: the system has ended');

/** Resolves when a connection is there; rejects when an attempt to make one has failed. */
function nextState(client: Client, last: () => Error | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const ready = (): void => settle(() => resolve());
    const failed = (error?: Error): void => settle(() => reject(error ?? last() ?? new Error('connection is closed')));
    const settle = (done: () => void): void => {
      client.off('ready', ready);
      client.off('error', failed);
      client.off('close', failed);
      done();
    };
    client.on('ready', ready);
    client.on('error', failed);
    client.on('close', failed);
  });
}

/**
 * Throws RedisError `redis_too_old` for what INFO says; `fsync`: whether commits wait for disks. Valkey says a version of
 * Redis that it stands for, too.
 */
export function checkVersion(info: string, fsync: boolean): void {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1];
  if (version === undefined) return;
  const needs = (least: string, what: string): void => {
    if (version.localeCompare(least, 'en', { numeric: true }) < 0)
      throw new RedisError('redis_too_old', `the server is ${version}; ${what} needs ${least}`);
  };
  needs(oldest, 'sharded publish/subscribe');
  if (fsync) needs(oldestToWaitForDisks, '`durability: { fsync: true }`, which is WAITAOF,');
}

/** Connections of our own, also when a client is given: how it sends again what was lost is not for us. */
function connectionOf({ url, client, cluster, options }: RedisSource): Client {
  const clusterOptions = {
    enableOfflineQueue: false,
    lazyConnect: true,
    retryDelayOnFailover: 0,
    shardedSubscribers: true,
    clusterRetryStrategy: (times: number) => Math.min(10 * 2 ** Math.min(times, 10), longestPauseMs),
  };
  const perNode = { ...options, ...ours };
  for (const clusters of ['enableOfflineQueue', 'retryStrategy', 'lazyConnect'] as const) delete perNode[clusters];
  if (client instanceof Cluster) {
    const redisOptions = { ...client.options.redisOptions, ...perNode } as object;
    return client.duplicate(undefined, { ...clusterOptions, redisOptions });
  }
  if (client !== undefined) return client.duplicate(ours);
  if (cluster !== undefined) return new Cluster([...cluster], { ...clusterOptions, redisOptions: perNode as object });
  const whole = { ...options, ...ours } as object;
  return url === undefined ? new Redis(whole) : new Redis(url, whole);
}
