/**
 * The process of a worker that joined, as its worker actor sees it: another host has started it, so it is admitted
 * instead of launched, asked to leave instead of signalled, and as good as dead once its stream is cut: its lease ends
 * it. The news of its real end comes over the wire.
 */
import type { JoinRequest, LinksRef } from '../../bridge/transport/index.ts';
import type { Launch } from './os-process.ts';

interface BootLine {
  readonly worker_id: string;
  readonly incarnation: number;
  readonly token: string;
  readonly run_id: string;
  readonly preload: readonly string[];
  readonly capacity: number;
}

/** Admits the worker that asked to join when its actor is there to have it. */
export function joinedProcess(links: LinksRef, { join, osPid }: JoinRequest, leaseMs: number): Launch {
  return ({ input, clock }, tell) => {
    const boot = JSON.parse(input) as BootLine;
    const { worker_id: workerId, incarnation, token, run_id: runId, preload, capacity } = boot;
    let over = false;
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      if (over) return;
      over = true;
      tell({ type: 'process.exited', code, signal, lastOutput: '' });
      tell({ type: 'process.gone', left: [] });
    };
    const stream = `${workerId}#${incarnation}`;
    // Told in a later turn, as those of a real process.
    clock.setTimer(0, () => {
      if (!over) tell({ type: 'process.started', osPid });
    });
    links.cast('admit', { join, workerId, incarnation, token, runId, leaseMs, preload, capacity });
    return {
      terminate: () => links.cast('dismiss', { stream, reason: 'the host has no more work for this worker' }),
      // Who kills it forgets its stream: nothing is sent there any more, and what still comes is dropped.
      kill: () => {
        clock.setTimer(0, () => ended(null, 'SIGKILL'));
      },
      ended,
    };
  };
}
