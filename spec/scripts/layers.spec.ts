import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const checkout = join(import.meta.dirname, '..', '..');

/** A tree in which each file breaks one rule, or none. */
const files: Record<string, string> = {
  'actors/core/index.ts': 'export const core = 1;',
  'actors/core/upward.ts': "import type { Session } from '../state/session.ts';\nexport type X = Session;",
  'actors/core/supervises.ts': "export { supervisor } from '../../supervisors/index.ts';",
  'actors/core/machine.ts': "export { setup } from 'xstate';",
  'actors/core/xstate-adapter.ts': "export { setup } from 'xstate';",
  'actors/core/ring-a.ts': "import { b } from './ring-b.ts';\nexport const a = () => b;",
  'actors/core/ring-b.ts': "import { a } from './ring-a.ts';\nexport const b = () => a;",
  'actors/core/types-a.ts': "import type { B } from './types-b.ts';\nexport interface A { b?: B }",
  'actors/core/types-b.ts': "import type { A } from './types-a.ts';\nexport interface B { a?: A }",
  'actors/core/node-threads.ts': "export { Worker } from 'node:worker_threads';",
  'actors/core/spins.ts': "export { Worker } from 'node:worker_threads';",
  'actors/core/inner.ts': 'export const inner = 1;',
  'actors/state/session.ts': "import { core } from '../core/index.ts';\nexport interface Session { core: typeof core }",
  'actors/state/around.ts': "export { inner } from '../core/inner.ts';",
  'actors/state/keeps.ts': "export { open } from 'lmdb';",
  'actors/state/asks-redis.ts': "export { Redis } from 'ioredis';",
  'actors/state/redis/link.ts': "export { Redis } from 'ioredis';",
  'actors/state/durable/lmdb-file.ts': "export { open } from 'lmdb';",
  'actors/state/traces.ts': "export { trace } from '@opentelemetry/api';",
  'actors/state/cache.ts': "export { setup } from 'mocha';",
  'actors/worker/os-process.ts': "export { spawn } from 'node:child_process';",
  'actors/worker/pool.ts': "export { spawn } from 'node:child_process';",
  'actors/context/client.ts': "export { credentials } from '@grpc/grpc-js';",
  'bridge/transport/grpc.ts': "export { credentials } from '@grpc/grpc-js';",
  'bridge/transport/calls-worker.ts': "export { spawn } from '../../actors/worker/os-process.ts';",
  'bridge/protocol/asks-context.ts': "import('../../actors/context/client.ts');\nexport const x = 1;",
  'devtools/page/app.tsx':
    "import { signal } from '@preact/signals';\nexport { Viewer } from '../protocol/index.ts';\nexport const a = signal(1);",
  'devtools/page/asks-host.tsx': "export { core } from '../../actors/core/index.ts';",
  'devtools/page/asks-node.ts': "export { readFileSync } from 'node:fs';",
  'devtools/page/asks-ws.ts': "export { WebSocket } from 'ws';",
  'devtools/protocol/index.ts': 'export class Viewer {}',
  'devtools/draws.ts': "export { h } from 'preact';",
  'devtools/cli/main.ts': "export { Command } from 'commander';\nexport { default } from 'picocolors';",
  'devtools/cli/loads-top.ts': "export { runTop } from './top/main.tsx';",
  'devtools/cli/paints.tsx': "export { Box } from 'ink';",
  'devtools/cli/turns.tsx': "export { useState } from 'react';",
  'devtools/cli/top/main.tsx':
    "import { Box } from 'ink';\nimport { useState } from 'react';\nexport const runTop = () => [Box, useState];",
  'devtools/host/asks-commander.ts': "export { Command } from 'commander';",
  'devtools/host/colours.ts': "export { default } from 'picocolors';",
  'devtools/host/listener.ts': "export { WebSocketServer } from 'ws';",
  'devtools/client/dial.ts': "export { WebSocket } from 'ws';",
  'devtools/inspect/asks-ws.ts': "export { WebSocket } from 'ws';",
  'devtools/inspect/asks-a-tool.ts': "export { default } from 'fast-check';",
  'devtools/inspect/asks-a-spec.ts': "export { helper } from '../../spec/helper.ts';",
  'devtools/page/asks-inspect.ts': "export { WebSocket } from '../inspect/asks-ws.ts';",
  'devtools/page/lays-out.ts': "export { Graph } from '@dagrejs/dagre';",
  'devtools/lays-out.ts': "export { Graph } from '@dagrejs/dagre';",
  'spec/helper.ts': 'export const helper = 1;',
  'supervisors/index.ts': 'export const supervisor = 1;',
  'supervisors/lost.ts': "export { x } from './not-there.ts';",
  'supervisors/uses-disposal.ts': 'export async function f(x: AsyncDisposable) { await using y = x; return y; }',
};

describe('the layer lint', function () {
  this.timeout(30_000);
  this.slow(10_000);
  let root: string;
  let violations: string[];

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'ophion-layers-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    copyFileSync(join(checkout, '.dependency-cruiser.cjs'), join(root, '.dependency-cruiser.cjs'));
    copyFileSync(join(checkout, 'package.json'), join(root, 'package.json'));
    symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
    const cruise = join(checkout, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const args = [cruise, '--output-type', 'json', 'actors', 'supervisors', 'bridge', 'devtools', 'spec'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(stderr).to.equal('');
    const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
    violations = summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const bites: [rule: string, violation: string][] = [
    ['a type imported from a higher layer', 'actors/core/upward.ts: infrastructure-imports-nothing-above-it'],
    [
      'a dynamic import from a higher layer',
      'bridge/protocol/asks-context.ts: state-protocol-imports-nothing-above-it',
    ],
    ['the core importing supervisors', 'actors/core/supervises.ts: actors-core-imports-nothing-above-it'],
    ['the transport importing workers', 'bridge/transport/calls-worker.ts: bridge-transport-imports-nothing-above-it'],
    ['a cycle', 'actors/core/ring-a.ts: no-cycles'],
    ['xstate outside its adapter', 'actors/core/machine.ts: xstate-stays-in-its-adapter'],
    ['grpc outside the bridge', 'actors/context/client.ts: connect-and-grpc-stay-in-bridge'],
    ['lmdb outside its file', 'actors/state/keeps.ts: lmdb-stays-in-its-file'],
    ['ioredis outside its folder', 'actors/state/asks-redis.ts: redis-stays-in-its-folder'],
    ['opentelemetry outside its adapter', 'actors/state/traces.ts: opentelemetry-stays-in-its-adapter'],
    ['worker_threads outside its door', 'actors/core/spins.ts: worker-threads-stay-in-their-door'],
    ['child_process outside os-process.ts', 'actors/worker/pool.ts: child-process-stays-in-os-process'],
    ["another folder's file past its index", 'actors/state/around.ts: actors-core-is-imported-through-its-index'],
    ['mocha outside testing', 'actors/state/cache.ts: testing-libraries-stay-in-testing'],
    ['the page importing the host', 'devtools/page/asks-host.tsx: page-needs-its-libraries-alone'],
    ['the page importing Node', 'devtools/page/asks-node.ts: page-needs-its-libraries-alone'],
    ['the page importing a library of the host', 'devtools/page/asks-ws.ts: page-needs-its-libraries-alone'],
    ['the page importing what the host looks with', 'devtools/page/asks-inspect.ts: page-needs-its-libraries-alone'],
    ["the page's libraries outside the page", 'devtools/draws.ts: page-libraries-stay-in-the-page'],
    ["the page's layout outside the page", 'devtools/lays-out.ts: page-libraries-stay-in-the-page'],
    ['ws between the two ends', 'devtools/inspect/asks-ws.ts: ws-stays-at-both-ends-of-the-dev-tools'],
    [
      'commander outside the command line',
      'devtools/host/asks-commander.ts: command-line-libraries-stay-in-the-command-line',
    ],
    ['colours outside the command line', 'devtools/host/colours.ts: command-line-libraries-stay-in-the-command-line'],
    ['ink in a command', 'devtools/cli/paints.tsx: ink-and-react-stay-in-top'],
    ['react in a command', 'devtools/cli/turns.tsx: ink-and-react-stay-in-top'],
    ['a command importing what is bundled', 'devtools/cli/loads-top.ts: bundles-load-nothing-by-themselves'],
    ['a library that only tests have', 'devtools/inspect/asks-a-tool.ts: source-needs-no-dev-dependency'],
    ['source importing a spec', 'devtools/inspect/asks-a-spec.ts: source-imports-no-spec-or-example'],
    ['an import of a file that is not there', 'supervisors/lost.ts: resolvable'],
  ];
  for (const [what, violation] of bites) {
    it(`bites on ${what}`, () => expect(violations).to.include(violation));
  }

  it('lets the layers import what is below them, adapters their library, and types each other', () => {
    const innocent = [
      'xstate-adapter',
      'session',
      'os-process',
      'grpc',
      'lmdb-file',
      'redis/link',
      'types-a',
      'types-b',
      'uses-disposal',
      'page/app',
      'page/lays-out',
      'cli/main',
      'top/main',
      'host/listener',
      'client/dial',
    ];
    const blamed = violations.filter((line) => innocent.some((name) => new RegExp(`/${name}\\.tsx?:`).test(line)));
    expect(blamed).to.deep.equal([]);
  });
});
