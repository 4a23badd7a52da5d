/** The outside of a command, for specs: keeps what it writes. */
import { Writable } from 'node:stream';
import type { Io } from '../../devtools/cli/io.ts';
import { type MainOptions, main } from '../../devtools/cli/main.ts';
import type { Manifest } from '../../devtools/cli/manifest.ts';
import { plain } from '../../devtools/report/paint.ts';

export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions extends Partial<Pick<Io, 'columns' | 'env' | 'signal' | 'now' | 'paint' | 'stdout'>> {
  /** Told of each line as it is written. */
  readonly onLine?: (line: string) => void;
  readonly others?: MainOptions['others'];
}

export const manifest: Manifest = { version: '1.2.3', engines: { node: '>=20.19' }, dependencies: { ws: '8' } };

/** Runs a command line in this process. */
export async function command(args: readonly string[], options: CommandOptions = {}): Promise<Captured> {
  const { onLine = () => {}, others = [], ...more } = options;
  let out = '';
  let err = '';
  const take = (text: string): void => {
    out += `${text}\n`;
    for (const line of text.split('\n')) onLine(line);
  };
  const io: Io = {
    out: take,
    err: (text) => {
      err += `${text}\n`;
    },
    stdout: new Writable(),
    paint: plain,
    columns: undefined,
    env: {},
    now: Date.now,
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    signal: new AbortController().signal,
    ...more,
  };
  const code = await main(args, { manifest, others, io });
  return { code, out, err };
}
