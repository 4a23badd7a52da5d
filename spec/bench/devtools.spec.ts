import { expect } from 'chai';
import { chromiumPath } from '../../bench/devtools/chromium.ts';
import { devtools } from '../../bench/devtools/index.ts';
import type { Result } from '../../bench/run.ts';
import { bench, type Ended, results } from '../helpers/bench-command.ts';
import { builtPage } from '../helpers/page-build.ts';

// What the command prints, never how fast anything is: that depends on the machine, and is in docs/performance.md.

describe('npm run bench -- devtools --quick --json', function () {
  this.timeout(300_000);
  let ended: Ended;
  let lines: readonly Result[];
  let browser: boolean;

  before(async () => {
    await builtPage();
    browser = (await chromiumPath()) !== undefined;
    ended = await bench(['devtools', '--quick', '--json']);
    lines = results(ended);
  });

  it('has a figure of every contest in its order, but of those that need a browser where there is none', () => {
    const wanted = devtools.contests.filter(({ lacks }) => browser || lacks === undefined);
    const names = wanted.flatMap((contest) => contest.lines.map((line) => line.name));
    expect(lines.map(({ name }) => name)).to.deep.equal(names);
    for (const { name, ours } of lines) expect(ours, name).to.be.a('number').that.is.finite;
  });

  it('says what it skips, and for want of what', async () => {
    const without = { ...process.env, PATH: '/nowhere', OPHION_CHROMIUM: '/nowhere/chromium' };
    const { code, stdout, stderr } = await bench(
      ['devtools', '--quick', '--json', '--only', 'search in Chromium'],
      without,
    );
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/skipped: .*: no chromium here/);
  });
});
