/** What a Python worker does to its session: one commit after the other, and reading what was pushed to it. */
import { pythonTool } from '../../index.ts';
import type { Contest } from '../contest.ts';
import { latency } from '../workers/callers.ts';
import { startPythonHost } from './host.ts';

/** A tool of state_tools.py that times itself. */
const timed = (name: string) => async (count: number) => {
  await using host = await startPythonHost();
  const context = await host.open();
  const tool = pythonTool<{ count: number }, number>(name);
  return await context.call(tool, { count }, { timeoutMs: Number.POSITIVE_INFINITY });
};

async function echoes(size: number): Promise<number> {
  await using host = await startPythonHost();
  const context = await host.open();
  const echo = pythonTool<{ data: Uint8Array }, unknown>('echo');
  return await latency((data) => context.call(echo, { data }), size);
}

export const remoteCommits: Contest = {
  unit: 'us',
  size: 2_000,
  quickSize: 4,
  warmUps: 1,
  rounds: 5,
  ours: timed('commits'),
  lines: [
    {
      name: 'commit from another process vs one echo tool call, time',
      baseline: 'one call of an echo tool, p50',
      theirs: echoes,
      target: { atMost: 1.3 },
    },
  ],
};

export const pythonReads: Contest = {
  unit: 'us',
  size: 200_000,
  quickSize: 4,
  warmUps: 1,
  rounds: 5,
  ours: timed('reads'),
  lines: [
    {
      name: 'Python read of a pushed variable inside a tool vs a dict lookup, value in us',
      baseline: 'dict lookup',
      theirs: timed('lookups'),
      limit: 2,
    },
  ],
};
