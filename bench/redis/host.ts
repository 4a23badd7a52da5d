/** Our side, through the public API: an ophion tree without Python, and contexts whose state lies on Redis. */
import { redisState } from '../../actors/state/redis/index.ts';
import { type Context, openContext } from '../../index.ts';
import { type Known, startStateHost, variables } from '../state/host.ts';

export interface RedisBenchHost extends AsyncDisposable {
  /** A context of this session, or of a new one. */
  open(id?: string): Promise<Context<Known>>;
}

export async function startRedisHost(url: string): Promise<RedisBenchHost> {
  const host = await startStateHost();
  const state = redisState({ url });
  return {
    open: (id) => openContext(host.ref, { state, variables, ...(id === undefined ? {} : { id }) }),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** The variable of `variables` as it is stored: what the bare scripts are given to write, and bare readings find. */
export const payloadOf = (temperature: number): string =>
  `{"type":"float","value":${temperature},"constraints":{"min":0,"max":2},"description":""}`;
