/** `ophion status`: is all well? */
import type { Command } from 'commander';
import type { CrashRow, Overview } from '../../protocol/index.ts';
import { count, counted, size, span } from '../../report/units.ts';
import type { Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { facts } from '../table.ts';
import { crashColumns } from './crashes.ts';

export const status = (cli: Cli): Command =>
  cli
    .attached('status', 'health in one line, the figures behind it and the last crashes')
    .option('--check', 'end with 1 when not all is well')
    .action(
      cli.run(async (session, { check = false }: { readonly check?: boolean }) => {
        const { head, rows } = await session.viewer.get({ view: 'overview' });
        const crashes = rows.map(([, row]) => row);
        session.show({ ...head, lastCrashes: crashes }, () => overviewLines(head, crashes, session));
        if (check && !head.well) throw new CommandError(exitCodes.failed, '');
      }),
    );

export function overviewLines(head: Overview, crashes: readonly CrashRow[], session: Session): string[] {
  const { paint, connection } = session;
  const { name, osPid, ophion, node } = connection.hello;
  const rate = head.perSecond === null ? '' : `, ${count(Math.round(head.perSecond))} messages/s`;
  return [
    `${paint.bold(name)}  ${(head.well ? paint.green : paint.red)(head.health)}`,
    ...facts(
      [
        ['up', `${span(head.upMs)}, process ${osPid}, ophion ${ophion}, node ${node}`],
        ['actors', `${count(head.actors)}, ${counted(head.supervisors, 'supervisor')} among them${rate}`],
        ['restarts', `${count(head.restarts)}, ${counted(head.crashes, 'crash', 'crashes')}`],
        ['backlog', `${counted(head.backlog, 'message')} waiting, ${counted(head.deadLetters, 'dead letter')}`],
        ['workers', `${head.workersReady} of ${head.workers} ready`],
        ['sessions', count(head.sessions)],
        ['memory', `${size(head.memory.rssBytes)}, heap ${size(head.memory.heapBytes)}`],
        ['loop lag', head.loopLagMs === null ? undefined : span(head.loopLagMs)],
        ['viewers', head.viewers.length],
        ['drops', head.drops === 0 ? undefined : count(head.drops)],
      ],
      paint,
    ).map((line) => `  ${line}`),
    ...(crashes.length === 0 ? [] : ['', paint.bold('Last crashes'), ...session.table(crashes, crashColumns)]),
  ];
}
