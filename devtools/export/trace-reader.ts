/** Reads a trace piece by piece, wherever a piece ends. Says of what it cannot read in which line it stands. */
import { contentsOfSimulation, isSimulation, type SimulationHeader } from './simulation-records.ts';
import {
  isTraceKind,
  lackOf,
  TraceFileError,
  type TraceHeader,
  type TraceRecord,
  traceFormat,
  traceVersion,
} from './trace-records.ts';

export interface TraceReaderOptions {
  /** The longest line, in characters. Default 16 Mi. */
  readonly maxLine?: number;
  /** How many records are kept; what comes behind them is counted as `skipped`. Default 1,000,000. */
  readonly maxRecords?: number;
}

/** What a file says. */
export interface TraceContents {
  readonly header: TraceHeader;
  readonly records: readonly TraceRecord[];
  /** Records of kinds that this version does not know, and those beyond `maxRecords`. */
  readonly skipped: number;
  /** The last line was not written to its end, as when its writer was killed; it is left out. */
  readonly cutOff: boolean;
}

export class TraceReader {
  readonly #maxLine: number;
  readonly #maxRecords: number;
  readonly #records: TraceRecord[] = [];
  /** Of a file that a simulation has written: its header, and its records as they stand there. */
  #simulation: { readonly header: SimulationHeader; readonly lines: object[] } | undefined;
  #header: TraceHeader | undefined;
  #skipped = 0;
  #line = 1;
  #rest = '';

  constructor({ maxLine = 16 * 1024 * 1024, maxRecords = 1_000_000 }: TraceReaderOptions = {}) {
    this.#maxLine = maxLine;
    this.#maxRecords = maxRecords;
  }

  /** Throws TraceFileError for what is no trace, is of a newer version, or cannot be read. */
  push(piece: string): void {
    let from = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
      const line = this.#rest + piece.slice(from, end);
      this.#rest = '';
      this.#take(line);
      from = end + 1;
    }
    this.#rest += piece.slice(from);
    this.#bound(this.#rest);
  }

  /** Nothing more comes. */
  end(): TraceContents {
    const rest = this.#rest;
    let cutOff = false;
    if (rest !== '') {
      cutOff = this.#begun && !isJson(rest);
      if (!cutOff) this.#take(rest);
    }
    if (this.#simulation !== undefined) {
      const { header, lines } = this.#simulation;
      return { ...contentsOfSimulation(header, lines), skipped: this.#skipped, cutOff };
    }
    if (this.#header === undefined) throw new TraceFileError('not_a_trace', 1, 'the file is empty');
    return { header: this.#header, records: this.#records, skipped: this.#skipped, cutOff };
  }

  /** Whether its first line is there. */
  get #begun(): boolean {
    return this.#header !== undefined || this.#simulation !== undefined;
  }

  #take(line: string): void {
    this.#bound(line);
    if (!this.#begun) {
      const header = headerOf(line);
      if (isSimulation(header)) this.#simulation = { header, lines: [] };
      else this.#header = { ...whole, ...header };
    } else if (line.trim() !== '') this.#record(line);
    this.#line += 1;
  }

  #record(line: string): void {
    const record = this.#parsed(line);
    if (this.#simulation !== undefined) {
      const { lines } = this.#simulation;
      if (lines.length < this.#maxRecords) lines.push(record);
      else this.#skipped += 1;
      return;
    }
    const { record: kind } = record as { readonly record?: unknown };
    if (!isTraceKind(kind) || this.#records.length >= this.#maxRecords) {
      this.#skipped += 1;
      return;
    }
    const lack = lackOf(kind, record);
    if (lack !== undefined) throw new TraceFileError('broken_line', this.#line, `a ${kind} without a sound '${lack}'`);
    this.#records.push(record as TraceRecord);
  }

  #parsed(line: string): object {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (error) {
      throw new TraceFileError('broken_line', this.#line, `it is not JSON: ${String(error)}`, { cause: error });
    }
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
    throw new TraceFileError('broken_line', this.#line, 'it is not a JSON object');
  }

  #bound({ length }: string): void {
    if (length > this.#maxLine)
      throw new TraceFileError('line_too_long', this.#line, `it has more than ${this.#maxLine} characters`);
  }
}

/** Reads all pieces, such as those of a file's stream with encoding `utf8`. */
export async function readTrace(
  pieces: Iterable<string> | AsyncIterable<string>,
  options?: TraceReaderOptions,
): Promise<TraceContents> {
  const reader = new TraceReader(options);
  for await (const piece of pieces) reader.push(piece);
  return reader.end();
}

function headerOf(line: string): Partial<TraceHeader> {
  const header = isJson(line) ? (JSON.parse(line) as Partial<TraceHeader> | null) : null;
  if (header?.format !== traceFormat || typeof header.version !== 'number')
    throw new TraceFileError('not_a_trace', 1, `it is not the header of a file of format ${traceFormat}`);
  if (header.version > traceVersion) {
    const message = `it has version ${header.version}, and this reads up to ${traceVersion}: use the ophion that wrote it (${String(header.ophion)}) or a newer one`;
    throw new TraceFileError('newer_version', 1, message);
  }
  return header;
}

/** A header of which parts are missing. */
const whole: TraceHeader = {
  format: traceFormat,
  version: traceVersion,
  run: '',
  name: '',
  ophion: '',
  node: '',
  startedAtMs: 0,
  endedAtMs: 0,
  dropped: 0,
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
