/** Keys in a Redis or Valkey, found by a client of the test's own: this library brings none. */
import type { LeakSource } from './left.ts';

export interface RedisLeakOptions {
  /** Answers the keys that count, such as `() => scan('ophion:test:*')`. */
  keys(): Promise<readonly string[]>;
  /** Removes a key. */
  remove(key: string): Promise<unknown>;
}

/** Keys that were not there before are left behind. */
export function redisKeys({ keys, remove }: RedisLeakOptions): LeakSource {
  return {
    start() {},
    stop() {},
    async look() {
      return (await keys()).map((key) => ({
        kind: 'redis' as const,
        key,
        what: `Redis key ${key}`,
        madeAt: undefined,
        free: async () => void (await remove(key)),
      }));
    },
  };
}
