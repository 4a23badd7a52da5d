/**
 * An exported `*.trace.jsonl`: a header line, then a record a line. What cannot be read is counted, not refused: a file
 * may have been cut off, or be of another version.
 */
import type {
  CrashReport,
  EventRow,
  LogRow,
  MessageRow,
  MomentRow,
  SessionRow,
  SpanRow,
  StateRow,
} from '../../protocol/index.ts';

export interface Records {
  readonly message: MessageRow[];
  readonly crash: CrashReport[];
  readonly event: EventRow[];
  readonly span: SpanRow[];
  readonly moment: MomentRow[];
  readonly state: StateRow[];
  readonly log: LogRow[];
  readonly session: SessionRow[];
}

export type RecordKind = keyof Records;

export interface TraceFile {
  readonly header: Readonly<Record<string, unknown>>;
  readonly records: Records;
  /** Lines that are no record that this page knows. */
  readonly bad: number;
}

/** More than this would not fit into a page. */
export const linesMax = 500_000;

/** Throws an Error that says what is wrong when the text is no such file at all. */
export function parseTraceFile(text: string): TraceFile {
  const lines = text.split('\n');
  const header = parseLine(lines[0] ?? '');
  if (header === undefined || header.format !== 'ophion.trace')
    throw new Error('this is no exported trace: its first line should say "format":"ophion.trace"');
  if (header.version !== 1) throw new Error(`this trace has version ${String(header.version)}; this page reads 1`);
  const records: Records = {
    message: [],
    crash: [],
    event: [],
    span: [],
    moment: [],
    state: [],
    log: [],
    session: [],
  };
  let bad = Math.max(0, lines.length - 1 - linesMax);
  for (const line of lines.slice(1, linesMax + 1)) {
    if (line.trim() === '') continue;
    const found = parseLine(line);
    const kind = found?.record;
    if (found !== undefined && typeof kind === 'string' && Object.hasOwn(records, kind)) {
      const { record: _, ...row } = found;
      (records[kind as RecordKind] as unknown[]).push(row);
    } else bad += 1;
  }
  return { header, records, bad };
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
