/** What is measured: a coordinator and a worker as their containers run them, on a Redis of its own, and a client. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { SessionService } from '../../bridge/protocol/gen/sessions_pb.js';
import { ToolService } from '../../bridge/protocol/gen/tools_pb.js';
import { VariableService } from '../../bridge/protocol/gen/variables_pb.js';
import { encodeMap } from '../../bridge/protocol/index.ts';
import { type SingleRedis, startProxy, startRedis, type WireProxy } from '../../testing/index.ts';
import { childOf, MeasuredProcess, memoryBytes, processorUs } from './measured-process.ts';

const deploy = fileURLToPath(new URL('..', import.meta.url));
const checkout = join(deploy, '..');
const token = 'the-token-of-who-measures-what-it-costs';

/** What everybody has used so far. */
export interface Used {
  readonly coordinatorUs: number;
  readonly redisUs: number;
  readonly workerUs: number;
  readonly clientBytes: number;
  readonly redisBytes: number;
  readonly workerBytes: number;
  readonly redisMemory: number;
  readonly coordinatorMemory: number;
}

export class BenchSystem implements AsyncDisposable {
  readonly redis: SingleRedis;
  readonly #coordinator: MeasuredProcess;
  readonly #proxies: { readonly services: WireProxy; readonly joins: WireProxy };
  readonly #folder: string;
  #worker: { readonly process: MeasuredProcess; readonly pid: number } | undefined;

  static async start(): Promise<BenchSystem> {
    const redis = await startRedis({ kind: 'single', config: { appendonly: 'yes', appendfsync: 'everysec' } });
    const folder = mkdtempSync(join(tmpdir(), 'ophion-sizing-'));
    writeFileSync(join(folder, 'join'), 'a-join-token-that-nobody-else-knows', { mode: 0o600 });
    const scopes = ['call', 'read', 'write'];
    writeFileSync(join(folder, 'clients'), JSON.stringify([{ name: 'me', token, scopes }]));
    const env = {
      OPHION_MODULE: 'my_tools',
      OPHION_HOST: '127.0.0.1',
      OPHION_PORT: '0',
      OPHION_JOIN_PORT: '0',
      OPHION_CLIENT_TOKENS: join(folder, 'clients'),
      OPHION_JOIN_TOKENS: join(folder, 'join'),
      OPHION_CLIENT_REQUESTS: '1000000',
      OPHION_CLIENT_STREAMS: '100000',
      OPHION_STREAMS: '100000',
      REDIS_URL: redis.url,
    };
    const program = ['--import', 'tsx', join(deploy, 'coordinator.ts')];
    const coordinator = new MeasuredProcess(process.execPath, program, env, checkout);
    const { services, joins } = JSON.parse(await coordinator.says(/"text":"ready"/)) as Record<string, string>;
    const to = (address = '') => startProxy({ upstream: { port: Number(address.split(':').at(-1)) } });
    const proxies = { services: await to(services), joins: await to(joins) };
    return new BenchSystem(redis, coordinator, proxies, folder);
  }

  private constructor(
    redis: SingleRedis,
    coordinator: MeasuredProcess,
    proxies: { readonly services: WireProxy; readonly joins: WireProxy },
    folder: string,
  ) {
    this.redis = redis;
    this.#coordinator = coordinator;
    this.#proxies = proxies;
    this.#folder = folder;
  }

  /** Starts the worker; resolves when it serves. */
  async join(): Promise<void> {
    const env = {
      OPHION_MODULE: 'my_tools',
      OPHION_JOIN: `http://${this.#proxies.joins.target}`,
      OPHION_JOIN_TOKEN: join(this.#folder, 'join'),
      OPHION_PYTHON: join(checkout, '.venv', 'bin', 'python'),
    };
    const process = new MeasuredProcess(join(deploy, 'worker.sh'), [], env, join(deploy, 'tools'));
    this.#worker = { process, pid: process.pid };
    const call = { tool: 'greet', arguments: encodeMap({ name: 'nobody' }, 'arguments') };
    // It waits for a worker; that there is no session is its result.
    await this.client().tools.callTool({ call }, { ...this.as, timeoutMs: 30_000 });
    this.#worker = { process, pid: childOf(process.pid) };
  }

  readonly as = { headers: { authorization: `Bearer ${token}` } };

  client() {
    const transport = createGrpcTransport({ baseUrl: `http://${this.#proxies.services.target}` });
    return {
      sessions: createClient(SessionService, transport),
      variables: createClient(VariableService, transport),
      tools: createClient(ToolService, transport),
    };
  }

  get workerMemory(): number {
    // The keeper is part of what a worker costs.
    return this.#worker === undefined ? 0 : memoryBytes(this.#worker.pid) + memoryBytes(this.#worker.process.pid);
  }

  async used(): Promise<Used> {
    const info = String(await this.redis.node.command('INFO', 'everything'));
    const told = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
    const { services, joins } = this.#proxies;
    return {
      coordinatorUs: processorUs(this.#coordinator.pid),
      redisUs: (told('used_cpu_user') + told('used_cpu_sys')) * 1e6,
      workerUs: this.#worker === undefined ? 0 : processorUs(this.#worker.pid),
      clientBytes: bytesOf(services),
      redisBytes: told('total_net_input_bytes') + told('total_net_output_bytes'),
      workerBytes: bytesOf(joins),
      redisMemory: told('used_memory'),
      coordinatorMemory: memoryBytes(this.#coordinator.pid),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.process[Symbol.asyncDispose]();
    await this.#coordinator[Symbol.asyncDispose]();
    await Promise.all([this.#proxies.services.stop(), this.#proxies.joins.stop(), this.redis.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const bytesOf = ({ connections }: WireProxy): number =>
  connections.reduce((sum, { toServer, toClient }) => sum + toServer.receivedBytes + toClient.receivedBytes, 0);
