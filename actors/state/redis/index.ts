/** The public names of `ophion/redis`: session state on Redis or Valkey. */
export { RedisError, type RedisErrorCode } from './errors.ts';
export type { Durability, RedisSource, RedisStateOptions } from './options.ts';
export { redisState } from './redis-state.ts';
