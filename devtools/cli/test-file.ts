/** Tests that the command line writes, and what it is told of the code that they are about. */
import { writeFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';

export interface NamedExport {
  readonly module: string;
  readonly name: string;
}

/** `src/shelf.ts#shelf`. Throws commander's InvalidArgumentError. */
export function namedExport(text: string): NamedExport {
  const [, module, name] = /^(.+)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(text) ?? [];
  if (module === undefined || name === undefined) throw new InvalidArgumentError('it is to be FILE#NAME.');
  return { module, name };
}

/** `-` is stdout. Throws CommandError where the file is there already, unless `force`, and where it cannot be written. */
export function writeTest(
  io: Io,
  text: string,
  { file, force = false, json = false }: { readonly file: string; readonly force?: boolean; readonly json?: boolean },
): void {
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
