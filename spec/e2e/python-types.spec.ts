/** `npx ophion types`: tokens made of what Python's tools take and answer, and what becomes of those that are stale. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nodeRuntime, openContext, ophion, python, StaleTypesError, startSupervisor } from '../../index.ts';
import { rejection } from '../../testing/index.ts';
// #region import
import * as tools from '../types/typed-tools.ts';

// #endregion

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = join(root, 'spec', 'fixtures');

function types(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, ['bin/ophion.mjs', 'types', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { code: status, said: stderr };
}

describe('npx ophion types', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ophion-types-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const made = ['typed_tools', '--python-path', 'spec/fixtures', '--from', '../../index.ts'];

  it('has made the file that the type tests are about, and a formatter may have been at it', () => {
    const { code, said } = types(...made, '--out', 'spec/types/typed-tools.ts', '--check');
    expect(code, said).to.equal(0);
  });

  it('writes it, and with --check tells that the signatures have changed since', () => {
    cpSync(join(fixtures, 'typed_tools.py'), join(folder, 'typed_tools.py'));
    const own = ['typed_tools', '--python-path', folder, '--out', join(folder, 'tools.ts')];
    const missing = types(...own, '--check');
    expect([missing.code, missing.said]).to.deep.equal([1, missing.said]);
    expect(missing.said).to.match(/tools\.ts is not there\n {2}-> run `npx ophion types typed_tools --out /);
    expect(types(...own).code).to.equal(0);
    expect(types(...own, '--check').code).to.equal(0);
    const source = readFileSync(join(folder, 'typed_tools.py'), 'utf8');
    writeFileSync(
      join(folder, 'typed_tools.py'),
      source.replace('def count_down(start: int)', 'def count_down(start: float)'),
    );
    const stale = types(...own, '--check');
    expect(stale.code).to.equal(1);
    expect(stale.said).to.include('tools.ts is not what the signatures say now');
  });

  it('tells why a module does not load, and writes nothing', () => {
    writeFileSync(join(folder, 'broken.py'), 'import nothing_of_that_name\n');
    const { code, said } = types('broken', '--python-path', folder, '--out', join(folder, 'tools.ts'));
    expect(code).to.equal(1);
    expect(said).to.match(/^types: .* does not describe broken\n/);
    expect(said).to.include("No module named 'nothing_of_that_name'");
    expect(existsSync(join(folder, 'tools.ts'))).to.equal(false);
    expect(types('broken').said).to.match(/^types: types needs a module and --out\n/);
    expect(types('typed_tools', '--nothing', '1').said).to.match(/^types: what is --nothing\?\n/);
  });
});

describe('ophion({ tools }) of made tokens', function () {
  this.timeout(60_000);
  const start = (given: object, pythonPath: string) =>
    startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({
          tools: given as never,
          pools: { default: python({ module: 'typed_tools', pythonPath: [pythonPath], maxRestarts: 0 }) },
        }),
      },
    });

  it('starts with workers whose tools are those that they were made of, and calls with their types', async () => {
    await using app = await start(tools, fixtures);
    await using context = await openContext(app.children.ophion);
    // #region call
    const { price, name } = await context.call(tools.rank, {
      items: [
        { name: 'b', price: 2 },
        { name: 'a', price: 1 },
      ],
    });
    // #endregion
    expect([name, price]).to.deep.equal(['a', 1]);
    const words: string[] = [];
    for await (const { text } of context.stream(tools.generate, { prompt: 'once upon' })) words.push(text);
    expect(words).to.deep.equal(['once', 'upon']);
    const [color, when] = await context.call(tools.paint, { color: 'blue', weights: {}, when: new Date(5) });
    expect([color, when?.getTime()]).to.deep.equal(['blue', 5]);
    expect((await context.call(tools.embed, { texts: ['a', 'b'] })).shape).to.deep.equal([2, 2]);
  });

  it('does not start workers whose tools are others, and names them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ophion-types-'));
    try {
      const source = readFileSync(join(fixtures, 'typed_tools.py'), 'utf8');
      // A default and a comment change no type; a type does, and so does a name.
      const changed = source
        .replace('price: float = 0.0', 'price: float = 1.0')
        .replace('"""Yields tokens."""', '"""Yields them."""')
        .replace('def count_down(start: int)', 'def count_down(start: str)')
        .replace('name="delete"', 'name="remove"');
      writeFileSync(join(folder, 'typed_tools.py'), changed);
      await using app = await start(tools, folder);
      const error = (await rejection(app.children.ophion.pools.default.ready())) as Error;
      expect(error).to.have.property('code', 'start_failed');
      expect(error.cause).to.be.instanceOf(StaleTypesError);
      expect(error.cause).to.deep.include({
        code: 'stale_types',
        pool: 'default',
        changed: ['count_down'],
        missing: ['delete'],
      });
      expect(error.message).to.include(
        "its tools are not those that the types were made of ('count_down' is changed; 'delete' is not there any more): run `npx ophion types` again",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
