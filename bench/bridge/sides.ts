/** What a contest needs of either side: somebody who makes round trips, for so many callers. */
import { pythonTool } from '../../index.ts';
import type { Echo } from '../workers/callers.ts';
import type { Baseline } from '../workers/others/unary.ts';
import { type Carrier, startBridgeHost } from './host.ts';

/** Starts one side; ended when a sample is taken. */
export type Start = () => Promise<Baseline>;

/** Round trips of a tool that answers what it is sent: the callers take turns, each with a session of its own. */
export const toolCalls =
  (carrier: Carrier, callers: number, name = 'echo', capacity?: number): Start =>
  async () => {
    const host = await startBridgeHost(carrier, callers, capacity);
    const tool = pythonTool<{ data: Uint8Array }, unknown>(name);
    const { contexts } = host;
    let next = 0;
    const echo: Echo = (data) => {
      next = (next + 1) % contexts.length;
      return (contexts[next] as (typeof contexts)[number]).call(tool, { data });
    };
    return { echo, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
  };

/** A sample of one side, started anew for each. */
export const sampled =
  (start: Start, measure: (echo: Echo, size: number) => Promise<number>) =>
  async (size: number): Promise<number> => {
    await using side = await start();
    return await measure(side.echo, size);
  };
