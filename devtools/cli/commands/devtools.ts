/** `ophion devtools`: the way into the page. */
import { Command } from 'commander';
import type { Cli } from '../cli.ts';

export const devtools = (cli: Cli): Command =>
  new Command('devtools').description('the page: ophion devtools open prints its address').addCommand(
    cli.attached('open', "print the page's address, with a code that lets one browser in once").action(
      cli.run(async (session) => {
        const { url } = (await session.act({ do: 'code' })) as { readonly url: string };
        session.show({ url }, () => [url]);
      }),
    ),
  );
