/** `ophion export-test`: the trace of a simulation that failed becomes a mocha test. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import type { Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { type NamedExport, namedExport, writeTest } from '../test-file.ts';

interface Options {
  readonly json?: boolean;
  readonly scenario?: NamedExport;
  readonly out?: string;
  readonly from?: string;
  readonly force?: boolean;
}

export const exportTest = (cli: Cli): Command =>
  cli
    .plain('export-test', 'make a test of a simulation that failed')
    .argument('<file>', 'a *.trace.jsonl of ophion/testing')
    .addOption(new Option('--scenario <file#name>', 'the scenario, if the trace does not know').argParser(namedExport))
    .option('--out <file>', 'where to; - is stdout (default: the same name, .spec.ts, here)')
    .option('--from <module>', 'where the test has ophion/testing from')
    .option('--force', 'also over a file that is there')
    .action(async (path: string, options: Options) => {
      const { scenario, from, force = false, json = false } = options;
      const out = options.out ?? `${basename(path).replace(/(\.trace)?\.jsonl$/, '')}.spec.ts`;
      const text = await exported(path, {
        ...(scenario === undefined ? {} : { scenario }),
        ...(from === undefined ? {} : { from }),
        ...(out === '-' ? {} : { file: out }),
      });
      writeTest(cli.io, text, { file: out, force, json });
    });

/** The tools for tests are loaded when they are needed: no other command does. */
async function exported(
  path: string,
  options: Parameters<typeof import('../../../testing/index.ts')['exportTest']>[1],
) {
  const { ExportTestError, exportTest: testOf, parseTrace, TraceFileError } = await import('../../../testing/index.ts');
  try {
    return testOf(parseTrace(readFileSync(path, 'utf8'), path), options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CommandError(exitCodes.notFound, `there is no file ${path}`, { cause: error });
    const isForeseen = error instanceof TraceFileError || error instanceof ExportTestError || code === 'EACCES';
    throw isForeseen || code === 'EISDIR' ? new CommandError(exitCodes.failed, message, { cause: error }) : error;
  }
}
