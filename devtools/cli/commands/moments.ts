/** `ophion moments`: the recorded moments of the whole tree. */
import type { Command } from 'commander';
import { moment } from '../../report/units.ts';
import { type Cli, wholeNumber } from '../cli.ts';

export const moments = (cli: Cli): Command =>
  cli
    .attached('moments', 'the recorded moments of the tree, for ophion tree --at')
    .option('--limit <rows>', 'how many', wholeNumber, 100)
    .action(
      cli.run(async (session, { limit }: { readonly limit: number }) => {
        const { rows } = await session.rows<'moments'>({ view: 'moments' }, limit);
        session.show(rows, () =>
          rows.length === 0
            ? ['no moments are recorded']
            : session.table(rows, [
                { title: 'MOMENT', of: ({ seq }) => seq },
                { title: 'AT', of: ({ atMs }) => moment(atMs) },
                { title: 'ACTORS', of: ({ actors }) => actors },
                { title: 'RESTARTS', of: ({ restarts }) => restarts },
                { title: 'CRASHES', of: ({ crashes }) => crashes },
              ]),
        );
      }),
    );
