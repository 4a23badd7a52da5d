/**
 * Kills hosts of real workers so that processes stay: workers are stopped and their guardians killed first, and each has
 * started a process that has left its group. The hosts that start next, several at once, end all of that, and touch no
 * process of a host that lives on the same machine. Those that swept are the living ones of later rounds.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '../../testing/index.ts';
import { living, untilNoneLives } from './living.ts';
import { socketFoldersOf } from './open-things.ts';
import { warmUp } from './pool-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface SweptOptions {
  /** How often some hosts are killed and as many others start. The full run: 20. */
  readonly rounds: HowLong;
  /** How many live before and after each round. Default 4. */
  readonly hosts?: number;
  /** Of each host. Default 2. */
  readonly workers?: number;
  /** Which hosts are killed, and which of their guardians. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface SweptReport extends Report {
  readonly killedHosts: number;
  /** Processes that outlived their host: workers, their children, and those that had left their groups. */
  readonly orphans: number;
  /** Of how many a new host of ours has told. Any other host that starts on this machine ends them as well. */
  readonly told: number;
  /** How often a process of a living host was looked at after a sweep. */
  readonly spared: number;
  /** From the start of the new hosts until they had swept and their workers were ready. */
  readonly started: string;
}

/** How long is waited for what guardians end. */
const patienceMs = 20_000;
const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** Resolves when nobody is left of any host. */
export async function sweepOrphans(options: SweptOptions): Promise<SweptReport> {
  const { rounds, hosts: count = 4, workers = 2, seed = 1, say = () => {} } = options;
  const random = new RandomStream(seed);
  const wrong: string[] = [];
  const started: number[] = [];
  let [orphans, told, spared] = [0, 0, 0];
  const dead: Host[] = [];
  const alive = await Promise.all(Array.from({ length: count }, () => startHost(workers)));
  try {
    for (const round of laps(rounds)) {
      const victims = Array.from({ length: 1 + random.below(count - 1) }, () => take(alive, random));
      dead.push(...victims);
      const left = await Promise.all(victims.map((victim) => orphan(victim, random)));
      const orphaned = left.flatMap(({ osPids }) => osPids);
      wrong.push(...left.flatMap(({ wrong: found }) => found));
      orphans += orphaned.length;

      const before = alive.map((host) => ({ host, osPids: host.members() }));
      const begunMs = performance.now();
      const fresh = await Promise.all(victims.map(() => startHost(workers)));
      started.push(performance.now() - begunMs);
      const still = living({ osPids: orphaned });
      if (still.length > 0) wrong.push(`round ${round + 1}: there were still ${still.join(', ')}`);
      const swept = new Set(fresh.flatMap((host) => host.swept));
      told += orphaned.filter((osPid) => swept.has(osPid)).length;
      for (const { host, osPids } of before) {
        spared += osPids.length;
        wrong.push(...(await touched(host, osPids)));
      }
      alive.push(...fresh);
      const others = alive.length - fresh.length;
      say(
        `round ${lapOf(round, rounds)}: ${orphaned.length} orphans of ${victims.length} hosts, ${others} hosts beside`,
      );
    }
  } finally {
    await Promise.all(alive.map((host) => host.kill()));
    dead.push(...alive);
    // The last host to start is this process. It also clears away the folders of dead ones.
    await warmUp();
  }
  const theirs = { runIds: dead.map(({ runId }) => runId) };
  if ((await untilNoneLives(theirs, patienceMs)) === undefined)
    wrong.push(`at the end there were ${living(theirs).join(', ')}`);
  for (const { osPid } of dead)
    for (const folder of socketFoldersOf(osPid)) wrong.push(`the folder ${folder} of the dead host ${osPid} is there`);
  return { killedHosts: dead.length - alive.length, orphans, told, spared, started: spread(started), wrong };
}

const take = (hosts: Host[], random: RandomStream): Host => hosts.splice(random.below(hosts.length), 1)[0] as Host;

/** Kills a host; resolves to what outlives it. Of its workers some have lost their guardian before, one at least. */
async function orphan(host: Host, random: RandomStream) {
  const unguarded = host.groups.filter((_, index) => index === 0 || random.below(2) === 0);
  for (const group of unguarded) {
    const members = living({ groups: [group] });
    // It would end itself when its host is gone.
    process.kill(group, 'SIGSTOP');
    process.kill(members.find((osPid) => nameOf(osPid) === 'sh') as number, 'SIGKILL');
  }
  await host.kill();
  const guarded = host.groups.filter((group) => !unguarded.includes(group));
  const wrong: string[] = [];
  if ((await untilNoneLives({ groups: guarded }, patienceMs)) === undefined)
    wrong.push(`a guardian has left ${living({ groups: guarded }).join(', ')}`);
  const osPids = host.members();
  // A worker and its child of each group, and all that had left theirs.
  const wanted = 2 * unguarded.length + host.strays.length;
  if (osPids.length !== wanted) wrong.push(`${osPids.length} processes have outlived their host, not ${wanted}`);
  return { osPids, wrong };
}

/** What is wrong with a host that nobody should have touched. */
async function touched(host: Host, osPids: readonly number[]): Promise<readonly string[]> {
  const now = new Set(host.members());
  const gone = osPids.filter((osPid) => !now.has(osPid));
  const wrong = gone.length === 0 ? [] : [`a living host has lost ${gone.join(', ')}`];
  const answered = await host.ask('hello');
  const groups = answered.filter(({ answer }) => answer === 'hello').map(({ osPid }) => osPid);
  if (String([...groups].sort()) !== String([...host.groups].sort()))
    wrong.push(`of the workers ${host.groups.join(', ')} there answered ${groups.join(', ')}`);
  return wrong;
}

const nameOf = (osPid: number): string => readFileSync(`/proc/${osPid}/comm`, 'utf8').trim();

interface Told {
  readonly what: string;
  readonly osPid?: number;
  readonly runId?: string;
  readonly answer?: string;
  readonly swept?: readonly { readonly osPid: number }[];
}

interface Host {
  readonly osPid: number;
  readonly runId: string;
  /** Its workers, each of which leads a group. */
  readonly groups: readonly number[];
  /** What its workers have started, and what is in no group of theirs. */
  readonly strays: readonly number[];
  /** What it found when it started. */
  readonly swept: readonly number[];
  /** All that is its own and lives, but itself. */
  readonly members: () => readonly number[];
  /** Sends this to each of its workers. */
  readonly ask: (message: string) => Promise<readonly Told[]>;
  readonly kill: () => Promise<unknown>;
}

/** Resolves when its workers are ready, and each has a child in its group and one that has left it. */
async function startHost(workers: number): Promise<Host> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'spec/fixtures/ping-host-program.ts', `${workers} x idle`],
    {
      cwd: checkout,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard: Told[] = [];
  const next = async (what: string): Promise<Told> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the host has ended before it told '${what}'`);
      const told = JSON.parse(value) as Told;
      heard.push(told);
      if (told.what === what) return told;
    }
  };
  const times = async (what: string): Promise<readonly Told[]> => {
    const all: Told[] = [];
    while (all.length < workers) all.push(await next(what));
    return all;
  };
  const ask = (message: string) => {
    child.stdin.write(`${message}\n`);
    return times('answered');
  };
  const idle = await times('idle');
  const swept = heard.flatMap(({ swept: found = [] }) => found.map(({ osPid }) => osPid));
  const groups = idle.map(({ osPid }) => osPid as number);
  await ask('grandchild');
  const strays = (await ask('daemon')).map(({ answer }) => Number(answer));
  return {
    osPid: child.pid as number,
    runId: idle[0]?.runId as string,
    groups,
    strays,
    swept,
    members: () => living({ groups, osPids: strays }),
    ask,
    kill: () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      return exit;
    },
  };
}
