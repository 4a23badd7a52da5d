/** `ophion export-test`: the trace of a simulation that failed becomes a mocha test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';

interface Options {
  readonly json?: boolean;
  readonly scenario?: { readonly module: string; readonly name: string };
  readonly out?: string;
  readonly from?: string;
  readonly force?: boolean;
}

export const exportTest = (cli: Cli): Command =>
  cli
    .plain('export-test', 'make a test of a simulation that failed')
    .argument('<file>', 'a *.trace.jsonl of ophion/testing')
    .addOption(new Option('--scenario <file#name>', 'the scenario, if the trace does not know').argParser(scenarioOf))
    .option('--out <file>', 'where to; - is stdout (default: the same name, .spec.ts, here)')
    .option('--from <module>', 'where the test has ophion/testing from')
    .option('--force', 'also over a file that is there')
    .action(async (path: string, options: Options) => {
      const { scenario, from, force = false } = options;
      const out = options.out ?? `${basename(path).replace(/(\.trace)?\.jsonl$/, '')}.spec.ts`;
      const text = await exported(path, {
        ...(scenario === undefined ? {} : { scenario }),
        ...(from === undefined ? {} : { from }),
        ...(out === '-' ? {} : { file: out }),
      });
      if (out === '-') {
        cli.io.out(text.trimEnd());
        return;
      }
      try {
        writeFileSync(out, text, { flag: force ? 'w' : 'wx' });
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const why = code === 'EEXIST' ? `${out} is there; --force writes over it` : message;
        throw new CommandError(exitCodes.failed, why, { cause: error });
      }
      cli.io.out(options.json === true ? JSON.stringify({ file: out }) : `${out}: mocha runs it`);
    });

function scenarioOf(text: string): Options['scenario'] {
  const [, module, name] = /^(.+)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(text) ?? [];
  if (module === undefined || name === undefined) throw new InvalidArgumentError('it is to be FILE#NAME');
  return { module, name };
}

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
