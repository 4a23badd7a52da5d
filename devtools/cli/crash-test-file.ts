/** A crash as a mocha test in a file of its own. */
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CrashTestError, crashTest } from '../export/crash-test.ts';
import type { CrashReport } from '../protocol/index.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';
import { type NamedExport, writeTest } from './test-file.ts';

interface Options {
  readonly logic?: NamedExport;
  readonly force?: boolean;
}

/** Fails where the crash cannot become a test, and where the file is there already. */
export function writeCrashTest(
  report: CrashReport,
  file: string,
  { logic, force = false }: Options,
  { io, json }: Pick<Session, 'io' | 'json'>,
): void {
  const folder = dirname(resolve(file === '-' ? 'crash.spec.ts' : file));
  const importPath = (from: string): string => {
    const path = relative(folder, resolve(from.startsWith('file:') ? fileURLToPath(from) : from))
      .split(sep)
      .join('/');
    return path.startsWith('.') ? path : `./${path}`;
  };
  const named = logic === undefined ? {} : { logic: { ...logic, module: importPath(logic.module) } };
  let text: string;
  try {
    text = crashTest(report, { ...named, importPath });
  } catch (error) {
    if (error instanceof CrashTestError) throw new CommandError(exitCodes.failed, error.message, { cause: error });
    throw error;
  }
  writeTest(io, text, { file, force, json });
}
