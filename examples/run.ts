/**
 * `npm run examples [-- NAME ...]`: runs the programs of this folder, each in a process of its own, and as many at a time as there
 * are processors, two at most, since most of them load a language model. One that ends with another code than 0 has failed; what it
 * printed is shown then. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
/** This program, modules of others, and the main job, which `npm start` runs. */
const others = new Set(['run', 'primes', 'shop', 'main-job']);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((name) => !others.has(name));

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`there is no example ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}

const wanted = asked.length > 0 ? asked : names;
const waiting = [...wanted];
let ended = 0;
let failed = 0;
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, runNext));
console.log(`${wanted.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runNext(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const startMs = performance.now();
    const { code, printed } = await run(name);
    const took = `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
    ended += 1;
    console.log(`${code === 0 ? 'passed' : 'FAILED'}  ${ended}/${wanted.length}  ${name}  ${took}`);
    if (code !== 0) failed += 1;
    if (code !== 0 || asked.length > 0) console.log(printed.replaceAll(/^(?=.)/gm, '  '));
  }
}

function run(name: string): Promise<{ readonly code: number | string; readonly printed: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(folder, `${name}.ts`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pieces: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code: code ?? signal ?? 'lost', printed: Buffer.concat(pieces).toString() });
    });
  });
}
