/** A host that is killed while it tells on stdout what it has answered. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program of spec/fixtures, kills it after so many lines at the earliest, and resolves to its whole lines. */
export async function killedHost(program: string, work: unknown, after: number): Promise<readonly string[]> {
  const host = spawn(process.execPath, ['--import', 'tsx', `spec/fixtures/${program}`, JSON.stringify(work)], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(host, 'close') as Promise<[number | null, string | null]>;
  let [text, lines] = ['', 0];
  host.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    lines += piece.split('\n').length - 1;
    if (lines >= after) host.kill('SIGKILL');
  });
  const [code] = await closed;
  if (code !== null && code !== 0) throw new Error(`the host ended by itself, with ${code}`);
  // The last line may be cut off: then nobody was told.
  return text.split('\n').slice(0, -1);
}
