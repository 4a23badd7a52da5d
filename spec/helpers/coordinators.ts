/** The programs of deploy/ as processes: coordinators on one Redis, a balancer before them, and workers that join. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { Health } from '../../bridge/protocol/gen/health_pb.js';
import { SessionService } from '../../bridge/protocol/gen/sessions_pb.js';
import { ToolService } from '../../bridge/protocol/gen/tools_pb.js';
import { VariableService } from '../../bridge/protocol/gen/variables_pb.js';
import { untilPasses } from '../../testing/index.ts';
import { freePorts } from '../../testing/redis/server-process.ts';
import { Signal } from './signal.ts';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));
const token = 'a-token-that-may-do-everything-here';
const joinToken = 'a-join-token-that-all-coordinators-know';

type Environment = Readonly<Record<string, string>>;

/** A process, what it has said, and how it ended. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly #changed = new Signal();
  said = '';

  constructor(command: string, args: readonly string[], env: Environment, cwd = checkout) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(OPHION_|REDIS_)/.test(name));
    const stdio = ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'];
    this.child = spawn(command, args, { cwd, env: { ...Object.fromEntries(inherited), ...env }, stdio });
    for (const pipe of [this.child.stdout, this.child.stderr])
      pipe?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
        this.#changed.fire();
      });
    let over = false;
    this.ended = once(this.child, 'close').then(([code]) => {
      over = true;
      this.#changed.fire();
      return code;
    });
    this.#over = () => over;
  }

  readonly #over: () => boolean;

  /** Resolves when it has said so; rejects, with what it said instead, when it ended first. */
  async says(what: RegExp): Promise<void> {
    await this.#changed.until(() => what.test(this.said) || this.#over());
    if (!what.test(this.said)) throw new Error(`it ended without a word of ${what}:\n${this.said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Starts it again whenever it ends, as Docker, Kubernetes and systemd do. */
export class Restarted implements AsyncDisposable {
  readonly #start: () => Program;
  readonly codes: (number | null)[] = [];
  program: Program;
  #stopped = false;
  readonly #over: Promise<void>;

  constructor(start: () => Program) {
    this.#start = start;
    this.program = start();
    this.#over = this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      this.codes.push(await this.program.ended);
      if (this.#stopped) return;
      this.program = this.#start();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.program.child.kill('SIGKILL');
    await this.#over;
  }
}

/** Clients of one address. */
export function clientsOf(port: number) {
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  return {
    sessions: createClient(SessionService, transport),
    variables: createClient(VariableService, transport),
    tools: createClient(ToolService, transport),
    health: createClient(Health, transport),
  };
}
export const as = { headers: { authorization: `Bearer ${token}` }, timeoutMs: 20_000 };

/** Where two coordinators and their balancer listen, and with what each program is started. */
export async function place(file: (name: string) => string) {
  const [servicesOne, joinsOne, servicesTwo, joinsTwo, services, joins] = await freePorts(6);
  const ports = { one: { services: servicesOne, joins: joinsOne }, two: { services: servicesTwo, joins: joinsTwo } };
  writeFileSync(file('client.json'), JSON.stringify([{ name: 'me', token, scopes: ['call', 'read', 'write'] }]));
  writeFileSync(file('join.tokens'), `${joinToken}\n`, { mode: 0o600 });
  const common = {
    OPHION_MODULE: 'deploy_tools',
    OPHION_HOST: '127.0.0.1',
    OPHION_CLIENT_TOKENS: file('client.json'),
    OPHION_JOIN_TOKENS: file('join.tokens'),
  };
  const environment = (which: 'one' | 'two', more: Environment = {}): Environment => ({
    ...common,
    OPHION_PORT: String(ports[which].services),
    OPHION_JOIN_PORT: String(ports[which].joins),
    OPHION_ADVERTISE: `127.0.0.1:${ports[which].joins}`,
    ...more,
  });
  return {
    one: ports.one.services as number,
    two: ports.two.services as number,
    balanced: services as number,
    environment,
    coordinator: async (which: 'one' | 'two', more?: Environment) => {
      const started = coordinator(environment(which, more));
      await started.says(/"text":"ready"/);
      return started;
    },
    balancer: async () => {
      const started = new Program('haproxy', ['-db', '-f', join(checkout, 'deploy', 'haproxy.cfg')], {
        OPHION_BIND: '127.0.0.1',
        OPHION_PORT: String(services),
        OPHION_JOIN_PORT: String(joins),
        OPHION_SERVICES_1: `127.0.0.1:${servicesOne}`,
        OPHION_SERVICES_2: `127.0.0.1:${servicesTwo}`,
        OPHION_JOINS_1: `127.0.0.1:${joinsOne}`,
        OPHION_JOINS_2: `127.0.0.1:${joinsTwo}`,
      });
      await untilPasses(() => clientsOf(services as number).health.check({}), { withinMs: 20_000 });
      return started;
    },
    /** Joins through the balancer. */
    worker: (more: Environment = {}) =>
      new Restarted(() => {
        const env = {
          OPHION_MODULE: 'deploy_tools',
          OPHION_JOIN: `http://127.0.0.1:${joins}`,
          OPHION_JOIN_TOKEN: file('join.tokens'),
          OPHION_PYTHON: join(checkout, '.venv', 'bin', 'python'),
          ...more,
        };
        return new Program(join(checkout, 'deploy', 'worker.sh'), [], env, join(checkout, 'spec', 'fixtures'));
      }),
    joins: joins as number,
    joinTokens: file('join.tokens'),
  };
}

export const coordinator = (env: Environment): Program =>
  new Program(process.execPath, ['--import', 'tsx', join('deploy', 'coordinator.ts')], env);
