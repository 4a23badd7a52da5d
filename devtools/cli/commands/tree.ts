/** `ophion tree`: the supervision tree. */
import type { Command } from 'commander';
import type { TreeRow } from '../../protocol/index.ts';
import type { Paint } from '../../report/paint.ts';
import { count, size } from '../../report/units.ts';
import { cut, oneLine } from '../../report/visible.ts';
import { actorPath } from '../actor-path.ts';
import { type Cli, wholeNumber } from '../cli.ts';
import { statusPaint, statusText } from '../status.ts';

interface Options {
  readonly at?: number;
  readonly depth?: number;
}

export const tree = (cli: Cli): Command =>
  cli
    .attached('tree', 'the supervision tree: who runs, restarted, has a full mailbox')
    .argument('[path]', 'only what is below this actor')
    .option('--depth <levels>', 'only so deep', wholeNumber)
    .option('--at <moment>', 'as it was at a recorded moment, by its number (ophion moments)', wholeNumber)
    .action(
      cli.run(async (session, path: string | undefined, { at, depth = Infinity }: Options) => {
        const under = path === undefined ? {} : { under: await actorPath(session, path) };
        const { rows } = await session.rows<'tree'>({
          view: 'tree',
          open: 'all',
          ...under,
          ...(at === undefined ? {} : { at }),
        });
        const top = rows[0]?.depth ?? 0;
        const shown = rows.filter((row) => row.depth - top <= depth);
        const { columns, paint } = session.io;
        session.show(shown, () => treeLines(shown, { paint, columns, nowMs: session.io.now() }));
      }),
    );

interface Drawing {
  readonly paint: Paint;
  readonly columns: number | undefined;
  readonly nowMs: number;
}

/** One actor a line, with the branches that lead to it. */
export function treeLines(rows: readonly TreeRow[], { paint, columns = Infinity, nowMs }: Drawing): string[] {
  const lasts = lastOfTheirs(rows);
  const top = rows[0]?.depth ?? 0;
  /** Whether the ancestor at each depth was the last of its siblings. */
  const above: boolean[] = [];
  return rows.map((row, nth) => {
    const depth = row.depth - top;
    above.length = depth;
    const lead = above.slice(1).map((last) => (last ? '   ' : '│  '));
    const last = lasts[nth] ?? true;
    const branch = depth === 0 ? '' : last ? '└─ ' : '├─ ';
    above.push(last);
    const stem = `${lead.join('')}${branch}`;
    const name = oneLine(nameOf(row));
    const rest = cut(factsOf(row, nowMs).join(', '), Math.max(0, columns - stem.length - name.length - 2));
    const colour = row.status === 'running' && row.backoffUntilAtMs === null ? paint.bold : statusPaint(row, paint);
    const tail = row.status === 'running' ? paint.dim(rest) : statusPaint(row, paint)(rest);
    return `${paint.dim(stem)}${colour(cut(name, columns - stem.length))}${rest === '' ? '' : `  ${tail}`}`;
  });
}

const nameOf = ({ path, pid }: TreeRow): string =>
  `${path.slice(path.lastIndexOf('/') + 1)}${pid?.slice(pid.lastIndexOf('#')) ?? ''}`;

function factsOf(row: TreeRow, nowMs: number): string[] {
  const { status, kind, strategy, restarts, mailbox, budget, rssBytes, dropped, backoffUntilAtMs } = row;
  return [
    status === 'running' && backoffUntilAtMs === null ? [] : [statusText(row, nowMs)],
    [strategy === null ? kind : strategy],
    restarts === 0 ? [] : [`restarts ${count(restarts)}`],
    budget === null || budget.used === 0 ? [] : [`budget ${budget.used}/${budget.max}`],
    mailbox === 0 ? [] : [`mailbox ${count(mailbox)}`],
    dropped === 0 ? [] : [`dropped ${count(dropped)}`],
    rssBytes === null ? [] : [size(rssBytes)],
  ].flat();
}

/** Whether nothing of the same parent follows. */
function lastOfTheirs(rows: readonly TreeRow[]): boolean[] {
  const lasts: boolean[] = [];
  const seen: boolean[] = [];
  for (let nth = rows.length - 1; nth >= 0; nth -= 1) {
    const { depth } = rows[nth] as TreeRow;
    lasts[nth] = seen[depth] !== true;
    seen.length = depth + 1;
    seen[depth] = true;
  }
  return lasts;
}
