import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FileEvent, watchPythonFiles } from '../../../actors/worker/file-watch.ts';
import { Signal } from '../../helpers/signal.ts';

describe('watching Python files', () => {
  let root: string;
  const open: (() => void)[] = [];
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'oph-watch-')));
  });
  afterEach(() => {
    for (const close of open.splice(0)) close();
    rmSync(root, { recursive: true, force: true });
  });

  const write = (...path: string[]) => {
    mkdirSync(join(root, ...path.slice(0, -1)), { recursive: true });
    writeFileSync(join(root, ...path), `# ${path.at(-1)}\n`);
    return join(root, ...path);
  };
  /** Watches, and resolves when it does. */
  const watching = async (...folders: string[]) => {
    const events: FileEvent[] = [];
    const changed = new Signal();
    open.push(
      watchPythonFiles(folders, (event) => {
        events.push(event);
        changed.fire();
      }),
    );
    const paths = () => events.flatMap((event) => (event.type === 'file.changed' ? [event.path] : []));
    await changed.until(() => events.some(({ type }) => type === 'file.watching'));
    return {
      events,
      paths,
      told: (path: string) => changed.until(() => paths().includes(path)),
      folders: () => (events.find(({ type }) => type === 'file.watching') as { folders: number }).folders,
    };
  };

  it('tells of files that are written, made and taken away, in all folders below', async () => {
    const [top, deep] = [write('a.py'), write('package', 'inner', 'b.py')];
    const t = await watching(root);
    expect(t.folders()).to.equal(3);
    writeFileSync(top, 'changed\n');
    await t.told(top);
    rmSync(deep);
    await t.told(deep);
    await t.told(write('package', 'c.py'));
  });

  it('tells of a file that is put into the place of another, as editors do', async () => {
    const file = write('a.py');
    const other = write('a.py~');
    const t = await watching(root);
    renameSync(other, file);
    await t.told(file);
  });

  it('tells of folders that come later, with what is in them already, and of those that go', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'oph-watch-'));
    try {
      mkdirSync(join(elsewhere, 'package', 'inner'), { recursive: true });
      writeFileSync(join(elsewhere, 'package', 'inner', 'd.py'), '');
      const t = await watching(root);
      renameSync(join(elsewhere, 'package'), join(root, 'package'));
      await t.told(join(root, 'package', 'inner', 'd.py'));
      await t.told(write('package', 'inner', 'e.py'));
      renameSync(join(root, 'package'), join(elsewhere, 'back'));
      await t.told(join(root, 'package'));
      const before = t.paths().length;
      writeFileSync(join(elsewhere, 'back', 'inner', 'd.py'), 'not ours any more\n');
      await t.told(write('last.py'));
      expect(
        t
          .paths()
          .slice(before)
          .filter((path) => path.includes('inner')),
      ).to.deep.equal([]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('leaves out other files, caches, hidden folders, packages of others and virtual environments', async () => {
    for (const folder of ['__pycache__', '.git', 'node_modules', 'site-packages']) write(folder, 'x.py');
    write('env-of-mine', 'pyvenv.cfg');
    write('env-of-mine', 'x.py');
    const t = await watching(root);
    expect(t.folders()).to.equal(1);
    for (const folder of ['__pycache__', '.git', 'node_modules', 'site-packages', 'env-of-mine']) write(folder, 'x.py');
    write('later', '__pycache__', 'x.py');
    write('notes.txt');
    await t.told(write('end.py'));
    expect(new Set(t.paths())).to.deep.equal(new Set([join(root, 'end.py')]));
  });

  it('is not led around in a circle', async () => {
    write('package', 'a.py');
    symlinkSync(root, join(root, 'package', 'again'));
    const t = await watching(root);
    expect(t.folders()).to.equal(2);
  });

  it('says which folder it cannot watch, and watches the others', async () => {
    const t = await watching(join(root, 'nowhere'), root);
    const [first] = t.events as [Extract<FileEvent, { type: 'file.unwatched' }>];
    expect(first.error).to.include({ code: 'watch_failed' });
    expect(first.error.message).to.match(/nowhere: cannot be watched: ENOENT/);
    expect(t.folders()).to.equal(1);
    await t.told(write('a.py'));
  });

  it('tells nothing more once it is closed', async () => {
    const t = await watching(root);
    for (const close of open.splice(0)) close();
    write('a.py');
    const other = await watching(root);
    await other.told(write('b.py'));
    expect(t.paths()).to.deep.equal([]);
  });

  it('tells nothing at all when it is closed before it has begun', async () => {
    const events: FileEvent[] = [];
    watchPythonFiles([root], (event) => events.push(event))();
    const t = await watching(root);
    await t.told(write('a.py'));
    expect(events).to.deep.equal([]);
  });
});
