/**
 * Kills a host with SIGKILL while its workers boot, are idle, or hold the interpreter lock, each with a grandchild, and
 * measures how long any of them outlives it. The next host of the machine clears its folders away.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '../../testing/index.ts';
import { living, untilNoneLives } from './living.ts';
import { socketFoldersOf } from './open-things.ts';
import { warmUp } from './pool-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface HostKilledOptions {
  /** How often a host is killed in each state of its workers. The full run: 3. */
  readonly rounds: HowLong;
  /** Default 16. */
  readonly workers?: number;
  /** When it is killed while its workers boot. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface HostKilledReport extends Report {
  readonly hosts: number;
  /** Workers, guardians and grandchildren that lived when their host was killed. */
  readonly processes: number;
  /** How long the last one outlived its host: shortest, middle, longest; by what the workers did. */
  readonly outlived: Readonly<Record<string, string>>;
}

/** Longer is an orphan. */
const limitMs = 1_000;
/** How long it is waited for orphans, to say how long they live. */
const patienceMs = 20_000;
const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** What workers do, and what each says when it does. */
const states = [
  ['starting', 'idle', 'spawning'],
  ['booting', 'grandchild at boot', 'grandchild'],
  ['idle', 'with a grandchild', 'idle'],
  ['holding the lock', 'in-call:lock with a grandchild', 'holding'],
] as const;

/** Resolves when nobody is left of any host. */
export async function killHosts(options: HostKilledOptions): Promise<HostKilledReport> {
  const { rounds, workers = 16, seed = 1, say = () => {} } = options;
  const random = new RandomStream(seed);
  const outlived: Record<string, number[]> = {};
  const wrong: string[] = [];
  const hosts: number[] = [];
  let processes = 0;
  for (const round of laps(rounds)) {
    for (const [what, mode, said] of states) {
      // In the middle of starting: of the others it is known only that the host has made them.
      const enough = what === 'starting' ? 1 + random.below(workers) : workers;
      const host = await startHost(`${workers} x ${mode}`, said, enough);
      hosts.push(host.osPid);
      const lived = living(host.theirs).length;
      processes += lived;
      const exit = host.kill();
      const ms = await untilNoneLives(host.theirs, patienceMs);
      await exit;
      outlived[what] = [...(outlived[what] ?? []), ms ?? patienceMs];
      const left = () => living(host.theirs).join(', ');
      if (ms === undefined) wrong.push(`${what}: after ${patienceMs} ms there were ${left()}`);
      else if (ms > limitMs)
        wrong.push(`${what}: the last of ${lived} processes outlived its host by ${Math.round(ms)} ms`);
      say(
        `round ${lapOf(round, rounds)}, ${what}: ${lived} processes were gone after ${Math.round(ms ?? patienceMs)} ms`,
      );
    }
  }
  // A host that starts clears away what is left of dead ones.
  await warmUp();
  for (const host of hosts)
    for (const folder of socketFoldersOf(host)) wrong.push(`the folder ${folder} of the dead host ${host} is there`);
  const told = Object.entries(outlived).map(([what, ms]) => [what, spread(ms)]);
  return { hosts: hosts.length, processes, outlived: Object.fromEntries(told), wrong };
}

/** Resolves when so many workers have said that. */
async function startHost(mode: string, said: string, enough: number) {
  const program = 'spec/fixtures/ping-host-program.ts';
  const host = spawn(process.execPath, ['--import', 'tsx', program, mode], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [groups, runIds, osPids] = [new Set<number>(), new Set<string>(), new Set<number>()];
  let saying = 0;
  for await (const line of createInterface({ input: host.stdout })) {
    const { what, osPid, runId } = JSON.parse(line) as { what: string; osPid?: number; runId?: string };
    if (runId !== undefined) runIds.add(runId);
    if (osPid !== undefined) (what === 'grandchild' ? osPids : groups).add(osPid);
    if (what === said) saying += 1;
    if (saying === enough) break;
  }
  if (saying < enough) throw new Error(`the host has ended before ${enough} workers were ${said}`);
  return {
    osPid: host.pid as number,
    theirs: { groups, runIds, osPids },
    kill: () => {
      const exit = once(host, 'exit');
      host.kill('SIGKILL');
      return exit;
    },
  };
}
