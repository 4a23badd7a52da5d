/** `ophion systems`: what runs here with its dev tools on. */
import type { Command } from 'commander';
import { listRunFiles, runFolder } from '../../client/index.ts';
import { moment } from '../../report/units.ts';
import type { Cli } from '../cli.ts';
import { table } from '../table.ts';

export const systems = (cli: Cli): Command =>
  cli.plain('systems', 'the systems that run here with their dev tools on').action(({ json = false }) => {
    const { io } = cli;
    const folder = runFolder(io.env);
    const found = listRunFiles(folder);
    // The token stays where it is.
    const shown = found.systems.map(({ name, osPid, startedAtMs, url, socket }) => ({
      name,
      osPid,
      startedAtMs,
      url,
      socket,
    }));
    for (const { file, why } of found.refused) io.err(`not used: ${file} ${why}`);
    if (json) {
      io.out(JSON.stringify(shown, null, 2));
    } else if (shown.length === 0) {
      io.out(`none (run folder ${folder})`);
    } else {
      const lines = table(
        shown,
        [
          { title: 'NAME', of: ({ name }) => name },
          { title: 'PROCESS', of: ({ osPid }) => osPid },
          { title: 'STARTED', of: ({ startedAtMs }) => moment(startedAtMs) },
          { title: 'PAGE', of: ({ url }) => url },
        ],
        io,
      );
      for (const line of lines) io.out(line);
    }
  });
