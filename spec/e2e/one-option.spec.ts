import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { findRedis, startRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = (...args: string[]) =>
  execFileSync(process.execPath, ['--import', 'tsx', 'examples/one-option.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

describe('examples/one-option.ts: one program and one Python module', function () {
  this.timeout(120_000);

  it('do the same on local, bridged, durable and Redis state, with one option changed', async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    const expected = output('local');
    expect(expected.split('\n')).to.deep.equal([
      'plan: find snakes, watch snakes, describe snakes',
      '1 done, 3.75 spent',
      '2 done, 6.75 spent',
      '3 done, 10.5 spent',
      'done: find snakes, watch snakes, describe snakes, rest',
      'spent before the work: 1',
      'a writer who has read too early is told: conflict',
      'commits: ts py ts py py py py py py ts',
      'watched: goal+steps spent spent done spent done spent done done',
      '',
    ]);
    expect(output('bridged')).to.equal(expected);
    const folder = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
    try {
      expect(output('durable', join(folder, 'vault'))).to.equal(expected);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await using redis = await startRedis({ kind: 'single' });
    expect(output('redis', redis.url)).to.equal(expected);
  });
});
