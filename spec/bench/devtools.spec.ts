import { expect } from 'chai';
import { bench } from '../helpers/bench-command.ts';

describe('npm run bench -- devtools', function () {
  this.timeout(60_000);

  it('says what it skips, and for want of what', async () => {
    const env = { ...process.env, PATH: '/nowhere', OPHION_CHROMIUM: '/nowhere/chromium' };
    const args = ['devtools', '--quick', '--json', '--only', 'Chromium: search'];
    const { code, stdout, stderr } = await bench(args, env);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/skipped: page in Chromium: search .*: no chromium here/);
  });
});
