/** `ophion export`: everything that the host keeps, as a file that can be opened without the system. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { size } from '../../report/units.ts';
import type { Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';

export const exportFile = (cli: Cli): Command =>
  cli
    .attached('export', 'write all that is kept to a file (*.trace.jsonl)')
    .argument('<file>', 'which; - is stdout')
    .option('--force', 'also over a file that is there')
    .action(
      cli.run(async (session, file: string, { force = false }: { readonly force?: boolean }) => {
        const text = String(await session.act({ do: 'export' }));
        if (file === '-') {
          session.io.out(text.trimEnd());
          return;
        }
        try {
          writeFileSync(file, text, { flag: force ? 'w' : 'wx', mode: 0o600 });
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          const why = code === 'EEXIST' ? `${file} is there; --force writes over it` : message;
          throw new CommandError(exitCodes.failed, why, { cause: error });
        }
        const bytes = Buffer.byteLength(text);
        session.show({ file, bytes }, () => [`${file}: ${size(bytes)}; ophion open ${file} looks into it`]);
      }),
    );
