import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WorkerLogLine } from '../../index.ts';
import { startTools } from '../helpers/tool-system.ts';

const start = (options: Parameters<typeof startTools>[0] = {}) => startTools({ module: 'limited_tools', ...options });
const seen = ({ incarnation, from, text }: WorkerLogLine) => [incarnation, from, text];

describe('the logs of real workers', function () {
  this.timeout(60_000);

  it('tell what each incarnation has printed, on which stream, and why it ended', async () => {
    await using t = await start();
    await t.value('say', { out: 'to stdout', err: 'to stderr' });
    await t.failure('last_words', { text: 'farewell' });
    await t.value('say', { out: 'here again', err: '' });
    for (const text of ['to stdout', 'to stderr', 'farewell', 'here again']) await t.printed(text);
    const lines = (await t.pool.logs('w-1')).map(seen);
    expect(lines).to.deep.include.members([
      [1, 'stdout', 'to stdout'],
      [1, 'stderr', 'to stderr'],
      [1, 'stdout', 'farewell'],
      [2, 'stdout', 'here again'],
    ]);
    expect((await t.pool.logs('w-1', { incarnation: 2 })).map(seen)).to.not.deep.include([1, 'stdout', 'farewell']);
  });

  it('keep the newest of a flood, which holds up no call', async () => {
    await using t = await start({ logs: { maxLines: 50 } });
    await t.value('flood', { lines: 20_000 });
    await t.until('worker.output', 20_000);
    const lines = await t.pool.logs('w-1', { tail: 5 });
    expect(lines.map(({ text }) => Number(text.split(' ')[0]))).to.deep.equal([19_995, 19_996, 19_997, 19_998, 19_999]);
    expect(lines.at(-1)?.line).to.be.at.least(20_000);
    expect(await t.pool.logs('w-1')).to.have.length(50);
  });

  it('hold no secret of ours', async () => {
    await using t = await start({ size: 2 });
    await t.pool.ready(2);
    await t.failure('last_words', { text: 'farewell' });
    await t.printed('farewell');
    await t.pool.ready(2);
    const all = [...(await t.pool.logs('w-1')), ...(await t.pool.logs('w-2'))].map(({ text }) => text).join('\n');
    // Tokens are 32 hexadecimal digits.
    expect(all)
      .to.include('farewell')
      .and.to.not.match(/[0-9a-f]{32}/);
  });

  it('are in files as well, complete when the pool has stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oph-logs-'));
    try {
      {
        await using t = await start({ logs: { folder } });
        await t.value('flood', { lines: 5_000 });
        await t.failure('last_words', { text: 'farewell' });
        await t.value('say', { out: 'here again', err: '' });
      }
      const texts = readdirSync(folder)
        .sort()
        .map((name) => readFileSync(join(folder, name), 'utf8'));
      expect(texts).to.have.length(2);
      expect(texts[0]?.trimEnd().split('\n')).to.have.length(5_001);
      expect(texts[0]).to.match(/Z stdout farewell\n$/);
      expect(texts[1]).to.include(' stdout here again\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
