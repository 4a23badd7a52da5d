/** `ophion crashes`: the crashes that are kept, or one full report. */
import { type Command, Option } from 'commander';
import type { CrashRow } from '../../protocol/index.ts';
import { crashText } from '../../report/crash-text.ts';
import { moment } from '../../report/units.ts';
import { actorPath } from '../actor-path.ts';
import { type Cli, wholeNumber } from '../cli.ts';
import { writeCrashTest } from '../crash-test-file.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Column } from '../table.ts';
import { namedExport } from '../test-file.ts';

interface Options {
  readonly path?: string;
  readonly limit: number;
  readonly asTest?: string;
  readonly logic?: { readonly module: string; readonly name: string };
  readonly force?: boolean;
}

export const crashes = (cli: Cli): Command =>
  cli
    .attached('crashes', 'the last crashes, or the full report of one')
    .argument('[id]', 'the report with this number', wholeNumber)
    .option('--path <path>', 'only of this actor')
    .option('--limit <rows>', 'how many', wholeNumber, 50)
    .option('--as-test <file>', 'write a mocha test that plays the last letters again; - is stdout')
    .addOption(
      new Option('--logic <file#name>', "its actor's logic, if the stack does not tell").argParser(namedExport),
    )
    .option('--force', 'also over a file that is there')
    .action(
      cli.run(async (session, id: number | undefined, options: Options) => {
        const { path, limit, asTest } = options;
        if (id === undefined && asTest !== undefined) {
          throw new CommandError(exitCodes.usage, 'say which crash: ophion crashes ID --as-test FILE');
        }
        if (id !== undefined) {
          const { head } = await session.viewer.get({ view: 'crash', id });
          if (asTest !== undefined) {
            writeCrashTest(head, asTest, options, session);
            return;
          }
          session.show(head, () => [crashText(head, { paint: session.paint, width: session.io.columns })]);
          return;
        }
        const of = path === undefined ? {} : { path: await actorPath(session, path) };
        const { rows, total } = await session.rows<'crashes'>({ view: 'crashes', ...of }, limit);
        session.show(rows, () =>
          rows.length === 0
            ? ['nothing has crashed']
            : [
                ...session.table(rows, crashColumns),
                ...(rows.length < total ? [`${total - rows.length} more: --limit`] : []),
              ],
        );
      }),
    );

export const crashColumns: readonly Column<CrashRow>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'AT', of: ({ atMs }) => moment(atMs) },
  { title: 'PID', of: ({ pid }) => pid },
  { title: 'WHILE', of: ({ last }) => last },
  { title: 'REASON', of: ({ reason }) => reason, colour: (_row, paint) => paint.red },
  { title: 'DECISION', of: ({ decision }) => decision },
];
