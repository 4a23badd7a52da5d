/** `ophion workers`: the worker processes. */
import type { Command } from 'commander';
import type { WorkerRow } from '../../protocol/index.ts';
import { size, span } from '../../report/units.ts';
import type { Cli } from '../cli.ts';
import type { Column } from '../table.ts';

export const workers = (cli: Cli): Command =>
  cli.attached('workers', 'the workers: process, state, calls, memory, heartbeat').action(
    cli.run(async (session) => {
      const { rows } = await session.rows<'workers'>({ view: 'workers' });
      session.show(rows, () =>
        rows.length === 0 ? ['there are no workers'] : session.table(rows, workerColumns(session.io.now())),
      );
    }),
  );

export const workerColumns = (nowMs: number): readonly Column<WorkerRow>[] => [
  { title: 'WORKER', of: ({ path, pid }) => pid ?? path },
  { title: 'PROCESS', of: ({ osPid, remote }) => (remote ? 'remote' : osPid), right: true },
  { title: 'STATE', of: ({ state }) => state },
  { title: 'ROLE', of: ({ role }) => role },
  { title: 'CALLS', of: ({ inFlight, capacity }) => `${inFlight}/${capacity}`, right: true },
  { title: 'DONE', of: ({ calls }) => calls },
  { title: 'RESTARTS', of: ({ restarts }) => restarts },
  { title: 'MEMORY', of: ({ rssBytes }) => (rssBytes === null ? null : size(rssBytes)), right: true },
  { title: 'CPU', of: ({ cpu }) => (cpu === null ? null : `${Math.round(cpu * 100)} %`), right: true },
  { title: 'THREADS', of: ({ threads }) => threads },
  { title: 'FDS', of: ({ fds }) => fds },
  { title: 'AGE', of: ({ ageMs }) => span(ageMs), right: true },
  {
    title: 'HEARD',
    of: ({ lastHeartbeatAtMs: at }) => (at === null ? null : `${span(Math.max(0, nowMs - at))} ago`),
    right: true,
  },
  { title: 'COMMAND', of: ({ command }) => command },
];
