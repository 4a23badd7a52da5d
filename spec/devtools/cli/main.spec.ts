import { expect } from 'chai';
import { duration, jsonValue } from '../../../devtools/cli/cli.ts';
import { command } from '../../helpers/captured-io.ts';
import { ScriptedHost } from '../../helpers/scripted-host.ts';
import { useFolder } from '../../helpers/use-folder.ts';

describe('the command line', () => {
  const path = useFolder();
  const env = () => ({ OPHION_RUN_DIR: path('run') });

  it('lists every command with one line each, in 80 columns', async () => {
    const others = [{ name: 'setup', summary: 'put the Python half somewhere' }];
    const { code, out } = await command(['--help'], { columns: 80, others });
    expect(code).to.equal(0);
    const lines = out.split('\n');
    const listed = lines.filter((line) => /^ {2}[a-z]/.test(line)).map((line) => line.trim().split(' ')[0]);
    expect(listed).to.deep.equal(
      'tree ps top status show diff why crashes logs watch trace sessions vars workers bridge calls kill restart suspend resume send set faults what-if audit export open export-test metrics moments systems devtools repl mcp doctor setup'.split(
        ' ',
      ),
    );
    expect(lines.filter((line) => /^ {6,}/.test(line))).to.deep.equal([]);
  });

  it('knows its version', async () => {
    expect(await command(['--version'])).to.deep.equal({ code: 0, out: '1.2.3\n', err: '' });
  });

  for (const args of [
    ['nonsense'],
    ['ps', '--sort', 'colour'],
    ['show'],
    ['trace', '--for', 'soon'],
    ['send', 'app', '{'],
    ['tree', '--url', 'nonsense'],
    // The dev tools have no actors, so there are none to ask for.
    ['tree', '--tools'],
    ['ps', '--tools'],
    ['trace', '--tools'],
    ['send', 'app', '1', '--cast', 'a', '--call', 'b'],
  ]) {
    it(`ends with 2 and says what is wrong: ophion ${args.join(' ')}`, async () => {
      const { code, out, err } = await command(args, { env: env() });
      expect(code).to.equal(2);
      expect(out).to.equal('');
      expect(err).to.match(/error:|ophion:/);
    });
  }

  it('ends with 3 when no system runs', async () => {
    const { code, out, err } = await command(['tree'], { env: env() });
    expect({ code, out }).to.deep.equal({ code: 3, out: '' });
    expect(err).to.match(/^ophion: no system runs here/);
  });

  it('ends with 4 when several systems run, and lists them', async () => {
    const hosts = [
      await ScriptedHost.start({ folder: path('run') }),
      await ScriptedHost.start({ folder: path('run'), name: 'other' }),
    ];
    const { code, err } = await command(['tree'], { env: env() });
    const listed = await command(['systems', '--json'], { env: env() });
    for (const host of hosts) await host.stop();
    expect(code).to.equal(4);
    expect(err).to.include('--name app').and.include('--name other');
    expect(JSON.parse(listed.out).map(({ name }: { name: string }) => name)).to.deep.equal(['app', 'other']);
    expect(listed.out).not.to.include('secret');
  });

  it('ends with 1 when the token is refused', async () => {
    const host = await ScriptedHost.start({ folder: path('run') });
    const { code, err } = await command(['tree', '--token', 'wrong'], { env: env() });
    await host.stop();
    expect([code, err]).to.deep.equal([
      1,
      `ophion: app (process ${process.pid}) refused the token: it is another one since its start\n`,
    ]);
  });
});

describe('a duration', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['3', 3_000],
  ] as const) {
    it(`of ${text} is ${ms} ms`, () => expect(duration(text)).to.equal(ms));
  }
  it('is refused where it is none', () => {
    for (const text of ['', 's', '-1s', '1 day', '1e9s']) expect(() => duration(text), text).to.throw('no duration');
  });
});

describe('a JSON argument', () => {
  it('is a value, or refused with a hint at the quotes', () => {
    expect(jsonValue('{"a":[1,null]}')).to.deep.equal({ a: [1, null] });
    expect(() => jsonValue('text')).to.throw(`'"text"'`);
  });
});
