/**
 * Kills a host with SIGKILL in the middle of durable commits, again and again on the same vault: each commit that was
 * answered must be there afterwards, each client's numbers once and in order, and a watch must go on from where the last
 * host was. The small run is a test; `npm run soak -- state` runs the full one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bridgedState, type Commit, type FsyncPolicy, type StateSession } from '../../actors/state/index.ts';
import { RandomStream } from '../../testing/index.ts';
import { startState } from '../helpers/state-system.ts';
import { killedHost } from './killed-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface DurableKillsOptions {
  /** How often the host is killed. The full run: 50. */
  readonly kills: HowLong;
  /** How many commits a host makes, unless it is killed before. The full run: 10,000. */
  readonly commits: number;
  readonly fsync?: FsyncPolicy;
  /** When it is killed. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface DurableKillsReport extends Report {
  readonly killed: number;
  /** Commits that were answered. */
  readonly acknowledged: number;
  /** Commits that are there, answered or not. */
  readonly found: number;
  /** How long a start on the vault takes: shortest, middle, longest. */
  readonly started: string;
}

export interface HostWork {
  readonly path: string;
  readonly fsync: FsyncPolicy;
  readonly sessions: number;
  /** Of each session. */
  readonly clients: number;
  readonly commits: number;
  readonly historyMax: number;
}

const [sessions, clients] = [4, 8];

interface Acknowledged {
  readonly sessionId: string;
  readonly revision: number;
  readonly client: string;
  readonly number: number;
}

interface Known {
  readonly epoch: number;
  readonly revision: number;
}

/** Resolves when the vault has been looked at after the last kill. */
export async function killDurableHosts(options: DurableKillsOptions): Promise<DurableKillsReport> {
  const { kills, commits, fsync = 'commit', seed = 1, say = () => {} } = options;
  const path = mkdtempSync(join(tmpdir(), 'vault-'));
  const random = new RandomStream(seed);
  // What one host commits is kept until it has been looked at.
  const work: HostWork = { path, fsync, sessions, clients, commits, historyMax: commits + sessions * clients };
  const known = new Map<string, Known>();
  const startedMs: number[] = [];
  const wrong: string[] = [];
  let [killed, acknowledged, found] = [0, 0, 0];
  try {
    for (const lap of laps(kills)) {
      const answered = await killOne(work, 1 + random.below(commits - 1));
      killed += 1;
      acknowledged += answered.length;
      const look = await lookAt(work, answered, known);
      found += look.found;
      startedMs.push(look.startedMs);
      wrong.push(...look.wrong.map((one) => `kill ${lap + 1}: ${one}`));
      say(`kill ${lapOf(lap, kills)}: ${answered.length} answered, ${look.found} there`);
    }
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
  return { killed, acknowledged, found, started: spread(startedMs), wrong };
}

/** Resolves to what a host has answered before it was killed, at the earliest after so many. */
async function killOne(work: HostWork, after: number): Promise<readonly Acknowledged[]> {
  const told = await killedHost('durable-host-program.ts', work, after);
  return told.map((line) => {
    const [sessionId = '', revision, client = '', number] = line.split(' ');
    return { sessionId, revision: Number(revision), client, number: Number(number) };
  });
}

async function lookAt(work: HostWork, answered: readonly Acknowledged[], known: Map<string, Known>) {
  const { path, fsync, historyMax } = work;
  const begunMs = performance.now();
  const state = await startState({ vault: { path, fsync }, limits: { historyMax } });
  const startedMs = performance.now() - begunMs;
  const wrong: string[] = [];
  let found = 0;
  try {
    const provider = bridgedState().connect(state.host);
    for (const sessionId of new Set([...known.keys(), ...answered.map((one) => one.sessionId)])) {
      const session = await provider.find(sessionId);
      const seen = await newCommits(session, known.get(sessionId));
      found += seen.length;
      const byRevision = new Map(seen.map((commit) => [commit.revision, commit]));
      for (const one of answered) {
        if (one.sessionId !== sessionId) continue;
        const [variable] = byRevision.get(one.revision)?.written ?? [];
        if (variable?.name !== one.client || variable.value !== one.number)
          wrong.push(`${sessionId} has not ${one.client} = ${one.number} as revision ${one.revision}`);
      }
      wrong.push(...outOfOrder(seen).map((one) => `${sessionId}: ${one}`));
      const { epoch, revision } = await session.read();
      known.set(sessionId, { epoch, revision });
    }
  } finally {
    await state.stop();
  }
  return { startedMs, found, wrong };
}

/** What was committed since a session was last looked at, as one who watched it then gets it now. */
async function newCommits(session: StateSession, known: Known | undefined): Promise<readonly Commit[]> {
  const { revision } = await session.read();
  const { revision: from, epoch } = known ?? { revision: 0, epoch: undefined };
  const events = session.watch(epoch === undefined ? { from } : { from, epoch });
  const commits: Commit[] = [];
  while (from + commits.length < revision) {
    const { value } = await events.next();
    if (value?.type !== 'commit') throw new Error(`session '${session.id}': a watch from ${from} has a gap`);
    commits.push(value.commit);
  }
  await events.return?.();
  return commits;
}

/** What is wrong with the revisions and with each client's numbers. */
function outOfOrder(commits: readonly Commit[]): readonly string[] {
  const wrong: string[] = [];
  const last = new Map<string, number>();
  let revision = (commits[0]?.revision ?? 1) - 1;
  for (const commit of commits) {
    revision += 1;
    if (commit.revision !== revision) wrong.push(`revision ${commit.revision} stands where ${revision} belongs`);
    for (const { name, value } of commit.written) {
      const before = last.get(name);
      if (before !== undefined && value !== before + 1) wrong.push(`${name} is ${String(value)} after ${before}`);
      last.set(name, value as number);
    }
  }
  return wrong;
}
