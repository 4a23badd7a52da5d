/**
 * From the SIGKILL of the one worker in service to the next reply, through the public API: a call is made right after
 * the kill, when nobody knows of it yet; it is lost, made again, and answered by another process.
 */
import { dirname } from 'node:path';
import { nodeRuntime, openContext, ophion, python, pythonTool, startSupervisor } from '../../index.ts';
import { type Contest, median, nowMs } from '../contest.ts';
import { program, pythonPath } from './files.ts';

const echo = pythonTool<{ text: string }, string>('echo', { idempotent: true });

/** The median of so many kills, in milliseconds. */
const killToReply = (spares: number) => async (kills: number) => {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        pools: {
          echo: python({
            module: 'echo_tools',
            pythonPath: [dirname(program('echo_tools.py'))],
            env: { PYTHONPATH: pythonPath },
            size: 1,
            spares,
            // Killing them all the time is the point.
            maxRestarts: 1_000_000,
          }),
        },
      }),
    },
  });
  try {
    const pool = app.children.ophion.pools.echo;
    await pool.ready();
    await using context = await openContext(app.children.ophion, { variables: {} });
    await context.call(echo, { text: 'warm' });
    const tookMs: number[] = [];
    for (let n = 0; n < kills; n += 1) {
      let status = await pool.ready();
      // The one that was killed before has to be back.
      while (status.spares < spares || status.ready < 1) {
        await new Promise(setImmediate);
        status = await pool.status();
      }
      const active = status.workers.find(({ role }) => role === 'active');
      const startMs = nowMs();
      process.kill(active?.osPid as number, 'SIGKILL');
      await context.call(echo, { text: 'again' });
      tookMs.push(nowMs() - startMs);
    }
    return median(tookMs);
  } finally {
    await app.stop();
  }
};

export const warmSpare: Contest = {
  unit: 'ms',
  size: 15,
  quickSize: 1,
  warmUps: 1,
  rounds: 3,
  ours: killToReply(1),
  lines: [
    {
      name: 'worker kill to next reply with a warm spare',
      baseline: 'the same without a spare',
      theirs: killToReply(0),
      size: 5,
    },
  ],
};
