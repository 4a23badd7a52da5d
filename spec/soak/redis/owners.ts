/**
 * Whether anything had two owners: locks by what their holders were told and what was committed under their numbers, sweeps
 * by what the server did, as MONITOR tells.
 */
import type { Commit } from '../../../actors/state/index.ts';

/** A lock that somebody was told to hold. Times are the machine's, which the server goes by as well. */
export interface Grant {
  readonly name: string;
  readonly holder: string;
  readonly fence: number;
  readonly untilMs: number;
  readonly preempt: boolean;
  /** When it was asked for, and when it was told. */
  readonly askedMs: number;
  readonly toldMs: number;
  /** When it was given back, at the earliest; undefined: never. */
  releasedMs?: number | undefined;
}

/** What was asked for a lock and not answered. */
export interface Unsure {
  readonly name: string;
  /** Of a renewal. */
  readonly fence: number | undefined;
  readonly preempt: boolean;
  readonly askedMs: number;
}

/** A commit under a lock, as its holder knows it. */
export interface FencedCommit {
  readonly name: string;
  readonly token: string;
  readonly holder: string;
  readonly fence: number;
  readonly askedMs: number;
  /** `committed` or `refused`; else nobody knows. */
  readonly told: 'committed' | 'refused' | 'unknown';
}

export interface LockRecords {
  readonly grants: readonly Grant[];
  readonly unsure: readonly Unsure[];
  readonly commits: readonly FencedCommit[];
  /** Of the session, in order. */
  readonly log: readonly Commit[];
}

/** Clocks are read in whole milliseconds on either side. */
const slackMs = 2;

/** What is wrong with locks, in words. */
export function judgeLocks({ grants, unsure, commits, log }: LockRecords): readonly string[] {
  const wrong: string[] = [];
  const byFence = new Map<number, Grant>();
  const untilMs = new Map<number, number>();
  for (const grant of grants) {
    const before = byFence.get(grant.fence);
    if (before !== undefined && (before.holder !== grant.holder || before.name !== grant.name))
      wrong.push(`number ${grant.fence} was told to ${before.holder} and to ${grant.holder}`);
    if (before === undefined) byFence.set(grant.fence, grant);
    untilMs.set(grant.fence, Math.max(untilMs.get(grant.fence) ?? 0, grant.untilMs));
  }
  wrong.push(...twoHolders([...byFence.values()], untilMs, unsure));
  for (const { fence } of unsure) if (fence !== undefined) untilMs.set(fence, Number.POSITIVE_INFINITY);
  const byToken = new Map(commits.map((one) => [one.token, one]));
  const last = new Map<string, number>();
  const committed = new Set<string>();
  for (const { revision, written, committedAtMs } of log) {
    for (const { name, value } of written) {
      const one = typeof value === 'string' ? byToken.get(value) : undefined;
      if (one === undefined) continue;
      committed.add(one.token);
      const { fence, holder, askedMs } = one;
      if (one.told === 'refused') wrong.push(`${one.token} was refused, and is revision ${revision}`);
      if (fence < (last.get(name) ?? 0))
        wrong.push(`revision ${revision} of ${name} is under number ${fence}, after one under ${last.get(name)}`);
      last.set(name, Math.max(fence, last.get(name) ?? 0));
      const higher = grants.find((grant) => grant.name === name && grant.fence > fence && grant.toldMs < askedMs);
      if (higher !== undefined)
        wrong.push(`${holder} committed ${name} under ${fence} when ${higher.holder} held it under ${higher.fence}`);
      if (committedAtMs > (untilMs.get(fence) ?? 0) + slackMs)
        wrong.push(`${holder} committed ${name} under ${fence} when its lease was over`);
    }
  }
  for (const { told, token } of commits)
    if (told === 'committed' && !committed.has(token)) wrong.push(`${token} was acknowledged, and is lost`);
  return wrong;
}

/** Locks that were given to somebody while somebody else's lease went on, and were not taken away. */
function twoHolders(
  grants: readonly Grant[],
  untilMs: ReadonlyMap<number, number>,
  unsure: readonly Unsure[],
): readonly string[] {
  const wrong: string[] = [];
  for (const next of grants) {
    if (next.preempt) continue;
    for (const one of grants) {
      if (one.name !== next.name || one.holder === next.holder || one.fence >= next.fence) continue;
      const { releasedMs = Number.POSITIVE_INFINITY } = one;
      const overMs = Math.min(untilMs.get(one.fence) as number, releasedMs);
      const taken =
        grants.some(
          ({ preempt, name, fence }) => preempt && name === one.name && fence > one.fence && fence < next.fence,
        ) || unsure.some(({ preempt, name, askedMs }) => preempt && name === one.name && askedMs < next.toldMs);
      if (!taken && next.toldMs + slackMs < overMs && one.toldMs < next.askedMs)
        wrong.push(
          `${one.name} was held by ${one.holder} under ${one.fence} and by ${next.holder} under ${next.fence}`,
        );
    }
  }
  return wrong;
}

interface Lease {
  readonly owner: string;
  readonly fence: string;
  readonly untilMs: number;
}

/** Judges sweeps by the server's own account of its commands. */
export class SweepMonitor {
  readonly wrong: string[] = [];
  /** How often a lease was taken or kept, how often by another one, and what sweepers settled. */
  claims = 0;
  handed = 0;
  settled = 0;
  readonly #leases = new Map<string, Lease>();
  readonly #prefix: string;
  /** The number under which a sweeper settles something, while its script runs. */
  #settling: { readonly shard: string; readonly fence: string } | undefined;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Nothing was heard for a while. */
  gap(): void {
    this.#leases.clear();
    this.#settling = undefined;
  }

  /** A command, as MONITOR tells it. */
  see(atMs: number, words: readonly string[], byScript: boolean): void {
    if (byScript) {
      this.#seeInScript(atMs, words);
      return;
    }
    this.#settling = this.#settle(words);
    // A test ends a lease, as time does.
    const [command = '', key = '', field, until] = words;
    const shard = this.#shardOf(key, 'lease');
    const lease = shard === undefined ? undefined : this.#leases.get(shard);
    if (shard !== undefined && lease !== undefined && command.toUpperCase() === 'HSET' && field === 'until')
      this.#leases.set(shard, { ...lease, untilMs: Number(until) });
  }

  /** What a sweeper begins to settle: keys are ids, due and lease of a part; then the time, its number, the session. */
  #settle([command = '', , count, , , lease = '', , fence = '', ...rest]: readonly string[]) {
    if (!/^evalsha?$/i.test(command) || count !== '3' || rest.length !== 3) return undefined;
    const shard = this.#shardOf(lease, 'lease');
    return shard === undefined ? undefined : { shard, fence };
  }

  #seeInScript(atMs: number, [command = '', key = '', ...args]: readonly string[]): void {
    const shard = this.#shardOf(key, 'lease');
    if (shard !== undefined && command.toUpperCase() === 'HSET') {
      const [, owner = '', , fence = '', , until = ''] = args;
      this.#claim(atMs, shard, { owner, fence, untilMs: Number(until) });
    }
    const due = this.#shardOf(key, 'due');
    if (due === undefined || this.#settling?.shard !== due || !/^z(rem|add)$/i.test(command)) return;
    this.settled += 1;
    const lease = this.#leases.get(due);
    if (lease !== undefined && lease.fence !== this.#settling.fence)
      this.wrong.push(`part ${due} was swept under ${this.#settling.fence} when ${lease.fence} held it`);
  }

  #claim(atMs: number, shard: string, lease: Lease): void {
    this.claims += 1;
    const before = this.#leases.get(shard);
    this.#leases.set(shard, lease);
    if (before === undefined) return;
    if (before.owner === lease.owner) return;
    this.handed += 1;
    if (atMs < before.untilMs) this.wrong.push(`part ${shard} was given to another sweeper before its lease was over`);
    if (Number(lease.fence) <= Number(before.fence))
      this.wrong.push(`part ${shard} was given to another sweeper under ${lease.fence}, after ${before.fence}`);
  }

  #shardOf(key: string, what: string): string | undefined {
    const begin = `${this.#prefix}:index:{`;
    return key.startsWith(begin) && key.endsWith(`}:${what}`) ? key.slice(begin.length, -what.length - 2) : undefined;
  }
}
