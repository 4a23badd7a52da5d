/**
 * The public names of `ophion/redis`: session state on Redis or Valkey.
 *
 * @module ophion/redis
 */
export { RedisError, type RedisErrorCode } from './errors.ts';
export type { Durability, RedisSource, RedisStateOptions } from './options.ts';
export { redisState } from './redis-state.ts';
