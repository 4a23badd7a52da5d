/** A server that was started for a test: its process, its folder, its faults. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, nodeRuntime } from '../../actors/core/index.ts';
import { RedisHarnessError } from './errors.ts';
import type { RedisNode } from './node.ts';
import { type RedisReply, RespClient, RespConnection } from './resp.ts';
import { eventually, freePorts, type ServerProcess, startProcess } from './server-process.ts';

export interface OwnNodeInput {
  readonly command: string;
  /** Its data are in here; made when it is not there. */
  readonly folder: string;
  readonly password: string;
  readonly cluster: boolean;
  /** Directives on top of the harness's own. */
  readonly config: Readonly<Record<string, string>>;
  readonly readyTimeoutMs: number;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Somebody else may take a port between finding it and using it. */
const portTries = 5;
/** How long a server may take over its last words before it is killed. */
const stopMs = 10_000;
/** How long an answer may take, on top of what it was told to wait. */
const answerMs = 10_000;
/** A port where nobody ever listens: a primary that cannot be reached. */
const nowhere: Place = { host: '127.0.0.1', port: 1 };

export class OwnNode implements RedisNode {
  readonly host = '127.0.0.1';
  readonly password: string;
  readonly #input: OwnNodeInput;
  readonly #clock: Clock = nodeRuntime().clock;
  #port = 0;
  #busPort = 0;
  #process: ServerProcess | undefined;
  readonly #client = new RespClient(() => this.#place());
  #following: Place | undefined;
  #readOnly = false;
  #pausedUntilMs = 0;
  #memory: { readonly max: string; readonly policy: string } | undefined;

  constructor(input: OwnNodeInput) {
    this.#input = input;
    this.password = input.password;
    mkdirSync(input.folder, { recursive: true, mode: 0o700 });
  }

  get port(): number {
    return this.#port;
  }

  /** Where other nodes of a cluster reach it. */
  get busPort(): number {
    return this.#busPort;
  }

  get url(): string {
    return `redis://:${this.password}@${this.host}:${this.#port}`;
  }

  get osPid(): number | undefined {
    return this.#process?.osPid;
  }

  async command(...words: readonly (string | number)[]): Promise<RedisReply> {
    this.#running();
    return this.#client.command(words);
  }

  async pause(ms: number, what: 'all' | 'write' = 'all'): Promise<void> {
    if (what === 'all') this.#pausedUntilMs = this.#clock.monotonicMs() + ms;
    await this.command('CLIENT', 'PAUSE', ms, what.toUpperCase());
  }

  async killClients(): Promise<number> {
    const killed = [];
    for (const type of ['normal', 'pubsub']) killed.push(await this.command('CLIENT', 'KILL', 'TYPE', type));
    return killed.reduce((sum: number, count) => sum + Number(count), 0);
  }

  async sleep(ms: number): Promise<void> {
    this.#running();
    await this.#client.command(['DEBUG', 'SLEEP', ms / 1_000], ms + answerMs);
  }

  freeze(): void {
    process.kill(this.#running().osPid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#running().osPid, 'SIGCONT');
  }

  async makeReadOnly(): Promise<void> {
    await this.command('REPLICAOF', nowhere.host, nowhere.port);
    this.#readOnly = true;
  }

  /** Makes it a replica of another one, or a primary. Stays so over restarts. */
  async follow(primary: Place | undefined): Promise<void> {
    this.#following = primary === undefined ? undefined : { host: primary.host, port: primary.port };
    this.#readOnly = false;
    if (this.#process === undefined) return;
    await (primary === undefined
      ? this.command('REPLICAOF', 'NO', 'ONE')
      : this.command('REPLICAOF', primary.host, primary.port));
  }

  async limitMemory(bytes: number): Promise<void> {
    const now = async (name: string) => String(((await this.command('CONFIG', 'GET', name)) as string[])[1]);
    this.#memory ??= { max: await now('maxmemory'), policy: await now('maxmemory-policy') };
    await this.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', bytes);
  }

  async kill(): Promise<void> {
    await this.#end((running) => running.kill());
  }

  async stop(): Promise<void> {
    await this.#end((running) => {
      // A frozen one hears nothing.
      process.kill(running.osPid, 'SIGCONT');
      running.terminate();
      const timer = this.#clock.setTimer(stopMs, () => running.kill());
      void running.exited.then(() => timer.cancel());
    });
  }

  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const again = this.#port !== 0;
    for (let left = portTries; ; left -= 1) {
      if (!again) [this.#port, this.#busPort] = (await freePorts(2)) as [number, number];
      const running = await startProcess(this.#input.command, ['-'], this.#configuration());
      try {
        await this.#untilReady(running);
        this.#process = running;
        // Told by nobody: whoever speaks to it next finds out.
        void running.exited.then(() => this.#forget(running));
        return;
      } catch (error) {
        running.kill();
        await running.gone;
        const taken = /address already in use/i.test((error as Error).message);
        if (again || !taken || left === 1) throw error;
      }
    }
  }

  async heal(): Promise<void> {
    if (this.#process === undefined) await this.start();
    else this.thaw();
    // Held back itself by a pause of everything.
    const pausedMs = Math.max(0, this.#pausedUntilMs - this.#clock.monotonicMs());
    await this.#client.command(['CLIENT', 'UNPAUSE'], pausedMs + answerMs);
    if (this.#readOnly) await this.follow(this.#following);
    const memory = this.#memory;
    if (memory !== undefined) {
      await this.command('CONFIG', 'SET', 'maxmemory', memory.max, 'maxmemory-policy', memory.policy);
    }
    this.#memory = undefined;
  }

  #place() {
    return { host: this.host, port: this.#port, password: this.password, clock: this.#clock };
  }

  #running(): ServerProcess {
    if (this.#process === undefined) {
      throw new RedisHarnessError('redis_not_running', `the server of port ${this.#port} does not run`);
    }
    return this.#process;
  }

  #forget(running: ServerProcess): void {
    if (this.#process !== running) return;
    this.#process = undefined;
    this.#client.close();
    // These were its own alone; its role is in its configuration.
    this.#memory = undefined;
    this.#readOnly = false;
    this.#pausedUntilMs = 0;
  }

  async #end(end: (running: ServerProcess) => void): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    end(running);
    await running.gone;
    this.#forget(running);
  }

  /** It answers PING, and it is the process that was started and no other. */
  async #untilReady(running: ServerProcess): Promise<void> {
    const { readyTimeoutMs } = this.#input;
    let ended = false;
    void running.exited.then(() => {
      ended = true;
    });
    const ready = await eventually(this.#clock, readyTimeoutMs, async () => {
      if (ended) return true;
      let connection: RespConnection | undefined;
      try {
        connection = await RespConnection.open(this.#place());
        await connection.command(['PING']);
        const info = String(await connection.command(['INFO', 'server']));
        return new RegExp(`^process_id:${running.osPid}\\r$`, 'm').test(info);
      } catch {
        // Not yet: it does not listen, or loads its data.
        return false;
      } finally {
        connection?.close();
      }
    });
    if (ready && !ended) return;
    const why = ended ? 'ended' : `was not ready within ${readyTimeoutMs} ms`;
    const said = running.output();
    throw new RedisHarnessError('redis_start_failed', `${this.#input.command} ${why}; its last output:\n${said}`);
  }

  /** Read from standard input: the password is in no file, argument or environment. */
  #configuration(): string {
    const { folder, cluster, config } = this.#input;
    const directives: Record<string, string> = {
      bind: this.host,
      port: String(this.#port),
      'protected-mode': 'yes',
      dir: folder,
      requirepass: this.password,
      masterauth: this.password,
      'enable-debug-command': 'local',
      // What was answered is in the file before the answer is out: it survives a kill of the process.
      appendonly: 'yes',
      appendfsync: 'no',
      save: '',
      'repl-diskless-sync-delay': '0',
      ...(cluster
        ? {
            'cluster-enabled': 'yes',
            'cluster-port': String(this.#busPort),
            'cluster-config-file': join(folder, 'nodes.conf'),
            'cluster-node-timeout': '5000',
          }
        : {}),
      ...(this.#following === undefined ? {} : { replicaof: `${this.#following.host} ${this.#following.port}` }),
      ...config,
    };
    return Object.entries(directives)
      .map(([name, value]) => `${name} ${name === 'replicaof' ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`}\n`)
      .join('');
  }
}
