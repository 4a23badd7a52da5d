import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { untilPasses } from '../../testing/index.ts';
import { startTools } from '../helpers/tool-system.ts';

/** Each has as many characters as the others: bytecode of one would be taken for the other's in the same second. */
const version = (answer: 'old' | 'new') => `
import os
import time

from ophion import tool


@tool
def answer() -> str:
    return "${answer}"


@tool
def wait(path: str) -> str:
    """Ends when there is such a file, and says which code it was."""
    while not os.path.exists(path):
        time.sleep(0.01)
    return "${answer}"
`;

describe('reload', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'oph-reload-'));
    save(version('old'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const save = (text: string) => writeFileSync(join(folder, 'reloaded.py'), text);
  const busy = (t: Awaited<ReturnType<typeof startTools>>) =>
    untilPasses(async () => expect((await t.pool.status()).busy).to.equal(1), { withinMs: 20_000 });
  const start = async (options: Parameters<typeof startTools>[0] = {}) => {
    const t = await startTools({ module: 'reloaded', pythonPath: [folder], reload: true, ...options });
    await t.until('reload.watching');
    await t.pool.ready(options.size ?? 1);
    return t;
  };

  it('serves with the new code after a change, and lets a call that runs end with the old one', async () => {
    await using t = await start();
    const file = join(folder, 'go on');
    const running = t.value('wait', { path: file });
    await busy(t);
    save(version('new'));
    await t.until('pool.worker_leaving');
    expect(await t.value('answer')).to.equal('new');
    const { workers } = await t.pool.status();
    expect(workers.map(({ role }) => role).sort()).to.deep.equal(['active', 'leaving']);
    writeFileSync(file, '');
    expect(await running).to.equal('old');
    await t.until('reload.done');
    expect((await t.pool.status()).recycled).to.deep.equal({ reload: 1 });
  });

  it('loses no call, however often the code changes', async () => {
    await using t = await start({ size: 2 });
    const answers = new Set<unknown>();
    let over = false;
    const caller = async () => {
      while (!over) answers.add(await t.value('answer'));
    };
    const callers = [caller(), caller(), caller()];
    for (const [n, text] of (['new', 'old'] as const).entries()) {
      save(version(text));
      await t.until('reload.done', n + 1);
    }
    expect(await t.value('answer')).to.equal('old');
    over = true;
    await Promise.all(callers);
    expect([...answers].sort()).to.deep.equal(['new', 'old']);
    const { restarts, refused } = await t.pool.status();
    expect({ restarts, refused }).to.deep.equal({ restarts: 0, refused: {} });
  });

  for (const [what, text, error] of [
    ['is no Python', `${version('new')}\ndef broken(:\n`, /SyntaxError/],
    ['raises when it is imported', `${version('new')}\nraise RuntimeError("not today")\n`, /RuntimeError: not today/],
  ] as const) {
    it(`goes on with the old code when the new one ${what}, tells why, and takes the next one`, async () => {
      await using t = await start({ size: 2, recycle: { surge: 0 } });
      save(text);
      await t.until('reload.failed');
      const failed = t.events.find(({ type }) => type === 'reload.failed') as unknown as { traceback: string };
      expect(failed.traceback)
        .to.match(/^Traceback \(most recent call last\)/)
        .and.to.match(error);
      expect(failed.traceback).to.include('reloaded.py');
      expect(await t.value('answer')).to.equal('old');
      expect((await t.pool.status()).ready).to.equal(2);
      save(version('new'));
      await t.until('reload.done');
      expect(await t.value('answer')).to.equal('new');
    });
  }

  it('takes a module that did not load at first as soon as it does', async () => {
    save('import nothing_of_this_name\n');
    const never = { maxRestarts: 0, backoffMs: 30_000 };
    await using t = await startTools({ module: 'reloaded', pythonPath: [folder], reload: true, ...never });
    await t.until('reload.watching');
    await t.until('pool.worker_gave_up');
    save(version('new'));
    expect(await t.value('answer')).to.equal('new');
  });

  it('notices what the module imports, in folders that come later, too', async () => {
    writeFileSync(
      join(folder, 'reloaded.py'),
      `${version('old')}\n\n@tool\ndef part() -> str:\n    import later.part\n    return later.part.NAME\n`,
    );
    await using t = await start();
    mkdirSync(join(folder, 'later'));
    writeFileSync(join(folder, 'later', 'part.py'), 'NAME = "one"\n');
    await t.until('reload.done');
    expect(await t.value('part')).to.equal('one');
    writeFileSync(join(folder, 'later', 'part.py'), 'NAME = "two"\n');
    await t.until('reload.done', 2);
    expect(await t.value('part')).to.equal('two');
  });
});
