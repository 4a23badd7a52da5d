/** `ophion devtools`: the way into the page. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';

export const devtools = (cli: Cli): Command =>
  cli.plain('devtools', 'the page: ophion devtools open prints its address').addCommand(
    cli.attached('open', "print the page's address, with a code that lets one browser in once").action(
      cli.run(async (session) => {
        const address = await session.act({ do: 'code' });
        if (typeof address !== 'string') {
          throw new CommandError(exitCodes.failed, 'this system serves no page: startDevtools(app, { port }) does');
        }
        session.show({ address }, () => [address]);
      }),
    ),
  );
