/** The state layer on a Redis of the spec's own, for the laws. */
import type { RedisStateOptions } from '../../actors/state/redis/index.ts';
import { linkTo, type MakeLink } from '../../actors/state/redis/link.ts';
import { redisStateOver } from '../../actors/state/redis/redis-state.ts';
import { contractFunctions, type StateSubject } from '../../testing/state-provider-contract.ts';
import { startState } from './state-system.ts';

export const historyMax = 300;
let subjects = 0;

/** A provider of its own keys, with what can be crashed of it and of the server. */
export async function redisSubject(
  options: RedisStateOptions,
  crashes: StateSubject['crashes'] = {},
  makeLink: MakeLink = linkTo,
): Promise<StateSubject> {
  const state = await startState({ functions: contractFunctions });
  subjects += 1;
  let nowMs = Date.now();
  // No look now and then hides what was not heard.
  const own = { prefix: `t${process.pid}-${subjects}`, limits: { historyMax }, sweepMs: 600_000, nowMs: () => nowMs };
  const backend = redisStateOver(makeLink, { ...own, ...options });
  return {
    provider: backend.connect(state.host),
    historyMax,
    crashes: {
      feed: () => state.kill('app/ophion/redis/feed-1'),
      feeds: () => state.kill('app/ophion/redis'),
      observers: () => state.kill(state.names.observers.path),
      ...crashes,
    },
    pass: (ms) => {
      nowMs += ms;
    },
    dispose: () => state.stop(),
  };
}
