/** Traces as files: `*.trace.jsonl`, the header in the first line, then a record a line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Trace, TraceHeader, TraceRecord } from './records.ts';

/** A file is no trace, or one of another version; `line` counts from 1. */
export class TraceFileError extends Error {
  readonly path: string;
  readonly line: number;

  constructor(path: string, line: number, what: string, options?: ErrorOptions) {
    super(`${path}:${line}: ${what}`, options);
    this.name = new.target.name;
    this.path = path;
    this.line = line;
  }
}

/** The lines of a trace. */
export function formatTrace({ header, records }: Trace): string {
  return `${[header, ...records].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** Writes a trace; makes the folder when it is not there. */
export function writeTrace(path: string, trace: Trace): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, formatTrace(trace));
}

/** Reads a trace. Throws TraceFileError, or what the file system says. */
export function readTrace(path: string): Trace {
  return parseTrace(readFileSync(path, 'utf8'), path);
}

/** Makes a trace of its lines. `path` is for messages. */
export function parseTrace(text: string, path = 'trace'): Trace {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const parsed = lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new TraceFileError(path, index + 1, 'is not JSON', { cause: error });
    }
  });
  const header = parsed[0] as Partial<TraceHeader> | undefined;
  if (header?.format !== 'ophion.trace') throw new TraceFileError(path, 1, 'is no header of a trace');
  if (header.version !== 1) throw new TraceFileError(path, 1, `is of version ${String(header.version)}, not 1`);
  const records = parsed.slice(1) as TraceRecord[];
  records.forEach((record, index) => {
    if (typeof record?.atMs !== 'number' || typeof record.kind !== 'string') {
      throw new TraceFileError(path, index + 2, 'is no record of a trace');
    }
  });
  return { header: header as TraceHeader, records };
}
