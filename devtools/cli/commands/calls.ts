/** `ophion calls`: the last calls of tools, or one trace over both languages as a tree of spans. */
import type { Command } from 'commander';
import type { CallRow, SpanRow } from '../../protocol/index.ts';
import type { Paint } from '../../report/paint.ts';
import { span, timeOfDay } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { type Cli, given, wholeNumber } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Column } from '../table.ts';

interface Options {
  readonly tool?: string;
  readonly open?: boolean;
  readonly limit: number;
}

export const calls = (cli: Cli): Command =>
  cli
    .attached('calls', 'the last calls of tools, or one trace over both languages')
    .argument('[trace]', 'the spans of this trace')
    .option('--tool <name>', 'only of this tool')
    .option('--open', 'only those that have not ended')
    .option('--limit <rows>', 'how many', wholeNumber, 100)
    .action(
      cli.run(async (session, traceId: string | undefined, { tool, open, limit }: Options) => {
        if (traceId !== undefined) {
          const rows = (await session.viewer.get({ view: 'trace', traceId })).rows.map(([, row]) => row);
          if (rows.length === 0) throw new CommandError(exitCodes.notFound, `nothing is kept of a trace ${traceId}`);
          session.show(rows, () => spanLines(rows, session.paint));
          return;
        }
        const { rows, total } = await session.rows<'calls'>({ view: 'calls', ...given({ tool, open }) }, limit);
        session.show(rows, () => [
          ...(rows.length === 0 ? ['no calls are kept'] : session.table(rows, callColumns)),
          ...(rows.length < total ? [`${total - rows.length} more: --limit`] : []),
        ]);
      }),
    );

const spanOf = (ms: number | null): string | null => (ms === null ? null : span(ms));

export const callColumns: readonly Column<CallRow>[] = [
  { title: 'AT', of: ({ startedAtMs }) => timeOfDay(startedAtMs) },
  { title: 'TOOL', of: ({ tool: name }) => name },
  { title: 'TOOK', of: ({ tookMs }) => spanOf(tookMs), right: true },
  { title: 'QUEUE', of: ({ queueMs }) => spanOf(queueMs), right: true },
  { title: 'WIRE', of: ({ wireMs }) => spanOf(wireMs), right: true },
  { title: 'HANDLER', of: ({ handlerMs }) => spanOf(handlerMs), right: true },
  {
    title: 'OUTCOME',
    of: ({ outcome }) => outcome,
    colour: ({ outcome }, paint) => (outcome === 'failed' ? paint.red : undefined),
  },
  { title: 'SESSION', of: ({ session: of }) => of },
  { title: 'WORKER', of: ({ worker }) => worker },
  { title: 'TRACE', of: ({ traceId: of }) => of },
  { title: 'ERROR', of: ({ error }) => error },
];

/** Where a bar of the picture ends. */
const barMax = 24;

/** A waterfall: each span below the one that it is part of, with a bar of when it was. */
export function spanLines(rows: readonly SpanRow[], paint: Paint): string[] {
  const begin = Math.min(...rows.map(({ startAtMs }) => startAtMs));
  const end = Math.max(...rows.map(({ startAtMs, tookMs }) => startAtMs + (tookMs ?? 0)));
  const perMs = barMax / Math.max(end - begin, 1e-6);
  const names = rows.map(({ depth, name, layer }) => `${'  '.repeat(depth)}${oneLine(name)} (${layer})`);
  const wide = Math.max(...names.map(({ length }) => length));
  return rows.map(({ startAtMs, tookMs, failed, attributes }, nth) => {
    const from = Math.min(barMax - 1, Math.floor((startAtMs - begin) * perMs));
    const length = Math.max(1, Math.min(barMax - from, Math.round((tookMs ?? end - startAtMs) * perMs)));
    const bar = `${' '.repeat(from)}${'━'.repeat(length)}${' '.repeat(barMax - from - length)}`;
    const took = (tookMs === null ? 'open' : span(tookMs)).padStart(9);
    const facts = Object.entries(attributes).map(([key, value]) => `${key}=${oneLine(String(value))}`);
    const line = `${(names[nth] ?? '').padEnd(wide)}  ${bar} ${took}`;
    return `${failed ? paint.red(line) : line}${facts.length === 0 ? '' : paint.dim(`  ${facts.join(' ')}`)}`;
  });
}
