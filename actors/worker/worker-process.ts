/** A worker's process as a child of its machine. However the machine ends, leaving it kills the process group. */
import type { StreamNotice } from '../../bridge/transport/index.ts';
import { fromCallback } from '../core/index.ts';
import { ownerMarks } from './sweep.ts';
import { bootLine } from './worker-config.ts';
import { emit, runIdOf, type WorkerMemory } from './worker-memory.ts';

type ProcessCommand =
  | { readonly type: 'terminate' }
  | { readonly type: 'kill' }
  | Extract<StreamNotice, { type: 'stream.gone' }>;

export const processActor = fromCallback<ProcessCommand, WorkerMemory>(({ input, sendBack, receive }) => {
  const { ctx, given, token, address } = input;
  const { config } = given;
  const runId = runIdOf(ctx.system);
  const own = { address, workerId: ctx.path, incarnation: ctx.self.incarnation, token, runId };
  const process = config.launch(
    {
      command: config.command,
      args: config.args,
      cwd: config.cwd,
      env: { ...config.env, ...ownerMarks(runId) },
      input: bootLine(given, own),
      clock: ctx.runtime.clock,
    },
    (event) => {
      if (event.type !== 'process.output') sendBack(event);
      else {
        const { from, text, cut } = event;
        emit(ctx, { type: 'worker.output', worker: ctx.self, from, text, cut });
      }
    },
  );
  receive((command) => {
    if (command.type === 'stream.gone') process.ended?.(command.code, command.signal);
    else if (command.type === 'kill') process.kill();
    else process.terminate();
  });
  return () => process.kill();
});
