/**
 * Takes away from a host what it needs to start a process: the interpreter, the right to run it, room for one more
 * process or one more descriptor. The pool says what the system says, serves with whom it has, and has its size again
 * when the system gives way.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface RefusedOptions {
  /** How often each is done. The full run: 5. */
  readonly rounds: HowLong;
  /** Default: all four. */
  readonly codes?: readonly RefusalCode[];
  readonly say?: Say;
}

export interface RefusedReport extends Report {
  readonly hosts: number;
  /** How often a spawn was refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Codes that were not tried here, and what is missing for them. */
  readonly notTried: Readonly<Record<string, string>>;
  /** From when the system gave way until the pool had its size. */
  readonly back: string;
}

export type RefusalCode = 'ENOENT' | 'EACCES' | 'EAGAIN' | 'EMFILE';

/** How often it must be refused before the system gives way. */
const refusals = 3;
/** A user without any process: what counts the processes of a user counts those of the host alone. */
const somebody = '64321';
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const interpreter = process.env.OPHION_PYTHON ?? join(checkout, '.venv', 'bin', 'python');
const isRoot = process.getuid?.() === 0;
/** Root may start as many processes as it likes: somebody else is the host then, who may read what root may. */
const reading = ['--inh-caps', '-all,+dac_override', '--ambient-caps', '+dac_override'];
const asSomebody = isRoot ? ['setpriv', '--reuid', somebody, '--regid', somebody, '--clear-groups', ...reading] : [];

const runs = (command: string, ...args: string[]): boolean => spawnSync(command, args, { cwd: checkout }).status === 0;

/** What this machine lacks for it. */
export function missingFor(code: RefusalCode): string | undefined {
  if (code === 'ENOENT' || code === 'EACCES') return undefined;
  if (!runs('prlimit', '--version')) return 'prlimit';
  if (code === 'EMFILE') return undefined;
  const [command = 'true', ...args] = [...asSomebody, interpreter, '-c', 'import ophion'];
  return runs(command, ...args) ? undefined : 'setpriv that lets another user read the checkout';
}

/** How to refuse, and how to give way. */
interface Way {
  /** What starts the host. */
  readonly command: readonly string[];
  /** What Node itself never lets go of then. */
  readonly keeps?: RegExp;
  readonly refuse: (host: number, executable: string) => void;
  readonly allow: (host: number, executable: string) => void;
}

const away = (executable: string) => `${executable}.away`;
const ways: Readonly<Record<RefusalCode, Way>> = {
  ENOENT: {
    command: [],
    refuse: (_, executable) => renameSync(executable, away(executable)),
    allow: (_, executable) => renameSync(away(executable), executable),
  },
  EACCES: {
    command: [],
    refuse: (_, executable) => chmodSync(executable, 0o644),
    allow: (_, executable) => chmodSync(executable, 0o755),
  },
  EAGAIN: { command: asSomebody, ...limited(asSomebody, 'nproc', 'Max processes', 1) },
  // Not one more, whatever it would be for. The pipes that Node could not open, it does not close.
  EMFILE: { command: [], keeps: /PipeWrap/, ...limited([], 'nofile', 'Max open files', 3) },
};

/** By a soft limit of the host; `as` is who may set it. */
function limited(as: readonly string[], name: string, row: string, limit: number): Pick<Way, 'refuse' | 'allow'> {
  const set = (host: number, soft: string) => {
    const [command = '', ...args] = [...as, 'prlimit', '--pid', String(host), `--${name}=${soft}:`];
    if (!runs(command, ...args)) throw new Error(`prlimit --${name}=${soft}: failed`);
  };
  const before = new Map<number, string>();
  return {
    refuse: (host) => {
      const [, soft = ''] = new RegExp(`^${row} +(\\S+)`, 'm').exec(readFileSync(`/proc/${host}/limits`, 'utf8')) ?? [];
      before.set(host, soft);
      set(host, String(limit));
    },
    allow: (host) => set(host, before.get(host) ?? ''),
  };
}

/** Resolves when all hosts have ended. */
export async function refuseSpawns({ rounds, codes, say = () => {} }: RefusedOptions): Promise<RefusedReport> {
  const wrong: string[] = [];
  const refused: Record<string, number> = {};
  const notTried: Record<string, string> = {};
  const all = (codes ?? (Object.keys(ways) as RefusalCode[])).filter((code) => {
    const missing = missingFor(code);
    if (missing !== undefined) notTried[code] = missing;
    return missing === undefined;
  });
  const back: number[] = [];
  let hosts = 0;
  for (const round of laps(rounds)) {
    for (const code of all) {
      hosts += 1;
      const found = await refuseOnce(code);
      refused[code] = (refused[code] ?? 0) + found.refused;
      back.push(found.backMs);
      wrong.push(...found.wrong.map((one) => `${code}: ${one}`));
      say(`round ${lapOf(round, rounds)}, ${code}: back after ${Math.round(found.backMs)} ms`);
    }
  }
  return { hosts, refused, notTried, back: spread(back), wrong };
}

async function refuseOnce(code: RefusalCode) {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-soak-'));
  const executable = join(folder, 'python');
  chmodSync(folder, 0o755);
  writeFileSync(executable, `#!/bin/sh\nexec '${interpreter}' "$@"\n`, { mode: 0o755 });
  const way = ways[code];
  const host = new Host([...way.command, process.execPath], executable);
  const wrong: string[] = [];
  try {
    const [victim, other] = (await host.ask('ready')).osPids ?? [];
    if (victim === undefined || other === undefined) throw new Error('the host has no two workers');
    way.refuse(host.osPid, executable);
    process.kill(victim, 'SIGKILL');
    for (let n = 0; n < refusals; n += 1) {
      const told = await host.next('refused');
      if (told.code !== code || told.message?.includes(code) !== true)
        wrong.push(`a refused start is told as ${told.code}: ${told.message}`);
    }
    const { answer } = await host.ask('call');
    if (answer !== 'hello') wrong.push(`a call meanwhile was answered with ${answer}`);
    way.allow(host.osPid, executable);
    const begunMs = performance.now();
    const after = await host.ask('ready');
    const backMs = performance.now() - begunMs;
    if (after.osPids?.includes(other) !== true) wrong.push('the other worker was replaced as well');
    const { left = [] } = await host.ask('stop');
    await host.ended;
    wrong.push(...left.filter((one) => way.keeps?.test(one) !== true));
    return { refused: host.refused, backMs, wrong };
  } finally {
    host.kill();
    await host.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Told {
  readonly what: string;
  readonly osPids?: readonly number[];
  readonly code?: string;
  readonly message?: string;
  readonly answer?: string;
  readonly left?: readonly string[];
}

/** What each word is answered with. */
const answers = { ready: 'ready', call: 'answered', stop: 'stopped' } as const;

class Host {
  readonly #process;
  readonly #lines: AsyncIterator<string>;
  readonly ended: Promise<void>;
  refused = 0;

  constructor([command = '', ...args]: readonly string[], executable: string) {
    const program = ['--import', 'tsx', 'spec/fixtures/pool-host-program.ts', executable];
    this.#process = spawn(command, [...args, ...program], { cwd: checkout, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => void this.#process.once('close', () => resolve()));
  }

  get osPid(): number {
    return this.#process.pid as number;
  }

  ask(word: keyof typeof answers): Promise<Told> {
    this.#process.stdin.write(`${word}\n`);
    return this.next(answers[word]);
  }

  /** The next time that it tells this; what else it tells before that is passed over. */
  async next(what: string): Promise<Told> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`the host has ended before it was ${what}`);
      const told = JSON.parse(value) as Told;
      if (told.what === 'refused') this.refused += 1;
      if (told.what === what) return told;
    }
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
