/** One run: one session, its clients and its watches, what goes wrong meanwhile, and what is found in the end. */
import { isDeepStrictEqual } from 'node:util';
import { isActorError } from '../../../actors/core/index.ts';
import type { Commit, StateSession } from '../../../actors/state/index.ts';
import { type Context, openContext, pythonTool } from '../../../index.ts';
import { leftBySystem, type RandomStream } from '../../../testing/index.ts';
import { Signal } from '../../helpers/signal.ts';
import { declared, firstToken } from './draw.ts';
import type { ChaosHost } from './host.ts';
import { judge } from './judge.ts';
import { Killer } from './killer.ts';
import { CommitLog } from './log.ts';
import { PythonClient } from './python-client.ts';
import { nowNs, Records, versioned } from './records.ts';
import { type Totals, totalsOf } from './totals.ts';
import { TypescriptClient } from './typescript-client.ts';
import { Watches } from './watches.ts';

export interface RunOptions {
  readonly operations: number;
  readonly historyMax: number;
  /** How long a watch may take for the last commits. */
  readonly graceMs: number;
}

export interface Ran {
  readonly totals: Totals;
  readonly checkMs: number;
  readonly wrong: readonly string[];
}

const clients = { session: 4, context: 2, python: 6 } as const;
/** Which part of the operations is Python's, where it is. */
const pythonPart = 0.3;
/** Which part of Python's operations are commits, roughly: what is seen of it while it goes on. */
const commitPart = 0.45;
/** How many operations TypeScript may be ahead. */
const lead = 100;
/** How often something goes wrong, roughly, and how many operations are between two of them, at least. */
const strikes = 120;
const leastBetween = 12;
const now = pythonTool<Record<never, never>, number>('now');

export class Run {
  readonly #options: RunOptions;
  readonly #host: ChaosHost;
  readonly #random: RandomStream;
  readonly #records = new Records();
  readonly #changed = new Signal();
  readonly #wrong: string[] = [];
  readonly #quota: { readonly typescript: number; readonly python: number };
  readonly #done = { typescript: 0, python: 0 };
  /** Commits that a watch was told, and those of Python among them. */
  readonly #seen = { all: 0, python: 0 };
  /** How many operations TypeScript had begun when the history was read last. */
  #lookedAt = 0;
  #isOver = false;
  #catchingUp: Promise<void> | undefined;

  constructor(options: RunOptions, host: ChaosHost, random: RandomStream) {
    this.#options = options;
    this.#host = host;
    this.#random = random;
    const python = host.workers === undefined ? 0 : Math.round(options.operations * pythonPart);
    this.#quota = { typescript: options.operations - python, python };
  }

  /** Resolves when the host has stopped and all is judged. */
  async run(): Promise<Ran> {
    const { ophion, state, workers, folder, system, elsewhere } = this.#host;
    const variables = declared(firstToken);
    const context = (await openContext(ophion, { id: 'chaos', state, variables })) as unknown as Context;
    const provider = state.connect({ system, root: ophion.path });
    const session = await provider.find(context.id);
    if (workers !== undefined) await this.#compareClocks(context);
    const first = await session.read();
    const log = new CommitLog(session, first);
    const watches = new Watches({
      session,
      context,
      first,
      folder: workers && folder,
      pause: (told) => this.#pause(told),
      told: (commit) => this.#told(commit, log),
    });
    const random = (label: string) => this.#random.split(label);
    const typescript = Array.from({ length: clients.session + clients.context }, (_, n) => {
      const through = n < clients.session ? undefined : context;
      const name = `t${n + 1}`;
      const { id: sessionId } = context;
      return new TypescriptClient({
        name,
        provider,
        sessionId,
        context: through,
        records: this.#records,
        random: random(name),
      });
    });
    const python = Array.from({ length: workers === undefined ? 0 : clients.python }, (_, n) => {
      const name = `p${n + 1}`;
      return new PythonClient({ name, context, records: this.#records, folder, random: random(name) });
    });
    const killer = new Killer({ ophion, sessionId: context.id, random: random('killer'), workers, elsewhere });
    const over = Promise.all([
      ...typescript.map((client, n) => this.#inTypescript(client, random(`turns ${n}`), killer, log)),
      ...python.map((client) => this.#inPython(client)),
    ]).then(() => {
      this.#isOver = true;
      this.#changed.fire();
    });
    await Promise.all([over, this.#striking(killer, random('strikes'), over)]);
    killer.resume();

    await this.#records.session(session, { client: 'end', kind: 'end', token: 'end' }).commit({
      set: { done: true, mark: 'end' },
    });
    // So that who was killed writes nothing any more.
    await this.#host.ready();
    const calls = python.map((client) => client.recorded());
    const records = [...this.#records.all, ...calls.flatMap(({ records: own }) => own)];
    const begunNs = new Map(calls.flatMap((one) => [...one.begunNs]));
    await this.#catchUp(log);
    const reading = await session.read();
    const last = log.states().at(-1);
    if (!isDeepStrictEqual(last, { revision: reading.revision, values: versioned(reading.variables) }))
      this.#wrong.push(
        `at last it is ${JSON.stringify(versioned(reading.variables))}, by the history ${JSON.stringify(last)}`,
      );
    const found = judge(records, begunNs, log);
    const watched = await watches.judge(log, reading, this.#options.graceMs);
    this.#wrong.push(...found.wrong, ...watched, ...python.flatMap(({ wrong }) => wrong));
    this.#wrong.push(...(await this.#host.unrest()));
    await this.#end(context, session);
    const totals = totalsOf(records, {
      happened: found.happened,
      hit: killer.counts,
      lostCalls: python.reduce((sum, { lost }) => sum + lost, 0),
      commits: log.commits.length,
      events: watches.events,
      folded: watches.folded,
      resumed: watches.resumed,
    });
    return { totals, checkMs: found.checkMs, wrong: this.#wrong };
  }

  /** Stops the host: what is kept of the session is the same after a start, and of all else nothing is left. */
  async #end(context: Context, session: StateSession): Promise<void> {
    const content = await session.export();
    const { isDurable, system, elsewhere } = this.#host;
    if (!isDurable) {
      await context.close();
      await session.read().then(
        () => this.#wrong.push('the session is there after it was closed'),
        (error: unknown) => {
          if (!isActorError(error) || error.code !== 'not_found') throw error;
        },
      );
    }
    await this.#host.stop();
    this.#wrong.push(...leftBySystem(system));
    if (elsewhere !== undefined) this.#wrong.push(...leftBySystem(elsewhere.system));
    if (isDurable) this.#wrong.push(...(await this.#host.differs(content)));
  }

  async #compareClocks(context: Context): Promise<void> {
    const before = nowNs();
    const there = await context.call(now, {});
    if (there < before || there > nowNs()) this.#wrong.push('the clock of a worker is not that of the host');
  }

  async #inTypescript(client: TypescriptClient, random: RandomStream, killer: Killer, log: CommitLog): Promise<void> {
    const { typescript, python } = this.#quota;
    // While a worker stands still, Python may do so: it goes on when the next thing goes wrong.
    const ahead = () =>
      !killer.holds &&
      this.#done.python < python &&
      this.#done.typescript > lead + (this.#seen.python / commitPart) * (typescript / python);
    while (this.#done.typescript < typescript) {
      if (ahead()) await this.#changed.until(() => !ahead());
      for (let turns = random.below(3); turns > 0; turns -= 1) await new Promise(setImmediate);
      this.#done.typescript += 1;
      await client.operate();
      if (this.#isDue(log)) await this.#catchUp(log);
      this.#changed.fire();
    }
  }

  async #inPython(client: PythonClient): Promise<void> {
    while (this.#done.python < this.#quota.python) {
      const begun = await client.call();
      this.#done.python += begun;
      this.#changed.fire();
    }
  }

  async #striking(killer: Killer, random: RandomStream, over: Promise<void>): Promise<void> {
    const between = Math.max(leastBetween, Math.round((2 * this.#options.operations) / strikes));
    const progress = () => this.#done.typescript + this.#seen.python / commitPart;
    while (!this.#isOver) {
      const due = progress() + 1 + random.below(between);
      await this.#changed.until(() => progress() >= due || this.#isOver);
      await killer.strike(over);
      this.#changed.fire();
    }
  }

  async #told({ writer }: Commit, log: CommitLog): Promise<void> {
    this.#seen.all += 1;
    if (writer !== 'typescript') this.#seen.python += 1;
    if (this.#isDue(log)) await this.#catchUp(log);
    this.#changed.fire();
  }

  /** Now and then a reader is so slow that more is committed than is kept. */
  async #pause(told: number): Promise<void> {
    const { historyMax } = this.#options;
    if (told % Math.ceil(historyMax / 2) !== 0) return;
    const enough = this.#seen.all + historyMax + 1;
    await this.#changed.until(() => this.#seen.all >= enough || this.#isOver);
  }

  /** Long before what is new could be dropped again, whatever a watch tells. */
  #isDue(log: CommitLog): boolean {
    const { all } = this.#seen;
    const most = this.#options.historyMax / 8;
    const behind = log.first.revision + all - log.revision;
    if (behind < most && this.#done.typescript - this.#lookedAt < most) return false;
    this.#lookedAt = this.#done.typescript;
    return true;
  }

  async #catchUp(log: CommitLog): Promise<void> {
    while (this.#catchingUp !== undefined) await this.#catchingUp;
    this.#catchingUp = log.catchUp().finally(() => {
      this.#catchingUp = undefined;
    });
    await this.#catchingUp;
  }
}
