/**
 * Three hosts, each a process, use the same sessions on one Redis, in TypeScript and in Python, while hosts are killed
 * and cut off, and the server is stopped, paused, killed, restarted, filled, made a replica, and its connections are
 * killed. Then all that each client was told is held against all that was committed, as of any state
 * (`session-chaos/judge.ts`), and what watches were told against both. The small run is a test; `npm run soak -- redis`
 * runs the full one.
 *
 * Nothing that was answered may be lost: the server has it in its append-only file before it answers, so also when it is
 * killed. Every other run waits for the disk as well (`durability.fsync`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RedisStateOptions } from '../../actors/state/redis/index.ts';
import { RandomStream, type SingleRedis, startProxy, startRedis, type WireProxy } from '../../testing/index.ts';
import { HostProcesses } from './redis/hosts.ts';
import { Injuries, type Injury, injuries } from './redis/injuries.ts';
import { readJournals } from './redis/journal.ts';
import { type Looked, type Observer, startObserver } from './redis/observer.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { judge } from './session-chaos/judge.ts';
import { versioned } from './session-chaos/records.ts';
import { summed, type Totals, totalsOf } from './session-chaos/totals.ts';

export interface RedisChaosOptions {
  /** How many servers, one after the other. The full run: 10. */
  readonly runs: HowLong;
  /** How much goes wrong in each run; as often as there are kinds of it, each happens once. The full run: 100. */
  readonly strikes: number;
  /** How many of the three hosts have a worker that uses the sessions, too. Default all. */
  readonly workers?: number;
  /** Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface RedisChaosReport extends Report, Omit<Totals, 'resumed' | 'lostCalls'> {
  readonly runs: number;
  /** How many processes were hosts. */
  readonly hosts: number;
  readonly run: string;
}

const sessions = ['one', 'two'] as const;
const hostCount = 3;
/** How many operations are made between two things that go wrong, at least. */
const between = 40;
/** How long a watch may take for the last commits. */
const graceMs = 20_000;
const limits = { historyMax: 100_000, historyBytesMax: 512 * 1024 * 1024, outcomesMax: 100_000 };
/** Of a run: what is wrong once is wrong often. */
const mostSaid = 10;

/** Resolves when all runs are judged. */
export async function redisChaos(options: RedisChaosOptions): Promise<RedisChaosReport> {
  const { runs, seed = 1, say = () => {} } = options;
  const wrong: string[] = [];
  const totals: Totals[] = [];
  const runMs: number[] = [];
  let hosts = 0;
  for (const lap of laps(runs)) {
    const startMs = performance.now();
    const run = await RedisChaosRun.begin(options, lap, new RandomStream(`${seed} redis ${lap}`), say);
    try {
      const ran = await run.run();
      totals.push(ran.totals);
      wrong.push(...ran.wrong.slice(0, mostSaid).map((one) => `run ${lap + 1}: ${one}`));
      say(`run ${lapOf(lap, runs)}: ${ran.totals.operations} operations, ${ran.totals.commits} commits`);
    } finally {
      hosts += await run.end();
    }
    runMs.push(performance.now() - startMs);
  }
  const { resumed: _resumed, lostCalls: _lostCalls, ...sums } = summed(totals);
  return { runs: runMs.length, hosts, ...sums, run: spread(runMs), wrong };
}

class RedisChaosRun {
  readonly #options: RedisChaosOptions;
  readonly #random: RandomStream;
  readonly #say: Say;
  readonly #redis: SingleRedis;
  readonly #proxies: readonly WireProxy[];
  readonly #observer: Observer;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ophion-soak-'));
  readonly #hosts = new HostProcesses();
  readonly #state: (proxy: number) => RedisStateOptions;
  #started = 0;
  #starting: Promise<void> = Promise.resolve();

  static async begin(options: RedisChaosOptions, lap: number, random: RandomStream, say: Say): Promise<RedisChaosRun> {
    const fsync = lap % 2 === 1;
    const redis = await startRedis({ kind: 'single', config: { appendfsync: fsync ? 'always' : 'no' } });
    const upstream = { port: redis.node.port };
    const proxies = await Promise.all(Array.from({ length: hostCount + 1 }, () => startProxy({ upstream })));
    const state = (proxy: number): RedisStateOptions => {
      const { port } = (proxies[proxy] as WireProxy).address as { port: number };
      const url = `redis://:${redis.node.password}@127.0.0.1:${port}`;
      return { url, limits, sweepMs: 1_000, durability: fsync ? { fsync, timeoutMs: 3_000 } : {} };
    };
    const direct = { ...state(hostCount), url: redis.url };
    const observer = await startObserver({ sessions, watched: state(hostCount), direct });
    return new RedisChaosRun(options, random, say, redis, proxies, observer, state);
  }

  private constructor(
    options: RedisChaosOptions,
    random: RandomStream,
    say: Say,
    redis: SingleRedis,
    proxies: readonly WireProxy[],
    observer: Observer,
    state: (proxy: number) => RedisStateOptions,
  ) {
    this.#options = options;
    this.#random = random;
    this.#say = say;
    this.#redis = redis;
    this.#proxies = proxies;
    this.#observer = observer;
    this.#state = state;
  }

  async run(): Promise<{ readonly totals: Totals; readonly wrong: readonly string[] }> {
    const { strikes } = this.#options;
    await Promise.all(Array.from({ length: hostCount }, (_, n) => this.#start(n)));
    const killer = new Injuries({
      node: this.#redis.node,
      hosts: this.#hosts,
      proxies: this.#proxies,
      replace: async () => {
        await this.#starting;
        // All goes on meanwhile.
        this.#starting = this.#start(this.#started % hostCount);
      },
      random: this.#random.split('injuries'),
      once: strikes <= injuries.length,
    });
    for (let strike = 0; strike < strikes; strike += 1) {
      const due = this.#hosts.made + between;
      await this.#hosts.changed.until(() => this.#hosts.made >= due || this.#hosts.names.length === 0);
      const injury: Injury = await killer.strike();
      this.#say(`${strike + 1} of ${strikes}: ${injury}; ${this.#hosts.made} operations`);
    }
    await this.#starting;
    const wrong = [...(await this.#hosts.stop())];
    const totals: Totals[] = [];
    for (const looked of this.#observer.looked) totals.push(await this.#judge(looked, wrong));
    return { totals: { ...summed(totals), hit: killer.counts }, wrong };
  }

  /** Resolves to how many hosts there were, when nothing of the run is left. */
  async end(): Promise<number> {
    await Promise.all(this.#hosts.names.map((name) => this.#hosts.kill(name)));
    await this.#observer.stop();
    await Promise.all(this.#proxies.map((proxy) => proxy.stop()));
    await this.#redis.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#started;
  }

  #start(proxy: number): Promise<void> {
    const { workers = hostCount } = this.#options;
    this.#started += 1;
    const name = `h${this.#started}`;
    const clients = { session: 3, context: 2, python: proxy < workers ? 2 : 0 };
    const seed = String(this.#random.split(name).below(1_000_000_000));
    const redis = this.#state(proxy);
    return this.#hosts.start({ name, sessions, clients, pauseMs: 40, folder: this.#folder, seed, redis });
  }

  async #judge({ sessionId, direct, log, watches }: Looked, wrong: string[]): Promise<Totals> {
    const of = (one: string) => `${sessionId}: ${one}`;
    const { records, begunNs } = readJournals(this.#folder, sessionId);
    // What a watch may still be told is behind this.
    await direct.commit({ set: { done: true } });
    await log.catchUp();
    const reading = await direct.read();
    const last = log.states().at(-1);
    if (!isDeepStrictEqual(last, { revision: reading.revision, values: versioned(reading.variables) }))
      wrong.push(of('at last it is something else than by its history'));
    const found = judge(records, begunNs, log);
    wrong.push(...found.wrong.map(of), ...(await watches.judge(log, reading, graceMs)).map(of));
    const { events, folded } = watches;
    const { happened } = found;
    return totalsOf(records, {
      happened,
      hit: {},
      lostCalls: 0,
      commits: log.commits.length,
      events,
      folded,
      resumed: 0,
    });
  }
}
