/** What `redisState()` takes. */
import type { Cluster, ClusterNode, Redis, RedisOptions } from 'ioredis';
import { SpecError } from '../../core/index.ts';
import { type ComputeFunctions, checkFunctions } from '../functions.ts';
import { defaultRecordLimits, type RecordLimits } from '../record.ts';

/** Where the servers are: one of these. */
export interface RedisSource {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string;
  /** Some nodes of a cluster; the others are found by them. */
  readonly cluster?: readonly ClusterNode[];
  /** A client of ioredis, whose options are used; the connections are the provider's own, and this one is left alone. */
  readonly client?: Redis | Cluster;
  /** Options of ioredis on top, such as `sentinels`, `name`, `tls`, `password`. */
  readonly options?: RedisOptions;
}

export interface Durability {
  /** How many replicas must have a commit before it is answered (WAIT). Default 0. */
  readonly replicas?: number;
  /** Whether it must be on the server's disk, and those of as many replicas (WAITAOF). Default false. */
  readonly fsync?: boolean;
  /** How long that may take, in milliseconds; then the commit rejects with `redis_not_safe`. Default 1,000. */
  readonly timeoutMs?: number;
}

export interface RedisStateOptions extends RedisSource {
  /** What all keys begin with. Default `ophion`. */
  readonly prefix?: string;
  readonly durability?: Durability;
  /** What one session may have, and what of it is kept. The same on all hosts, or history is as long as the last says. */
  readonly limits?: Partial<RecordLimits>;
  /** How many sessions may be open on the server, roughly. Default 10,000,000; more is `quota`. */
  readonly maxSessions?: number;
  /** How often expired sessions are looked for, and watched ones for what was not told. Default 5,000 ms. */
  readonly sweepMs?: number;
  /** How many sessions this process holds a copy of, watched ones not counted. Default 1,000. */
  readonly copiesMax?: number;
  /** Functions of computed variables, beside those of the system and before them. Default: none. */
  readonly functions?: ComputeFunctions;
  /** Internal, for tests of times to live: the time that scripts go by. Default: the server's. */
  readonly nowMs?: () => number;
}

export interface RedisSettings
  extends Required<Omit<RedisStateOptions, keyof RedisSource | 'limits' | 'functions' | 'nowMs'>> {
  readonly source: RedisSource;
  readonly durability: Required<Durability>;
  readonly limits: RecordLimits;
  readonly functions: ComputeFunctions | undefined;
  readonly nowMs: (() => number) | undefined;
}

/** Throws SpecError, which says what is wrong. */
export function settingsOf(options: RedisStateOptions): RedisSettings {
  const {
    url,
    cluster,
    client,
    options: more,
    prefix = 'ophion',
    durability = {},
    limits,
    nowMs,
    functions,
    ...rest
  } = options;
  const { replicas = 0, fsync = false, timeoutMs = 1_000 } = durability;
  const sources = [url, cluster, client].filter((one) => one !== undefined).length;
  const wrong = (rule: string, value?: unknown): never => {
    throw new SpecError('redisState', rule, value);
  };
  if (sources > 1 || (sources === 0 && more === undefined)) wrong('needs one of url, cluster, client, options');
  if (url !== undefined && !/^rediss?:\/\//.test(url)) wrong('invalid_url: it begins with redis:// or rediss://');
  if (prefix === '' || /[{}\s]/.test(prefix)) wrong('invalid_prefix', prefix);
  if (!Number.isInteger(replicas) || replicas < 0) wrong('invalid_replicas', replicas);
  if (!(timeoutMs > 0 && timeoutMs < Number.POSITIVE_INFINITY)) wrong('invalid_timeoutMs', timeoutMs);
  const { maxSessions = 10_000_000, sweepMs = 5_000, copiesMax = 1_000 } = rest;
  for (const [name, value] of Object.entries({ maxSessions, sweepMs, copiesMax }))
    if (!(value > 0)) wrong(`invalid_${name}`, value);
  return {
    source: {
      ...(url === undefined ? {} : { url }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(client === undefined ? {} : { client }),
      ...(more === undefined ? {} : { options: more }),
    },
    prefix,
    durability: { replicas, fsync, timeoutMs },
    limits: { ...defaultRecordLimits, ...limits },
    maxSessions,
    sweepMs,
    copiesMax,
    functions: functions && checkFunctions(functions),
    nowMs,
  };
}
