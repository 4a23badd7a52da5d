/** A worker's process as a child of its machine. However the machine ends, leaving it kills the process group. */
import type { StreamNotice } from '../../bridge/transport/index.ts';
import { fromCallback } from '../core/index.ts';
import type { LaunchEvent, OsProcess } from './os-process.ts';
import { PoolTable } from './pool-table.ts';
import { ownerMarks } from './sweep.ts';
import { bootLine } from './worker-config.ts';
import { WorkerLogs } from './worker-logs.ts';
import { emit, runIdOf, type WorkerMemory } from './worker-memory.ts';

type ProcessCommand =
  | { readonly type: 'terminate' }
  | { readonly type: 'kill' }
  | Extract<StreamNotice, { type: 'stream.gone' }>;

export const processActor = fromCallback<ProcessCommand, WorkerMemory>(({ input, sendBack, receive }) => {
  const { slots } = PoolTable.of(input.ctx.system, input.given.manager);
  const { workerId, config, pool, manager } = input.given;
  const log = WorkerLogs.of(input.ctx.system, manager, pool, config.logs).open(workerId, input.ctx.self.incarnation);
  const tell = (event: LaunchEvent) => {
    if (event.type === 'process.output') {
      const { from, text, cut } = event;
      log.add(event);
      emit(input.ctx, { type: 'worker.output', worker: input.ctx.self, from, text, cut });
      return;
    }
    if (event.type === 'process.exited' || event.type === 'process.failed') log.end();
    if (event.type === 'process.gone' || event.type === 'process.failed') slots.ended(workerId);
    sendBack(event);
  };
  let process: OsProcess;
  try {
    // What another host has started takes no number of ours.
    process = started(input, config.leaseMs === undefined ? slots.take(workerId) : 0, tell);
  } catch (error) {
    // What the pool's options said of this worker is wrong.
    tell({ type: 'process.failed', error: error as Error });
    return;
  }
  receive((command) => {
    if (command.type === 'stream.gone') process.ended?.(command.code, command.signal);
    else if (command.type === 'kill') process.kill();
    else process.terminate();
  });
  return () => process.kill();
});

function started(memory: WorkerMemory, index: number, tell: (event: LaunchEvent) => void): OsProcess {
  const { ctx, given, token, address } = memory;
  const { config, pool, workerId } = given;
  const { cwd, env, limits } = config.own({ id: workerId, index, pool });
  const runId = runIdOf(ctx.system);
  const own = { address, workerId: ctx.path, incarnation: ctx.self.incarnation, token, runId };
  return config.launch(
    {
      command: config.command,
      args: config.args,
      cwd,
      env: { ...env, ...ownerMarks(runId) },
      input: bootLine(given, own, limits),
      clock: ctx.runtime.clock,
    },
    tell,
  );
}
