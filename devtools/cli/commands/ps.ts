/** `ophion ps`: the actors as a table, the busiest first. */
import { type Command, Option } from 'commander';
import type { ActorRow, ActorSort } from '../../protocol/index.ts';
import { counted, size, span } from '../../report/units.ts';
import { type Cli, given, wholeNumber } from '../cli.ts';
import { sampled } from '../sampled.ts';
import { statusPaint, statusText } from '../status.ts';
import type { Column } from '../table.ts';

const sorts = ['path', 'mailbox', 'busy', 'memory', 'restarts', 'handled', 'rate'] as const satisfies ActorSort[];

interface Options {
  readonly sort: ActorSort;
  readonly limit: number;
  readonly search?: string;
  readonly kind?: string;
  readonly status?: string;
}

export const ps = (cli: Cli): Command =>
  cli
    .attached('ps', 'the actors as a table, sorted by what you look for')
    .addOption(new Option('--sort <by>', 'what comes first').choices(sorts).default('path'))
    .option('--limit <rows>', 'how many', wholeNumber, 100)
    .option('--search <text>', 'only those with this in their path')
    .option('--kind <kind>', 'only of this kind: server, supervisor, worker, ...')
    .option('--status <status>', 'only in this state: running, restarting, suspended, ...')
    .action(
      cli.run(async (session, { limit, sort, search, kind, status }: Options) => {
        const query = { view: 'actors', sort, ...given({ search, kind, status }) } as const;
        const { rows, total } = await (sort === 'busy' || sort === 'rate' || sort === 'memory'
          ? sampled(session, { ...query, limit: Math.min(limit, 1_000) })
          : session.rows<'actors'>(query, limit));
        session.show(rows, () => [
          ...session.table(rows, actorColumns(session.io.now(), session.io.columns)),
          ...(rows.length < total
            ? [`${counted(total - rows.length, 'more actor', 'more actors')}: --limit, --search`]
            : []),
        ]);
      }),
    );

/** Below this width the columns that matter least are left out, and paths lose their beginning. */
const wideAt = 110;
const leastTitles = ['KIND', 'PEAK', 'HANDLED'];
/** What the others need on a narrow terminal. */
const othersWidth = 54;

/** `width`: of the terminal; undefined: there is room for all. */
export function actorColumns(nowMs: number, width: number | undefined): readonly Column<ActorRow>[] {
  const columns = allColumns(nowMs);
  if (width === undefined || width >= wideAt) return columns;
  const room = Math.max(12, width - othersWidth);
  const path: Column<ActorRow> = { title: 'PATH', of: ({ path, pid }) => cutStart(pid ?? path, room) };
  return [...columns.filter(({ title }) => title !== 'PATH' && !leastTitles.includes(title)), path];
}

const cutStart = (text: string, width: number): string =>
  text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;

const allColumns = (nowMs: number): readonly Column<ActorRow>[] => [
  { title: 'STATE', of: (row) => statusText(row, nowMs), colour: statusPaint },
  { title: 'KIND', of: ({ kind }) => kind },
  {
    title: 'MAILBOX',
    of: ({ mailbox }) => mailbox,
    colour: ({ mailbox }, paint) => (mailbox > 0 ? paint.yellow : undefined),
  },
  { title: 'PEAK', of: ({ mailboxPeak }) => mailboxPeak },
  { title: 'HANDLED', of: ({ handled }) => handled },
  { title: '/S', of: ({ perSecond }) => (perSecond === null ? null : Math.round(perSecond)), right: true },
  { title: 'BUSY', of: ({ busyMs }) => (busyMs === null ? null : span(busyMs)), right: true },
  { title: 'MEMORY', of: ({ rssBytes }) => (rssBytes === null ? null : size(rssBytes)), right: true },
  {
    title: 'RESTARTS',
    of: ({ restarts }) => restarts,
    colour: ({ restarts }, paint) => (restarts > 0 ? paint.yellow : undefined),
  },
  { title: 'PATH', of: ({ path, pid }) => pid ?? path },
];
