/** `ophion watch`: what happens in the system, as it happens. */
import type { Command } from 'commander';
import type { EventRow } from '../../protocol/index.ts';
import type { Paint } from '../../report/paint.ts';
import { timeOfDay } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { type Cli, duration, given, list } from '../cli.ts';
import { Newer } from '../newer.ts';

interface Options {
  readonly types?: readonly string[];
  readonly path?: string;
  readonly past?: boolean;
  readonly for?: number;
}

export const watch = (cli: Cli): Command =>
  cli
    .attached('watch', 'what happens, as it happens: exits, restarts, workers, sessions')
    .option('--types <types>', 'only these, by commas: child.restarted,actor.crashed', list)
    .option('--path <glob>', 'only of these actors: app/pools/**')
    .option('--past', 'begin with what is kept of what happened before')
    .option('--for <time>', 'end after this: 10s (default: Ctrl-C)', duration)
    .action(
      cli.run(
        async (session, { types, path, past = false, for: forMs }: Options) => {
          const newer = new Newer<'events'>(session.viewer, ({ seq }) => seq);
          let first = true;
          const query = { view: 'events', ...given({ types, path }), limit: 1_000 } as const;
          await session.follow<'events'>(
            query,
            (replica) => {
              const rows = newer.of(replica);
              if (!first || past) {
                for (const row of rows) session.next(row, () => [eventLine(row, session.paint)]);
              }
              first = false;
              return false;
            },
            { forMs },
          );
        },
        { reconnect: true },
      ),
    );

export function eventLine({ atMs, type, importance, path, text }: EventRow, paint: Paint): string {
  const colour = importance === 'high' ? paint.red : importance === 'low' ? paint.dim : (as: string) => as;
  const about = path === '' || text.includes(path) ? '' : `${oneLine(path)}  `;
  return `${paint.dim(timeOfDay(atMs))} ${colour(`${oneLine(type).padEnd(20)}  ${about}${oneLine(text)}`)}`;
}
