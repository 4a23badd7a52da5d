/** `ophion mcp`: the same for coding agents, as an MCP server on stdin and stdout. */
import type { Command } from 'commander';
import { plain } from '../../report/paint.ts';
import { type AttachOptions, Cli } from '../cli.ts';

interface Options extends AttachOptions {
  readonly actions?: boolean;
}

export const mcp = (cli: Cli): Command =>
  cli
    .attached('mcp', 'an MCP server on stdin and stdout, for coding agents')
    .option(
      '--actions',
      'also offer kill, restart, suspend, resume, send and set_variable, where the system allows them',
    )
    .action(async ({ actions = false, ...target }: Options) => {
      const { serveMcp } = await import('../../mcp/server.ts');
      const { io, manifest } = cli;
      // stdout is the protocol's.
      const quiet = new Cli({ ...io, out: io.err, paint: plain, columns: undefined }, manifest);
      await serveMcp({
        input: process.stdin,
        output: process.stdout,
        actions,
        version: manifest.version,
        connect: () => quiet.connect({ ...target, json: false }),
      });
    });
