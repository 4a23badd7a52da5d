/** What goes wrong with the Redis of a test. */
import { ActorError } from '../../actors/core/index.ts';

export type RedisHarnessErrorCode =
  /** There is no server to start; the message says where was looked, and what did not fit. */
  | 'redis_missing'
  /** A server did not start, or was not ready in time; the message holds what it printed last. */
  | 'redis_start_failed'
  /** The server is somebody else's: it is used as it is. */
  | 'redis_not_ours'
  | 'redis_not_running'
  /** The server answered with an error; `reply` is its text. */
  | 'redis_refused'
  | 'redis_no_answer'
  | 'redis_connection_lost';

export class RedisHarnessError extends ActorError {
  declare readonly code: RedisHarnessErrorCode;
  /** What the server said, for `redis_refused`: it starts with its own code, such as READONLY. */
  readonly reply: string;

  constructor(code: RedisHarnessErrorCode, message: string, options: ErrorOptions & { reply?: string } = {}) {
    super(code, `redis: ${message}`, options);
    this.reply = options.reply ?? '';
  }
}
