import { join } from 'node:path';
import { expect } from 'chai';
import { checkNode, compareVersions } from '../../../scripts/setup/node-packages.mjs';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the check of the Node version', () => {
  it('refuses one older than package.json asks for, and names both', () => {
    expect(() => checkNode(root, '18.20.8')).to.throw('Node 18.20.8 is too old: Ophion needs 20.19 or newer');
    expect(() => checkNode(root, '20.18.9')).to.throw('too old');
  });

  it('takes the one asked for and newer ones', () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.1.0']) checkNode(root, version);
  });

  it('compares numbers, not text', () => {
    expect(compareVersions('20.9.0', '20.19')).to.be.lessThan(0);
    expect(compareVersions('20.19.0', '20.19')).to.equal(0);
  });
});
