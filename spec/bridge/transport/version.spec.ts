import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { isOwnVersion, libraryVersion, VersionMismatchError } from '../../../bridge/transport/index.ts';

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('the version of the package', () => {
  it('is the same in both halves and in what describes them', () => {
    expect(JSON.parse(text('package.json')).version).to.equal(libraryVersion);
    const inPython = /__version__ = "(.*)"/.exec(text('python/src/ophion/_version.py'))?.[1];
    const inProject = /^version = "(.*)"/m.exec(text('python/pyproject.toml'))?.[1];
    expect([inPython, inProject]).to.deep.equal([libraryVersion, libraryVersion]);
  });

  it('is compared by its numbers, as the two languages write the rest of it in different ways', () => {
    for (const same of [libraryVersion, `${libraryVersion}b1`, `${libraryVersion}-beta.1`])
      expect(isOwnVersion(same), same).to.equal(true);
    for (const other of ['', 'ping', '9.9.9', '0.1', `1${libraryVersion}`])
      expect(isOwnVersion(other), other).to.equal(false);
  });

  it('that does not match is named, both, with the way out', () => {
    const error = new VersionMismatchError('w', '9.9.9');
    expect(error).to.include({ code: 'version_mismatch', host: libraryVersion, worker: '9.9.9' });
    expect(error.message).to.include('npx ophion setup');
  });
});
