/** One session: clients in both languages that use it, who watches it, and what is found in the end. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { StateProvider, StateSession } from '../../../actors/state/index.ts';
import { type Context, openContext } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import { declared, firstToken } from '../session-chaos/draw.ts';
import { judge } from '../session-chaos/judge.ts';
import { CommitLog } from '../session-chaos/log.ts';
import { PythonClient } from '../session-chaos/python-client.ts';
import { Records, versioned } from '../session-chaos/records.ts';
import { type Totals, totalsOf } from '../session-chaos/totals.ts';
import { TypescriptClient } from '../session-chaos/typescript-client.ts';
import { Watches } from '../session-chaos/watches.ts';
import { sleep } from '../sleep.ts';
import type { AllHost, Backend } from './host.ts';

export interface UseOptions {
  readonly host: AllHost;
  readonly backend: Backend;
  readonly id: string;
  readonly random: RandomStream;
  /** How long a watch may take for the last commits, in milliseconds. */
  readonly graceMs: number;
  /** Is told of every so many operations. */
  readonly made: (operations: number) => void;
}

/** On the session itself, through a context, calls of Python. */
export const clients = { session: 2, context: 1, python: 2 } as const;
/** How long a client waits between two operations, at most. */
const pauseMs = 20;
/** What a call may end with when the store itself is not to be had. */
const mayLose = {
  bridged: ['worker_lost'],
  redis: ['worker_lost', 'unavailable', 'read_only', 'redis_not_safe'],
} as const;

export class UsedSession {
  readonly context: Context;
  readonly #direct: StateSession;
  readonly #options: UseOptions;
  readonly #provider: StateProvider;
  readonly #log: CommitLog;
  readonly #watches: Watches;
  readonly #records = new Records();
  readonly #python: readonly PythonClient[];
  readonly #running: Promise<unknown>;
  #over = false;

  /** Resolves when it is used and watched. */
  static async begin(options: UseOptions): Promise<UsedSession> {
    const { host, backend, id } = options;
    const { state, direct } = host.backends[backend];
    const variables = declared(firstToken);
    const context = (await openContext(host.ophion, { id, state, variables })) as unknown as Context;
    const at = { system: host.system, root: host.ophion.path };
    return new UsedSession(options, {
      context,
      direct: await direct.connect(at).find(id),
      // What clients ask goes through a door with faults behind it.
      provider: host.doors.provider(state.connect(at)),
      watched: await state.connect(at).find(id),
      first: await (await direct.connect(at).find(id)).read(),
    });
  }

  private constructor(
    options: UseOptions,
    {
      context,
      direct,
      provider,
      watched,
      first,
    }: {
      readonly context: Context;
      readonly direct: StateSession;
      readonly provider: StateProvider;
      readonly watched: StateSession;
      readonly first: Awaited<ReturnType<StateSession['read']>>;
    },
  ) {
    const { host, backend, id, random } = options;
    this.#options = options;
    this.context = context;
    this.#direct = direct;
    this.#provider = provider;
    this.#log = new CommitLog(direct, first);
    const folder = join(host.folder, id);
    mkdirSync(folder);
    this.#watches = new Watches({
      session: watched,
      context,
      first,
      // A tool on Redis ends when the server does not answer it; that of a watch is to be there all through.
      folder: backend === 'redis' ? undefined : folder,
      pause: () => Promise.resolve(),
      told: () => Promise.resolve(),
    });
    this.#python = Array.from({ length: clients.python }, (_, n) => {
      const name = `${id}.p${n + 1}`;
      const records = this.#records;
      return new PythonClient({
        name,
        context,
        records,
        folder,
        random: random.split(name),
        mayLose: mayLose[backend],
      });
    });
    const typescript = Array.from({ length: clients.session + clients.context }, (_, n) => this.#typescript(n));
    const turns = [...typescript, ...this.#python.map((client) => () => client.call())];
    this.#running = Promise.all(turns.map((turn, n) => this.#loop(turn, random.split(`pauses ${n}`))));
  }

  #typescript(n: number): () => Promise<number> {
    const { id, random } = this.#options;
    const name = `${id}.t${n + 1}`;
    const client = new TypescriptClient({
      name,
      provider: this.#provider,
      sessionId: id,
      context: n < clients.session ? undefined : this.context,
      handle: `${id}.context`,
      records: this.#records,
      random: random.split(name),
    });
    return () => client.operate().then(() => 1);
  }

  async #loop(turn: () => Promise<number>, random: RandomStream): Promise<void> {
    while (!this.#over) {
      this.#options.made(await turn());
      await sleep(random.below(pauseMs + 1));
    }
  }

  /** Resolves when each client has ended what it was at. */
  async stop(): Promise<void> {
    this.#over = true;
    await this.#running;
  }

  /** Holds all that was told against all that was committed; then closes it, and nothing of it is left. */
  async end(): Promise<{ readonly totals: Totals; readonly wrong: readonly string[] }> {
    const { graceMs } = this.#options;
    const wrong = this.#python.flatMap((client) => client.wrong);
    // What a watch may still be told is behind this.
    await this.#records
      .session(this.#direct, { client: 'end', kind: 'end', token: 'end' })
      .commit({ set: { done: true, mark: 'end' } }, { timeoutMs: graceMs });
    await this.#log.catchUp();
    const reading = await this.#direct.read(undefined, { timeoutMs: graceMs });
    if (
      !isDeepStrictEqual(this.#log.states().at(-1), {
        revision: reading.revision,
        values: versioned(reading.variables),
      })
    )
      wrong.push('at last it is something else than by its history');
    const calls = this.#python.map((client) => client.recorded());
    const records = [...this.#records.all, ...calls.flatMap((one) => one.records)];
    const begunNs = new Map(calls.flatMap((one) => [...one.begunNs]));
    const found = judge(records, begunNs, this.#log);
    wrong.push(...found.wrong, ...(await this.#watches.judge(this.#log, reading, graceMs)));
    await this.context.close();
    const { events, folded, resumed } = this.#watches;
    const lostCalls = this.#python.reduce((sum, { lost }) => sum + lost, 0);
    const commits = this.#log.commits.length;
    const totals = totalsOf(records, {
      happened: found.happened,
      hit: {},
      lostCalls,
      commits,
      events,
      folded,
      resumed,
    });
    return { totals, wrong: wrong.map((one) => `${this.#options.id}: ${one}`) };
  }
}
