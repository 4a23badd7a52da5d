/** Shows an exported trace instead of the live system. */
import { TraceFile } from '../../export/trace-file.ts';
import { readTrace } from '../../export/trace-reader.ts';
import { isTraceKind } from '../../export/trace-records.ts';
import { fileSource } from './file-source.ts';
import { openFile, scopes, source } from './source.ts';

/** More than a page can hold. */
const bytesMax = 512 * 1024 * 1024;

/** Rejects with an Error that says what is wrong with the file. */
export async function open(file: File): Promise<void> {
  if (file.size > bytesMax)
    throw new Error(`it has more than ${bytesMax / 1024 / 1024} MiB: more than a page can hold`);
  const contents = await readTrace(textOf(file));
  const counts: Record<string, number> = {};
  for (const { record } of contents.records) if (isTraceKind(record)) counts[record] = (counts[record] ?? 0) + 1;
  const { name: system, startedAtMs, endedAtMs, dropped } = contents.header;
  const { skipped, cutOff } = contents;
  openFile.value = { name: file.name, system, startedAtMs, endedAtMs, dropped, records: counts, skipped, cutOff };
  scopes.value = [];
  source.value = fileSource(new TraceFile(contents));
}

/** Piece by piece: the text of a large file would be too long for one string. */
async function* textOf(file: File): AsyncGenerator<string> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
}
