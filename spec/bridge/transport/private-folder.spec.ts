import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { privateFolder } from '../../../bridge/transport/private-folder.ts';
import { needs } from '../../helpers/needs.ts';

describe('the private folder of a listener', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sweep-'));
  });
  afterEach(() => rmSync(base, { recursive: true }));

  /** A folder as another host would have left it. */
  const left = (name: string, owner: string | undefined) => {
    const folder = join(base, name);
    mkdirSync(folder);
    if (owner !== undefined) writeFileSync(join(folder, 'owner.json'), owner);
    return folder;
  };

  it('can be entered by nobody else', () => {
    expect(statSync(privateFolder(base)).mode & 0o777).to.equal(0o700);
  });

  it('sweeps what a killed host left, and nothing else', function () {
    needs(this, existsSync('/proc/self/stat'), '/proc');
    const mine = privateFolder(base);
    const owner = JSON.parse(readFileSync(join(mine, 'owner.json'), 'utf8')) as object;
    const stale = left('ophion-stale', JSON.stringify({ ...owner, started: '1' }));
    const dead = left('ophion-dead', JSON.stringify({ ...owner, pid: 0x3fff_ffff }));
    const elsewhere = left('ophion-elsewhere', JSON.stringify({ ...owner, started: '1', where: 'another container' }));
    const unknown = left('ophion-unknown', JSON.stringify({ ...owner, started: '1', where: '' }));
    const empty = left('ophion-empty', undefined);
    const garbage = left('ophion-garbage', '{');
    const other = left('other', JSON.stringify({ ...owner, started: '1' }));
    privateFolder(base);
    expect([stale, dead].map((folder) => existsSync(folder))).to.deep.equal([false, false]);
    for (const folder of [mine, elsewhere, unknown, empty, garbage, other])
      expect(existsSync(folder), folder).to.equal(true);
  });
});
