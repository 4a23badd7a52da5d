import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { formatIdentity, identityOf, isGone, parseIdentity } from '../../../bridge/transport/index.ts';
import { needs } from '../../helpers/needs.ts';

describe('which process a number means', () => {
  before(function () {
    needs(this, existsSync('/proc/self/stat'), '/proc');
  });

  const own = identityOf(process.pid);

  it('is told by its start: another one of the same number is not it', () => {
    expect(isGone(own)).to.equal(false);
    expect(isGone({ ...own, started: '1' })).to.equal(true);
    expect(isGone({ ...own, pid: 0x3fff_ffff })).to.equal(true);
  });

  it('is not known of another boot or container', () => {
    expect(isGone({ ...own, started: '1', where: 'elsewhere' })).to.equal(false);
    expect(isGone({ ...own, started: '1', where: '' })).to.equal(false);
  });

  it('is not known where it cannot be read: who may live is not gone', () => {
    // A path that is there and cannot be read so, as every path without a descriptor left.
    const unreadable = 'version' as unknown as number;
    expect(identityOf(unreadable)).to.include({ started: '', where: '' });
    expect(isGone({ ...own, pid: unreadable })).to.equal(false);
  });

  it('goes through a line of text, and nothing else does', () => {
    expect(parseIdentity(formatIdentity(own))).to.deep.equal(own);
    for (const text of ['', 'somebody', '1 2', '1  boot', 'x 1 boot']) expect(parseIdentity(text)).to.equal(undefined);
  });
});
