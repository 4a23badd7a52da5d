import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('examples/isolation.ts', function () {
  this.timeout(30_000);
  this.slow(10_000);

  it('does what its comments say', () => {
    const output = execFileSync(process.execPath, ['--import', 'tsx', 'examples/isolation.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(output).to.match(/^9592\napp\/primes#1 did not yield for \d+ ms\ncast 'countAll'\n4\n$/);
  });
});
