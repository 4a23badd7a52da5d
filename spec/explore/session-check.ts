/** A session under faults: its commits and reads as a history, who watches, and what must be true of them when all is quiet. */
import { isActorError } from '../../actors/core/index.ts';
import { declare, type StateProvider, type StateSession, string } from '../../actors/state/index.ts';
import { WatchCheck } from '../../testing/checks/watch.ts';
import { History } from '../../testing/history.ts';
import { checkLinearizability } from '../../testing/linearizability/check.ts';
import {
  recordedSession,
  type VariablesOp,
  type VariablesResult,
  variablesModel,
} from '../../testing/models/variables.ts';
import type { Simulation } from '../../testing/simulation/simulation.ts';
import type { Op } from './input.ts';

/** However long the faults that are armed already keep it from that. */
async function opened(provider: StateProvider, id: string): Promise<StateSession> {
  for (;;) {
    try {
      return await provider.open(id);
    } catch (error) {
      if (!isActorError(error) || error.code !== 'unavailable') throw error;
    }
  }
}

interface Watching {
  readonly check: WatchCheck;
  /** Whether a fault has ended it. */
  ended: boolean;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Of each search for an order. */
const steps = { budget: 200_000, windowBudget: 200_000 };

/** One session, what was committed and read, and who watches. */
export class SessionCheck {
  readonly #sim: Simulation;
  readonly #real: StateSession;
  /** Under faults. */
  readonly #provider: StateProvider;
  readonly #history = new History<VariablesOp, VariablesResult>();
  readonly #open: Promise<void>[] = [];
  /** Of each acknowledged commit its revision and what it wrote. */
  readonly #acknowledged = new Map<number, string>();
  /** The version of each variable that a writer has seen last. */
  readonly #seen = new Map<string, number>();
  readonly #watches: Watching[] = [];
  #written = 0;

  private constructor(sim: Simulation, real: StateSession, provider: StateProvider) {
    this.#sim = sim;
    this.#real = real;
    this.#provider = provider;
  }

  static async open(sim: Simulation, id: string, provider: StateProvider): Promise<SessionCheck> {
    const check = new SessionCheck(sim, await opened(provider, id), sim.store(provider));
    const variables = declare({ x: string({ default: '' }), y: string({ default: '' }) });
    await recordedSession(check.#history, 'test', check.#real).commit({ declare: variables }, { timeoutMs: 60_000 });
    return check;
  }

  commit({ writer, name, expecting, timeoutMs }: Extract<Op, { op: 'commit' }>): void {
    const token = `w${writer}-${this.#written}`;
    this.#written += 1;
    const key = `${writer} ${name}`;
    const expected = expecting ? { expect: { [name]: this.#seen.get(key) ?? 1 } } : {};
    this.#do(async () => {
      const session = await this.#provider.find(this.#real.id, { timeoutMs });
      const { commit } = recordedSession(this.#history, `w${writer}`, session);
      const { revision } = await commit({ ...expected, set: { [name]: token } }, { timeoutMs });
      this.#acknowledged.set(revision, token);
      this.#seen.set(key, revision);
    });
  }

  read({ reader, names }: Extract<Op, { op: 'read' }>): void {
    this.#do(async () => {
      const session = await this.#provider.find(this.#real.id, { timeoutMs: 100 });
      await recordedSession(this.#history, `r${reader}`, session).read(names, { timeoutMs: 100 });
    });
  }

  watch({ names, slowMs }: Extract<Op, { op: 'watch' }>): void {
    const abort = new AbortController();
    const { signal } = abort;
    const options = names === undefined ? {} : { names };
    const check = new WatchCheck(options);
    const watching: Watching = { check, abort, ended: false, done: Promise.resolve() };
    const follow = async () => {
      try {
        // Those that take their time are told under faults.
        const session = slowMs > 0 ? await this.#provider.find(this.#real.id, { timeoutMs: 100 }) : this.#real;
        for await (const event of session.watch({ ...options, signal })) {
          check.see(event);
          if (slowMs > 0) await this.#pause(slowMs);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (slowMs === 0 || !isActorError(error)) throw error;
        watching.ended = true;
      }
    };
    this.#watches.push(Object.assign(watching, { done: follow() }));
  }

  /** When all is quiet: everything has an order, what was acknowledged is kept, and each watch has seen all of it. */
  async judge(): Promise<readonly string[]> {
    await Promise.all(this.#open);
    await this.#sim.settle();
    const found: string[] = [];
    const reading = await this.#real.read();
    await recordedSession(this.#history, 'test', this.#real).read();
    const { history } = await this.#real.export();
    const kept = new Map(history.map((commit) => [commit.revision, commit.written[0]?.value]));
    const firstKept = history[0]?.revision ?? Number.POSITIVE_INFINITY;
    for (const [revision, token] of this.#acknowledged) {
      if (revision < firstKept || kept.get(revision) === token) continue;
      found.push(`commit ${token} was acknowledged as revision ${revision}, and is lost`);
    }
    const verdict = checkLinearizability(this.#history, variablesModel(), steps);
    if (verdict.outcome === 'violated') found.push(verdict.text);
    for (const { check, abort, ended, done } of this.#watches) {
      found.push(...check.violations, ...(ended ? [] : check.compare(reading)));
      abort.abort(new Error('over'));
      await done;
    }
    return found;
  }

  #do(work: () => Promise<void>): void {
    const attempt = async () => {
      try {
        await work();
      } catch (error) {
        // A fault, or another version than was expected; the history knows which.
        if (!isActorError(error)) throw error;
      }
    };
    this.#open.push(attempt());
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#sim.runtime.clock.setTimer(ms, resolve));
  }
}
