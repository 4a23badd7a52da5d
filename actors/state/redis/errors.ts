/**
 * What is wrong with the server, by name. What passes by itself reaches callers as StateError `unavailable` with one of
 * these as its cause, once their time is up; what does not is thrown as it is.
 */
import { ActorError, StateError } from '../../core/index.ts';

export type RedisErrorCode =
  /** Nobody answers: not started, cut off, stopped, loading its data. Goes on by itself. */
  | 'redis_down'
  /** It answered that it is busy with a script, or the script was killed. Nothing was applied; goes on by itself. */
  | 'redis_busy'
  /** It takes no writes, as one that has become a replica. Goes on when the client finds the primary. */
  | 'redis_read_only'
  /** It has no memory left (OOM), or cannot write to its disk. Nothing was applied; what is there can be read. */
  | 'redis_full'
  /** Wrong or missing password, or a user without the rights that docs/redis.md lists. */
  | 'redis_denied'
  /** It is not the server that `tls` trusts. */
  | 'redis_untrusted'
  /** Older than Redis 7.0; than 7.2, where commits are to wait for disks. */
  | 'redis_too_old'
  /** A newer release of this library wrote the session. */
  | 'redis_too_new'
  /** Somebody else's key stands where ours belongs. */
  | 'redis_wrong_type'
  /** The commit happened, and the replicas or the disk did not confirm it in time. */
  | 'redis_not_safe'
  /** Anything else that the server said; it is the cause. */
  | 'redis_failed';

export class RedisError extends ActorError {
  declare readonly code: RedisErrorCode;

  constructor(code: RedisErrorCode, message: string, options?: ErrorOptions) {
    super(code, `redis: ${message}`, options);
  }
}

/** Codes of what passes by itself. */
const passes: ReadonlySet<RedisErrorCode> = new Set(['redis_down', 'redis_busy', 'redis_read_only']);

const rules: readonly (readonly [pattern: RegExp, code: RedisErrorCode, what: string])[] = [
  [
    /^(WRONGPASS|NOAUTH|NOPERM|ERR.*(invalid password|without any password|user executing the script can't|ACL failure in script))/i,
    'redis_denied',
    'refuses this user',
  ],
  [/certificate|altnames|SSL routines|EPROTO/i, 'redis_untrusted', 'cannot be trusted; look at the option tls'],
  [/^OOM|^MISCONF|^ERR.*out of memory|@user_script.*OOM/i, 'redis_full', 'takes no more'],
  [/READONLY/, 'redis_read_only', 'takes no writes: it is a replica, or has become one'],
  [/^BUSY |^UNKILLABLE|script killed|^MASTERDOWN/i, 'redis_busy', 'is busy'],
  [/WRONGTYPE/, 'redis_wrong_type', 'has a key of another type where one of ours belongs; choose another prefix'],
  [/^(LOADING|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS|ERR max number of clients)/, 'redis_down', 'is not ready'],
  [
    /connection is closed|isn't writeable|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|socket|connect|aborted due|slots cache|max retries|All nodes|too many cluster redirections|timed out|sentinel/i,
    'redis_down',
    'cannot be reached',
  ],
];

/** What an error of the client is. `last` is what went wrong with its connection. */
export function redisError(error: unknown, last?: Error): RedisError {
  if (error instanceof RedisError) return error;
  const closest = deepest(error);
  const said = closest.message;
  const [, code, what] = rules.find(([pattern]) => pattern.test(said)) ?? [
    undefined,
    'redis_failed' as const,
    'failed',
  ];
  if (code === 'redis_down' && last !== undefined) {
    const why = redisError(last);
    if (why.code !== 'redis_failed')
      return new RedisError(why.code, why.message.slice('redis: '.length), { cause: last });
  }
  return new RedisError(code, `the server ${what}: ${said}`, { cause: error });
}

/** A cluster says why in the error of its last node. */
function deepest(error: unknown): Error {
  const { lastNodeError } = error as { lastNodeError?: Error };
  return lastNodeError ?? (error instanceof Error ? error : new Error(String(error)));
}

/** How it reaches a caller: StateError where the laws have a code for it. */
export function refusalOf(fault: RedisError): RedisError | StateError {
  const details = { reason: fault.code };
  if (passes.has(fault.code)) return new StateError('unavailable', fault.message, { cause: fault, details });
  if (fault.code === 'redis_full')
    return new StateError('read_only', `${fault.message}; nothing was applied`, { cause: fault, details });
  return fault;
}
