/** `ophion audit`: who did what through the dev tools. */
import type { Command } from 'commander';
import { previewLine } from '../../report/preview-text.ts';
import { moment } from '../../report/units.ts';
import { type Cli, wholeNumber } from '../cli.ts';

export const audit = (cli: Cli): Command =>
  cli
    .attached('audit', 'who did what through the dev tools')
    .option('--limit <rows>', 'how many', wholeNumber, 100)
    .action(
      cli.run(async (session, { limit }: { readonly limit: number }) => {
        const { rows } = await session.rows<'audit'>({ view: 'audit' }, limit);
        session.show(rows, () =>
          rows.length === 0
            ? ['nothing was done through the dev tools']
            : session.table(rows, [
                { title: 'AT', of: ({ atMs }) => moment(atMs) },
                { title: 'VIEWER', of: ({ viewer }) => viewer },
                { title: 'ACTION', of: ({ action }) => action },
                { title: 'TARGET', of: ({ target }) => target },
                { title: 'OUTCOME', of: ({ outcome }) => outcome },
                { title: 'DETAILS', of: ({ details }) => previewLine(details, 200) },
              ]),
        );
      }),
    );
