/** What the environment says to a coordinator: every setting by its name, and an error that names each that is wrong. */
import { readFileSync, statSync } from 'node:fs';
import type { ClientToken } from '../bridge/protocol/index.ts';

export type SettingErrorCode = 'missing_setting' | 'wrong_setting';

/** A variable of the environment is missing or wrong; the message says which, what it should be, and no secret. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
  readonly code: SettingErrorCode;
  readonly variable: string;

  constructor(code: SettingErrorCode, variable: string, what: string) {
    super(`${variable} ${what}`);
    this.code = code;
    this.variable = variable;
  }
}

export interface Settings {
  readonly module: string;
  readonly pool: string;
  readonly host: string;
  readonly port: number;
  readonly joinPort: number;
  readonly advertise: string | undefined;
  readonly names: readonly string[];
  readonly clientTokens: () => readonly ClientToken[];
  readonly joinTokens: string;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly workerCa: string | undefined;
  readonly insecure: boolean;
  readonly maxWorkers: number;
  readonly capacity: number;
  readonly leaseMs: number;
  readonly maxAgeMs: number;
  readonly drainMs: number;
  readonly maxConnections: number;
  /** Of each client in a second. */
  readonly clientRequests: number;
  readonly clientStreams: number;
  readonly streams: number;
  readonly maxSessions: number;
  readonly redis: RedisPlace | undefined;
}

export type RedisPlace =
  | { readonly url: string }
  | {
      readonly cluster: readonly { readonly host: string; readonly port: number }[];
      readonly options: { readonly password?: string };
    };

type Environment = Readonly<Record<string, string | undefined>>;

/** All that a coordinator reads, and what it is without it. docs/scaling.md says what each is for. */
export const defaults = {
  OPHION_POOL: 'default',
  OPHION_HOST: '0.0.0.0',
  OPHION_PORT: '7400',
  OPHION_JOIN_PORT: '7443',
  OPHION_MAX_WORKERS: '64',
  OPHION_CAPACITY: '1',
  OPHION_LEASE_MS: '15000',
  OPHION_MAX_AGE_MS: '3600000',
  OPHION_DRAIN_MS: '20000',
  OPHION_MAX_CONNECTIONS: '1024',
  OPHION_CLIENT_REQUESTS: '1000',
  OPHION_CLIENT_STREAMS: '256',
  OPHION_STREAMS: '4096',
  OPHION_MAX_SESSIONS: '10000000',
} as const;

/** Throws a SettingError for the first that is missing or wrong. */
export function settingsOf(env: Environment): Settings {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const text = (name: string, what: string): string => {
    const value = given(name) ?? (defaults as Environment)[name];
    if (value === undefined) throw new SettingError('missing_setting', name, `is missing: ${what}`);
    return value;
  };
  const whole = (name: keyof typeof defaults, least: number, most: number): number => {
    const value = given(name) ?? defaults[name];
    if (/^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    throw new SettingError('wrong_setting', name, `is a whole number from ${least} to ${most}, not '${value}'`);
  };
  const clientTokens = text('OPHION_CLIENT_TOKENS', 'the JSON file of the tokens of clients');
  return {
    module: text('OPHION_MODULE', 'the Python module that the workers serve'),
    pool: text('OPHION_POOL', ''),
    host: text('OPHION_HOST', ''),
    port: whole('OPHION_PORT', 0, 65_535),
    joinPort: whole('OPHION_JOIN_PORT', 0, 65_535),
    advertise: given('OPHION_ADVERTISE'),
    names: (given('OPHION_NAMES') ?? '').split(',').filter((name) => name !== ''),
    clientTokens: tokensIn(clientTokens),
    joinTokens: text('OPHION_JOIN_TOKENS', 'the file of the join tokens of workers, one a line'),
    tls: pair(given('OPHION_TLS_CERT'), given('OPHION_TLS_KEY')),
    workerCa: given('OPHION_WORKER_CA'),
    insecure: flag('OPHION_INSECURE', given('OPHION_INSECURE')),
    maxWorkers: whole('OPHION_MAX_WORKERS', 1, 1_000),
    capacity: whole('OPHION_CAPACITY', 1, 1_000),
    leaseMs: whole('OPHION_LEASE_MS', 1_000, 86_400_000),
    maxAgeMs: whole('OPHION_MAX_AGE_MS', 1_000, 999_999_999),
    drainMs: whole('OPHION_DRAIN_MS', 1, 3_600_000),
    maxConnections: whole('OPHION_MAX_CONNECTIONS', 1, 100_000),
    clientRequests: whole('OPHION_CLIENT_REQUESTS', 1, 1_000_000),
    clientStreams: whole('OPHION_CLIENT_STREAMS', 1, 1_000_000),
    streams: whole('OPHION_STREAMS', 1, 1_000_000),
    maxSessions: whole('OPHION_MAX_SESSIONS', 1, 999_999_999),
    redis: redisOf(given('REDIS_URL'), given('REDIS_CLUSTER'), given('REDIS_PASSWORD')),
  };
}

function pair(cert: string | undefined, key: string | undefined): Settings['tls'] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const missing = cert === undefined ? 'OPHION_TLS_CERT' : 'OPHION_TLS_KEY';
  throw new SettingError('missing_setting', missing, 'is missing: certificate and key belong together');
}

function flag(name: string, value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new SettingError('wrong_setting', name, `is true or false, not '${value}'`);
}

function redisOf(url: string | undefined, cluster: string | undefined, password: string | undefined) {
  if (url !== undefined && cluster !== undefined)
    throw new SettingError('wrong_setting', 'REDIS_CLUSTER', 'is for when there is no REDIS_URL: give one of them');
  if (url !== undefined) {
    if (/^rediss?:\/\//.test(url)) return { url };
    throw new SettingError('wrong_setting', 'REDIS_URL', 'begins with redis:// or rediss://');
  }
  if (cluster === undefined) return undefined;
  const nodes = cluster.split(',').map((node) => {
    const [, host, port] = /^([\w.-]+):(\d{1,5})$/.exec(node.trim()) ?? [];
    if (host === undefined) throw new SettingError('wrong_setting', 'REDIS_CLUSTER', 'is HOST:PORT,HOST:PORT,...');
    return { host, port: Number(port) };
  });
  return { cluster: nodes, options: password === undefined ? {} : { password } };
}

/** Reads the tokens of clients, and again when their file has changed. Throws a SettingError that has none of them. */
function tokensIn(file: string): () => readonly ClientToken[] {
  const wrong = (why: string) => new SettingError('wrong_setting', 'OPHION_CLIENT_TOKENS', `names ${file}, ${why}`);
  let [readMs, tokens] = [Number.NaN, [] as readonly ClientToken[]];
  const read = () => {
    try {
      const { mtimeMs } = statSync(file);
      if (mtimeMs === readMs) return tokens;
      const list: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (!Array.isArray(list) || list.length === 0) throw new TypeError('it is no list of tokens');
      [readMs, tokens] = [mtimeMs, list];
      return tokens;
    } catch (error) {
      // What a parser says of a text quotes it.
      throw wrong(
        error instanceof SyntaxError ? 'which is no JSON' : `which cannot be read: ${(error as Error).message}`,
      );
    }
  };
  read();
  return read;
}
