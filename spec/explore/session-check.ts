/** A session under faults: its commits, who watches, and what must be true of them when all is quiet. */
import type { StateProvider, StateSession } from '../../actors/state/index.ts';
import { WatchCheck } from '../../testing/checks/watch.ts';
import type { Simulation } from '../../testing/simulation/simulation.ts';

/** One session, what was committed to it, and who watches. */
export class SessionCheck {
  readonly #sim: Simulation;
  readonly #real: StateSession;
  readonly #provider: StateProvider;
  readonly #found: string[] = [];
  readonly #open: Promise<void>[] = [];
  /** Of each acknowledged commit its revision and what it wrote. */
  readonly #acknowledged = new Map<number, string>();
  readonly #watches: { readonly check: WatchCheck; readonly abort: AbortController; readonly done: Promise<void> }[] =
    [];
  #written = 0;
  #declared: Promise<unknown> | undefined;

  constructor(sim: Simulation, real: StateSession, provider: StateProvider) {
    this.#sim = sim;
    this.#real = real;
    this.#provider = provider;
  }

  commit(writer: number, timeoutMs: number): void {
    this.#declared ??= this.#real.commit({ declare: { x: { type: 'string', default: '' } as never } });
    const token = `w${writer}-${this.#written}`;
    this.#written += 1;
    this.#open.push(this.#commit(token, timeoutMs));
  }

  async #commit(token: string, timeoutMs: number): Promise<void> {
    try {
      await this.#declared;
      const session = await this.#provider.find(this.#real.id, { timeoutMs });
      const { revision } = await session.commit({ set: { x: token } }, { timeoutMs });
      const other = this.#acknowledged.get(revision);
      if (other !== undefined) this.#found.push(`revision ${revision} is that of ${other} and of ${token}`);
      this.#acknowledged.set(revision, token);
      const { variables, revision: seen } = await this.#real.read(['x']);
      if (seen < revision) this.#found.push(`a reading after revision ${revision} is of revision ${seen}`);
      if (seen === revision && variables[0]?.value !== token)
        this.#found.push(`a reading does not see commit ${token}`);
    } catch (error) {
      // A fault; whether it was carried out is not known.
      if (error instanceof TypeError || error instanceof RangeError) throw error;
    }
  }

  watch(): void {
    const abort = new AbortController();
    const check = new WatchCheck();
    const follow = async () => {
      try {
        for await (const event of this.#real.watch({ signal: abort.signal })) check.see(event);
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      }
    };
    this.#watches.push({ check, abort, done: follow() });
  }

  /** When all is quiet: what was acknowledged is there, and each watch has seen all of it. */
  async judge(): Promise<readonly string[]> {
    await Promise.all(this.#open);
    await this.#sim.settle();
    const reading = await this.#real.read();
    const { history } = await this.#real.export();
    const kept = new Map(history.map((commit) => [commit.revision, commit.written[0]?.value]));
    for (const [revision, token] of this.#acknowledged) {
      if (kept.get(revision) !== token)
        this.#found.push(`commit ${token} was acknowledged as revision ${revision}, and is lost`);
    }
    const last = history.at(-1)?.written[0]?.value;
    if (last !== undefined && reading.variables[0]?.value !== last)
      this.#found.push('the last commit is not what is read');
    for (const { check, abort, done } of this.#watches) {
      this.#found.push(...check.violations, ...check.compare(reading));
      abort.abort(new Error('over'));
      await done;
    }
    return this.#found;
  }
}
