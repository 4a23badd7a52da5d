/** `ophion sessions`: the open sessions. */
import type { Command } from 'commander';
import type { SessionRow } from '../../protocol/index.ts';
import { size, span } from '../../report/units.ts';
import { type Cli, given, wholeNumber } from '../cli.ts';
import type { Column } from '../table.ts';

interface Options {
  readonly search?: string;
  readonly limit: number;
}

export const sessions = (cli: Cli): Command =>
  cli
    .attached('sessions', 'the open sessions: revision, variables, size, who watches')
    .option('--search <text>', 'only those with this in their id')
    .option('--limit <rows>', 'how many', wholeNumber, 1_000)
    .action(
      cli.run(async (session, { search, limit }: Options) => {
        const { head, rows, total } = await session.rows<'sessions'>({ view: 'sessions', ...given({ search }) }, limit);
        session.show(rows, () => [
          ...(rows.length === 0
            ? [`no session is open (state: ${head.providers.join(', ') || 'none'})`]
            : session.table(rows, sessionColumns(session.io.now()))),
          ...(rows.length < total ? [`${total - rows.length} more: --limit, --search`] : []),
        ]);
      }),
    );

export const sessionColumns = (nowMs: number): readonly Column<SessionRow>[] => [
  { title: 'SESSION', of: ({ id }) => id },
  { title: 'STATE', of: ({ realm }) => realm },
  { title: 'KEPT BY', of: ({ backend = '-' }) => backend },
  { title: 'REVISION', of: ({ revision }) => revision },
  { title: 'VARIABLES', of: ({ variables }) => variables },
  { title: 'SIZE', of: ({ bytes }) => size(bytes), right: true },
  { title: 'WATCHERS', of: ({ watchers }) => watchers },
  {
    title: 'EXPIRES',
    of: ({ expiresAtMs }) => (expiresAtMs === null ? null : `in ${span(Math.max(0, expiresAtMs - nowMs))}`),
  },
];
