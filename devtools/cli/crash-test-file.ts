/** A crash as a mocha test in a file of its own. */
import { writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { CrashTestError, crashTest } from '../export/crash-test.ts';
import type { CrashReport } from '../protocol/index.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';

interface Options {
  readonly logic?: { readonly module: string; readonly name: string };
  readonly force?: boolean;
}

/** `src/shelf.ts#shelf`. */
export function logicOf(text: string): { readonly module: string; readonly name: string } {
  const [, module, name] = /^(.+)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(text) ?? [];
  if (module === undefined || name === undefined) throw new InvalidArgumentError('it is to be FILE#NAME.');
  return { module, name };
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
  if (file === '-') {
    io.out(text.trimEnd());
    return;
  }
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? `${file} is there; --force writes over it` : message;
    throw new CommandError(exitCodes.failed, why, { cause: error });
  }
  io.out(json ? JSON.stringify({ file }) : `${file}: mocha runs it`);
}
