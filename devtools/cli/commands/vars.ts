/** `ophion vars`: the variables of a session, or the versions of one. */
import type { Command } from 'commander';
import type { VariableRow, VersionRow } from '../../protocol/index.ts';
import { previewLine } from '../../report/preview-text.ts';
import { moment } from '../../report/units.ts';
import { type Cli, wholeNumber } from '../cli.ts';
import type { Column } from '../table.ts';

interface Options {
  readonly history?: string;
  readonly limit: number;
}

/** A value in a table; the terminal may cut it further. */
const valueMax = 200;

export const vars = (cli: Cli): Command =>
  cli
    .attached('vars', "the variables of a session with their writers, or one's history")
    .argument('<session>', 'its id (ophion sessions)')
    .option('--history <variable>', 'the versions of this variable that are kept')
    .option('--limit <rows>', 'how many', wholeNumber, 1_000)
    .action(
      cli.run(async (session, id: string, { history, limit }: Options) => {
        if (history !== undefined) {
          const query = { view: 'variable', session: id, name: history } as const;
          const { head, rows } = await session.rows<'variable'>(query, limit);
          session.show({ ...head, history: rows }, () => session.table(rows, versionColumns));
          return;
        }
        const { rows } = await session.rows<'session'>({ view: 'session', session: id }, limit);
        session.show(rows, () => (rows.length === 0 ? ['it has no variables'] : session.table(rows, variableColumns)));
      }),
    );

export const versionColumns: readonly Column<VersionRow>[] = [
  { title: 'REVISION', of: ({ revision }) => revision },
  { title: 'AT', of: ({ atMs }) => moment(atMs) },
  { title: 'WRITER', of: ({ writer }) => writer },
  { title: 'VALUE', of: ({ value }) => previewLine(value, valueMax) },
];

export const variableColumns: readonly Column<VariableRow>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'TYPE', of: ({ type }) => type },
  { title: 'VERSION', of: ({ version }) => version },
  { title: 'WRITER', of: ({ writer }) => writer },
  { title: 'WRITTEN', of: ({ writtenAtMs }) => (writtenAtMs === null ? null : moment(writtenAtMs)) },
  { title: 'VALUE', of: ({ value, secret }) => (secret ? '[secret]' : previewLine(value, valueMax)) },
];
