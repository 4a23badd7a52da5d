/**
 * Kills a host with SIGKILL while it moves a session between two durable vaults under concurrent writes, again and again:
 * each commit that was answered must be there afterwards, in one session, at once to be written to again. The small run
 * is a test; `npm run soak -- state` runs the full one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RandomStream } from '../../testing/index.ts';
import { killedHost } from './killed-host.ts';
import { travelPlaces, travelVaults } from './migration/vaults.ts';
import { type HowLong, lapOf, laps, type Report, type Say } from './scenario.ts';

export interface MigrationKillsOptions {
  /** How often the host is killed. The full run: 50. */
  readonly kills: HowLong;
  /** After how many answers and moves at the latest. The full run: 1,000. */
  readonly lines: number;
  readonly seed?: number;
  readonly say?: Say;
}

export interface MigrationKillsReport extends Report {
  readonly killed: number;
  /** Moves that were done before. */
  readonly moves: number;
  readonly acknowledged: number;
  readonly found: number;
  /** How often the old one was still there beside the new one, since the host was killed between the last two steps. */
  readonly both: number;
}

export interface TravelWork {
  readonly paths: readonly string[];
  readonly writers: number;
  readonly historyMax: number;
}

export async function killMovers(options: MigrationKillsOptions): Promise<MigrationKillsReport> {
  const { kills, lines, seed = 1, say = () => {} } = options;
  const root = mkdtempSync(join(tmpdir(), 'vault-'));
  const random = new RandomStream(seed);
  // What one host commits is kept until it has been looked at; a pipe may hold more than was to be written.
  const work: TravelWork = { paths: [join(root, 'a'), join(root, 'b')], writers: 6, historyMax: lines + 5_000 };
  const wrong: string[] = [];
  let [killed, moves, acknowledged, found, both, known] = [0, 0, 0, 0, 0, 0];
  try {
    for (const lap of laps(kills)) {
      const told = await killedHost('migration-host-program.ts', work, 1 + random.below(lines));
      const answered = told.filter((line) => line !== 'moved');
      const look = await lookAt(work, answered, known);
      killed += 1;
      moves += told.length - answered.length;
      acknowledged += answered.length;
      found += look.found;
      known = look.revision;
      if (look.both) both += 1;
      wrong.push(...look.wrong.map((one) => `kill ${lap + 1}: ${one}`));
      say(`kill ${lapOf(lap, kills)}: ${answered.length} answered, ${look.found} there, ${both} times two of it`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return { killed, moves, acknowledged, found, both, wrong };
}

async function lookAt({ paths, historyMax }: TravelWork, answered: readonly string[], known: number) {
  const { providers, stop } = await travelVaults(paths, historyMax);
  const wrong: string[] = [];
  try {
    const [newest, old] = await travelPlaces(providers);
    if (newest === undefined) return { found: 0, revision: 0, both: false, wrong: ['the session is gone'] };
    const commits = (await newest.session.export()).history;
    const byRevision = new Map(commits.map((commit) => [commit.revision, commit]));
    for (const line of answered) {
      const [revision, name, number] = line.split(' ');
      const [variable] = byRevision.get(Number(revision))?.written ?? [];
      if (variable?.name !== name || variable?.value !== Number(number))
        wrong.push(`${name} = ${number} is not there as revision ${revision}`);
    }
    for (let revision = known + 1; revision <= newest.revision; revision += 1)
      if (!byRevision.has(revision)) wrong.push(`revision ${revision} is missing`);
    for (const commit of old === undefined ? [] : (await old.session.export()).history)
      if (!isDeepStrictEqual(byRevision.get(commit.revision) ?? commit, commit))
        wrong.push(`there are two of revision ${commit.revision}`);
    // Nobody moves it any more: it takes commits at once.
    const [variable] = (await newest.session.read(['w0'])).variables;
    const next = await newest.session.commit({ set: { w0: (variable?.value as number) + 1 } }, { timeoutMs: 1_000 });
    if (next.revision !== newest.revision + 1) wrong.push(`revision ${next.revision} follows ${newest.revision}`);
    return { found: newest.revision - known, revision: next.revision, both: old !== undefined, wrong };
  } finally {
    await stop();
  }
}
