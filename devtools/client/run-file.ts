/**
 * Run files: how the command line finds the systems that run here. Each host writes one, in a folder that is this user's
 * alone; it names the host's socket and holds the token, so who may read it may connect.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** What a host says of itself. */
export interface RunFile {
  readonly version: 1;
  readonly name: string;
  readonly osPid: number;
  readonly startedAtMs: number;
  /** The path of its Unix socket. */
  readonly socket: string;
  readonly token: string;
  /** Where its page is, `http://127.0.0.1:PORT`; null where there is none. */
  readonly url: string | null;
  /** As its greeting says it. */
  readonly run: string;
}

/** A run file of a process that lives. */
export interface FoundSystem extends RunFile {
  readonly file: string;
}

export interface RunFiles {
  /** Oldest first. */
  readonly systems: readonly FoundSystem[];
  /** Files that were not believed, and why. */
  readonly refused: readonly { readonly file: string; readonly why: string }[];
}

/** A run file could not be written, or its folder is not this user's alone. */
export class RunFileError extends Error {
  override readonly name = 'RunFileError';
  readonly code = 'run_file';
}

const sizeMax = 64 * 1024;
/** Systems of one name in one process. */
const sameNameMax = 1_000;

/** Where run files are: `ophion-<uid>` in the folder for temporary files. OPHION_RUN_DIR overrides. */
export function runFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { OPHION_RUN_DIR } = env;
  if (OPHION_RUN_DIR !== undefined && OPHION_RUN_DIR !== '') return OPHION_RUN_DIR;
  return join(tmpdir(), `ophion-${process.getuid?.() ?? 'user'}`);
}

/** Makes the folder when it is not there. Throws RunFileError when others could read or change what is in it. */
export function ensureRunFolder(folder = runFolder()): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new RunFileError(`run folder ${folder} cannot be made; OPHION_RUN_DIR names another`, { cause: error });
  }
  const why = whyNotOurs(folder);
  if (why === undefined) return folder;
  throw new RunFileError(
    `run folder ${folder} ${why}; make it yours alone (chmod 700), or name another: OPHION_RUN_DIR`,
  );
}

/** What is wrong with the rights of the run folder; undefined when nothing is. Throws when it is not there. */
export function whyNotOurs(folder: string): string | undefined {
  const stat = lstatSync(folder);
  return stat.isDirectory() ? whyNotAlone(stat) : 'is no folder';
}

/** Writes the run file of a host, 0600. Answers its path, for `removeRunFile`. Throws RunFileError. */
export function writeRunFile(facts: Omit<RunFile, 'version'>, folder = runFolder()): string {
  ensureRunFolder(folder);
  const text = `${JSON.stringify({ version: 1, ...facts } satisfies RunFile)}\n`;
  const name = facts.name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 64);
  for (let nth = 1; nth <= sameNameMax; nth += 1) {
    const file = join(folder, `${facts.osPid}-${name}${nth === 1 ? '' : `-${nth}`}.json`);
    if (isOfAnEarlierProcess(file)) removeRunFile(file);
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new RunFileError(`run file ${file} cannot be written; OPHION_RUN_DIR names another folder`, {
        cause: error,
      });
    }
  }
  throw new RunFileError(
    `${sameNameMax} systems named ${facts.name} run in this process: give them names of their own`,
  );
}

/** When the host stops. It is no error that the file is gone. */
export function removeRunFile(file: string): void {
  rmSync(file, { force: true });
}

/** The systems of this user that run. Removes what processes left that are gone. */
export function listRunFiles(folder = runFolder()): RunFiles {
  const systems: FoundSystem[] = [];
  const refused: { file: string; why: string }[] = [];
  if (!existsSync(folder)) return { systems, refused };
  const notOurs = whyNotOurs(folder);
  if (notOurs !== undefined) return { systems, refused: [{ file: folder, why: notOurs }] };
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.json')) continue;
    const file = join(folder, name);
    const found = readRunFile(file);
    if (!isAlive(typeof found === 'string' ? Number.parseInt(name, 10) : found.osPid)) sweep(file, found);
    else if (typeof found === 'string') refused.push({ file, why: found });
    else systems.push({ ...found, file });
  }
  systems.sort((one, other) => one.startedAtMs - other.startedAtMs);
  return { systems, refused };
}

/** A host is gone that has not removed its file: removes that, and its socket where it stands beside it. */
export function sweepRunFile({ file, socket }: FoundSystem): void {
  if (dirname(socket) === dirname(file)) rmSync(socket, { force: true });
  removeRunFile(file);
}

function sweep(file: string, found: RunFile | string): void {
  // Only what carries the number of a process as ours do: the folder may have been named by hand.
  if (!/^\d+-/.test(basename(file))) return;
  if (typeof found === 'string') removeRunFile(file);
  else sweepRunFile({ ...found, file });
}

/** What it says; a text when it is not believed. */
function readRunFile(file: string): RunFile | string {
  let fd: number;
  try {
    // Not through a link, which would point at a file that somebody else can change.
    fd = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return `cannot be opened (${(error as NodeJS.ErrnoException).code})`;
  }
  try {
    const stat = fstatSync(fd);
    const why = stat.isFile() ? whyNotAlone(stat) : 'is no file';
    if (why !== undefined) return why;
    if (stat.size > sizeMax) return `is larger than ${sizeMax} bytes`;
    return checked(JSON.parse(readFileSync(fd, 'utf8')));
  } catch {
    return 'is no run file';
  } finally {
    closeSync(fd);
  }
}

function checked(value: Partial<RunFile> | null): RunFile | string {
  if (typeof value !== 'object' || value === null) return 'is no run file';
  if (value.version !== 1) return `has version ${String(value.version)}, not 1: of another version of this package`;
  const { name, osPid, startedAtMs, socket, token, url, run } = value;
  const texts = [name, socket, token, run].every((text) => typeof text === 'string');
  const whole = texts && Number.isSafeInteger(osPid) && typeof startedAtMs === 'number';
  return whole && (url === null || typeof url === 'string') ? (value as RunFile) : 'is no run file';
}

function whyNotAlone({ uid, mode }: { readonly uid: number; readonly mode: number }): string | undefined {
  // Windows has neither.
  if (process.getuid === undefined) return undefined;
  if (uid !== process.getuid()) return `belongs to another user (${uid})`;
  return (mode & 0o077) === 0 ? undefined : `is open to other users (mode ${(mode & 0o777).toString(8)})`;
}

/** Numbers of processes are used again, in a container at each start. */
function isOfAnEarlierProcess(file: string): boolean {
  const found = readRunFile(file);
  return typeof found !== 'string' && found.startedAtMs < performance.timeOrigin;
}

function isAlive(osPid: number): boolean {
  try {
    process.kill(osPid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
