/** Shows a file instead of the live system. */
import { fileSource } from '../../data/file-source.ts';
import { openFile, scopes, source } from '../../data/source.ts';
import { parseTraceFile } from '../../data/trace-file.ts';

const bytesMax = 256 * 1024 * 1024;

/** Rejects with an Error that says what is wrong with the file. */
export async function open(file: File): Promise<void> {
  if (file.size > bytesMax)
    throw new Error(`it has more than ${bytesMax / 1024 / 1024} MiB: more than a page can hold`);
  const parsed = parseTraceFile(await file.text());
  const { header, records, bad } = parsed;
  const atMs = [header.atMs, header.exportedAtMs, header.wallMs].find((value) => typeof value === 'number');
  openFile.value = {
    name: file.name,
    atMs: typeof atMs === 'number' ? atMs : null,
    system: String(header.name ?? header.system ?? ''),
    records: Object.fromEntries(Object.entries(records).map(([kind, rows]) => [kind, (rows as unknown[]).length])),
    bad,
  };
  scopes.value = [];
  source.value = fileSource(parsed);
}
