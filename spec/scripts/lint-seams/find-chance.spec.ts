import { expect } from 'chai';
import { findChance } from '../../../scripts/lint-seams/find-chance.mjs';

const found = (text: string) => findChance('x.ts', text).map(({ kind, what }) => `${kind}: ${what}`);

describe('findChance', () => {
  const caught: [source: string, finding: string][] = [
    ['const t = Date.now();', 'clock: Date.now'],
    ['const t = globalThis.Date.now();', 'clock: Date.now'],
    ["const t = Date['now']();", 'clock: Date.now'],
    ['const { now } = Date;', 'clock: Date.now'],
    ['const t = new Date();', 'clock: new Date()'],
    ['const t = Date();', 'clock: Date()'],
    ['const t = performance.now();', 'clock: performance'],
    ['const t = process.hrtime.bigint();', 'clock: process.hrtime'],
    ['setTimeout(f, 1);', 'timers: setTimeout'],
    ['globalThis.setTimeout(f, 1);', 'timers: globalThis.setTimeout'],
    ['const { setInterval } = globalThis;', 'timers: globalThis.setInterval'],
    ['const later = setImmediate;', 'timers: setImmediate'],
    ['run({ setTimeout });', 'timers: setTimeout'],
    ['const signal = AbortSignal.timeout(5);', 'timers: AbortSignal.timeout'],
    ["import { setTimeout as sleep } from 'node:timers/promises';", 'timers: import of node:timers/promises'],
    ['const r = Math.random();', 'random: Math.random'],
    ['const id = crypto.randomUUID();', 'random: crypto.randomUUID'],
    ["import { randomUUID } from 'node:crypto';", 'random: randomUUID of node:crypto'],
    ["import { randomBytes as bytes } from 'crypto';", 'random: randomBytes of crypto'],
    ["import crypto from 'node:crypto';", 'random: import of all of node:crypto (name what you need)'],
    ["import { spawn } from 'node:child_process';", 'processes: import of node:child_process'],
    ["const { spawn } = await import('node:child_process');", 'processes: import of node:child_process'],
    ["export { createServer } from 'node:net';", 'network: import of node:net'],
    ["import http2 from 'node:http2';", 'network: import of node:http2'],
    ['await fetch(url);', 'network: fetch'],
    ["import { watch } from 'node:fs';", 'watching: watch of node:fs'],
    ["import { watch as look } from 'fs/promises';", 'watching: watch of fs/promises'],
    ["import * as fs from 'node:fs'; fs.watchFile(path, f);", 'watching: fs.watchFile'],
    ["import fs from 'node:fs'; const { watch } = fs;", 'watching: fs.watch'],
  ];
  for (const [source, finding] of caught) {
    it(`bites on ${source}`, () => expect(found(source)).to.deep.equal([finding]));
  }

  const free = [
    'const t = runtime.clock.wallMs();',
    'clock.setTimeout(f, 1);',
    'const clock = { setTimeout(f: () => void) {}, now: 1 };',
    'interface Clock { setTimeout(f: () => void): void }',
    'let handle: ReturnType<typeof setTimeout>;',
    'class Timer { setTimeout = 1; }',
    'function f(setTimeout: (g: () => void) => void) { setTimeout(() => {}); }',
    'const at = new Date(ms).toISOString();',
    'const at = Date.UTC(2026, 1);',
    '// Date.now() in a comment',
    "const text = 'Math.random()';",
    "import type { ChildProcess } from 'node:child_process';",
    "import { type Socket } from 'node:net';",
    "import { createHash, timingSafeEqual } from 'node:crypto';",
    'queueMicrotask(f);',
    "import { type FSWatcher, readFileSync } from 'node:fs';",
    "import * as fs from 'node:fs'; fs.readFileSync(path);",
    "import { watch } from './watch.ts'; watch(actor);",
    'const signal = AbortSignal.any([a, b]);',
  ];
  for (const source of free) {
    it(`lets pass ${source}`, () => expect(found(source)).to.deep.equal([]));
  }

  it('says where', () => {
    expect(findChance('x.ts', '\n  f(Math.random());')[0]).to.include({ line: 2, column: 5 });
  });
});
