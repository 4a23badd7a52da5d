/** Who takes a lock, commits under its number, and now and then dawdles until somebody else has it. */
import { StateError } from '../../../actors/core/index.ts';
import type { StateSession } from '../../../actors/state/index.ts';
import { isActorError } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import { sleep } from '../sleep.ts';
import type { FencedCommit, Grant, Unsure } from './owners.ts';

export interface LockClientOptions {
  readonly holder: string;
  readonly session: StateSession;
  readonly names: readonly string[];
  readonly random: RandomStream;
}

/** How long a lease is, and how many commits are made under it, at most. */
const [leastMs, mostMs] = [40, 160];
const commitsMax = 4;

export class LockClient {
  readonly grants: Grant[] = [];
  readonly unsure: Unsure[] = [];
  readonly commits: FencedCommit[] = [];
  readonly #options: LockClientOptions;

  constructor(options: LockClientOptions) {
    this.#options = options;
  }

  /** Takes a lock once, if it is to be had, and works under it. */
  async turn(): Promise<void> {
    const { names, random } = this.#options;
    const name = names[random.below(names.length)] as string;
    const leaseMs = this.#mayHold(name) ? mostMs : leastMs + random.below(mostMs - leastMs);
    const grant = await this.#acquire(name, leaseMs, random.below(8) === 0);
    if (grant === undefined) return sleep(random.below(20));
    for (let left = 1 + random.below(commitsMax); left > 0; left -= 1) {
      await this.#commit(grant);
      // Until its lease is over, or long after that; or it is made longer, never shorter.
      const fate = random.below(6);
      if (fate === 0) await sleep(random.below(2 * mostMs));
      else if (fate === 1) await this.#acquire(name, mostMs, false, grant.fence);
    }
    if (random.below(2) === 0) await this.#release(grant);
  }

  /** Whether it may have this lock still, of an earlier turn: to take it again makes its lease longer, never shorter. */
  #mayHold(name: string): boolean {
    const nowMs = Date.now();
    return (
      this.grants.some((grant) => grant.name === name && grant.untilMs >= nowMs) ||
      this.unsure.some((one) => one.name === name)
    );
  }

  async #acquire(name: string, leaseMs: number, preempt: boolean, fence?: number): Promise<Grant | undefined> {
    const { holder, session } = this.#options;
    const askedMs = Date.now();
    try {
      const more = fence === undefined ? { preempt } : { fence };
      const lock = await session.acquire({ name, holder, leaseMs, ...more });
      const grant: Grant = { ...lock, preempt, askedMs, toldMs: Date.now() };
      this.grants.push(grant);
      return grant;
    } catch (error) {
      if (!isActorError(error)) throw error;
      if (error.code !== 'locked') this.unsure.push({ name, fence, preempt, askedMs });
      return undefined;
    }
  }

  async #commit({ name, holder, fence }: Grant): Promise<void> {
    const { session } = this.#options;
    const token = `${holder}.${fence}.${this.commits.length + 1}`;
    const one = { name, token, holder, fence, askedMs: Date.now() };
    try {
      await session.commit({ set: { [name]: token }, fences: { [name]: fence } });
      this.commits.push({ ...one, told: 'committed' });
    } catch (error) {
      if (!isActorError(error)) throw error;
      const refused = error instanceof StateError && error.code === 'locked';
      this.commits.push({ ...one, told: refused ? 'refused' : 'unknown' });
    }
  }

  async #release(grant: Grant): Promise<void> {
    const releasedMs = Date.now();
    for (const one of this.grants) if (one.fence === grant.fence) one.releasedMs = releasedMs;
    try {
      await this.#options.session.release(grant.name, grant.fence);
    } catch (error) {
      if (!isActorError(error)) throw error;
    }
  }
}
