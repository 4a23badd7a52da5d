/** How long a bare worker takes from its spawning until it is ready, beside an interpreter that only imports gRPC. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { nodeRuntime } from '../../actors/core/index.ts';
import { python, type WorkerEvent } from '../../actors/worker/index.ts';
import { type CarrierName, links } from '../../bridge/transport/index.ts';
import { startSupervisor, supervisor } from '../../supervisors/index.ts';
import { type Contest, ending, median, nowMs } from '../contest.ts';
import { interpreter, program, pythonPath } from './files.ts';

/** The median of so many starts, one after another. */
const starts = (start: () => Promise<number>) => async (size: number) => {
  const tookMs: number[] = [];
  for (let i = 0; i < size; i += 1) tookMs.push(await start());
  return median(tookMs);
};

/** A real `python -m ophion`, in a pool as any other. */
const worker = (carrier: CarrierName) => async () => {
  await using app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      links: { logic: links, input: { carrier } },
      pools: supervisor({
        children: {
          bare: python({
            module: 'bare',
            executable: interpreter,
            pythonPath: [dirname(program('bare.py'))],
            // An installed package has its byte code; so has this one, whatever this shell says.
            env: { PYTHONPATH: pythonPath, PYTHONDONTWRITEBYTECODE: undefined },
          }),
        },
      }),
    },
  });
  const ready = ending();
  let spawnedMs = Number.NaN;
  app.system.events.onAll((event) => {
    const { type, state } = event as WorkerEvent & { readonly state?: string };
    if (type !== 'worker.state') return;
    if (state === 'spawning') spawnedMs = nowMs();
    if (state === 'idle') ready.reach();
  });
  await ready.reached;
  return nowMs() - spawnedMs;
};

/** A process that runs one line of Python and ends. */
const interpreterWith = (line: string) => async () => {
  const startMs = nowMs();
  await once(spawn(interpreter, ['-c', line], { stdio: 'ignore' }), 'exit');
  return nowMs() - startMs;
};

const baseline = { name: "python3 -c 'import grpc'", line: 'import grpc' };

export const startOverGrpc: Contest = {
  unit: 'ms',
  size: 7,
  quickSize: 1,
  warmUps: 1,
  rounds: 5,
  ours: starts(worker('grpc')),
  lines: [
    {
      name: "bare worker spawn to ready vs bare `python3 -c ''` plus `import grpc`",
      baseline: baseline.name,
      theirs: starts(interpreterWith(baseline.line)),
      target: { atMost: 1.5 },
    },
    {
      name: "bare worker spawn to ready vs bare `python3 -c ''`",
      baseline: "python3 -c ''",
      theirs: starts(interpreterWith('')),
    },
  ],
};

export const startOverUnix: Contest = {
  unit: 'ms',
  size: 7,
  quickSize: 1,
  warmUps: 1,
  rounds: 5,
  ours: starts(worker('unix')),
  lines: [
    {
      name: 'bare worker spawn to ready over the Unix-socket carrier',
      baseline: baseline.name,
      theirs: starts(interpreterWith(baseline.line)),
    },
  ],
};
