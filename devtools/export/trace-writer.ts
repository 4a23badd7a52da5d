/** Writes a trace as text, piece by piece: what is recorded may be more than fits into one string. */
import { type TraceHeader, type TraceRecord, traceFormat, traceVersion } from './trace-records.ts';

/** A piece is about so many characters; a single longer line is one piece. */
const pieceSize = 64 * 1024;

/** The pieces of a file; each ends with a whole line. Records are taken one by one, as the pieces are. */
export function* writeTrace(
  header: Omit<TraceHeader, 'format' | 'version'>,
  records: Iterable<TraceRecord>,
): Generator<string, void, undefined> {
  let piece = lineOf({ format: traceFormat, version: traceVersion, ...header });
  for (const record of records) {
    piece += lineOf(record);
    if (piece.length < pieceSize) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const lineOf = (record: object): string => `${JSON.stringify(record)}\n`;
