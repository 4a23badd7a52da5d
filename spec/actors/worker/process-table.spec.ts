import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { livingGroups, ProcessTable } from '../../../actors/worker/process-table.ts';
import { needs } from '../../helpers/needs.ts';

const descriptors = () => readdirSync('/proc/self/fd').length;
/** State, parent and group of this process. */
const own = () => readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];

describe('the table of processes', () => {
  before(function () {
    needs(this, process.platform === 'linux', '/proc');
  });

  it('tells the living processes of each group', async () => {
    expect((await livingGroups()).get(Number(own()[2]))).to.include(process.pid);
  });

  it('is read once for all who ask before it is read, and again for those who ask meanwhile', async () => {
    const table = new ProcessTable();
    const first = [table.look(), table.look()];
    await Promise.resolve();
    // It is being read by now: what happens from now on may not be in it.
    const second = [table.look(), table.look()];
    const [a, b, c, d] = await Promise.all([...first, ...second]);
    expect(a).to.equal(b);
    expect(c).to.equal(d);
    expect(c).to.not.equal(a);
  });

  it('is read with a few descriptors, however many processes there are and however many ask', async () => {
    const table = new ProcessTable();
    const before = descriptors();
    let most = before;
    let looking = true;
    const count = () => {
      most = Math.max(most, descriptors());
      if (looking) setImmediate(count);
    };
    count();
    for (let n = 0; n < 5; n += 1) await Promise.all(Array.from({ length: 100 }, () => table.look()));
    looking = false;
    // One for each file that is read, and one for the folder.
    expect(most - before).to.be.at.most(16 + 1);
  });
});
