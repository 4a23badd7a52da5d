/** What a command sees of the outside: where it writes to, with colours or not, and how wide, its environment, Ctrl-C. */
import type { Writable } from 'node:stream';
import pc from 'picocolors';
import type { Paint } from '../report/paint.ts';

export interface Io {
  /** Writes a line, or several. */
  out(text: string): void;
  /** The same, to people: what is no part of the answer. */
  err(text: string): void;
  readonly stdout: Writable;
  /** On stdout. */
  readonly paint: Paint;
  /** How wide the terminal is; undefined where stdout is none: then nothing is cut. */
  readonly columns: number | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Runs `fn` after so many milliseconds, unless what this returns is called before. */
  after(ms: number, fn: () => void): () => void;
  /** Aborts at Ctrl-C, and when whoever reads stdout has gone. */
  readonly signal: AbortSignal;
}

/** Why the signal aborted. */
export type Ending = 'interrupted' | 'reader_gone';

/** Of this process. */
export function processIo(): Io {
  const { stdout, stderr, env } = process;
  const ending = new AbortController();
  const end = (why: Ending): void => ending.abort(why);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // The second one ends a command that does not end by itself.
    process.on(signal, () => (ending.signal.aborted ? process.exit(130) : end('interrupted')));
  }
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end('reader_gone');
  });
  const tty = stdout.isTTY === true;
  const coloured = tty ? pc.isColorSupported : isForced(env);
  return {
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => stderr.write(`${text}\n`),
    stdout,
    paint: pc.createColors(coloured),
    columns: tty ? stdout.columns || 80 : undefined,
    env,
    now: Date.now,
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    signal: ending.signal,
  };
}

/** Into a pipe only on demand: picocolors would also colour what a CI collects. */
const isForced = ({ FORCE_COLOR, NO_COLOR }: NodeJS.ProcessEnv): boolean =>
  !NO_COLOR && FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
