/** `ophion top`: the tree, crashes and logs, live, on a terminal. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { AttachOptions, Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';

/** Bundled with ink beside the commands, so that only this command loads it. */
const bundle = new URL('../top.js', import.meta.url);

export const top = (cli: Cli): Command =>
  cli.attached('top', 'the tree, crashes and logs, live, on this terminal').action(async (options: AttachOptions) => {
    if (cli.io.columns === undefined || process.stdin.isTTY !== true) {
      throw new CommandError(exitCodes.usage, 'top needs a terminal; ophion ps and ophion watch do not');
    }
    if (!existsSync(fileURLToPath(bundle))) {
      throw new CommandError(exitCodes.failed, 'top is not built in this checkout: npm run build');
    }
    // There is a terminal: a page that is drawn once, as ink does where it is built for a CI, helps nobody there.
    process.env.CI = 'false';
    process.env.CONTINUOUS_INTEGRATION = 'false';
    const { runTop }: { runTop(session: Session): Promise<void> } = await import(bundle.href);
    await cli.with(options, { reconnect: true }, runTop);
  });
