/** `ophion` as it is installed: the built command in processes and terminals of its own, on a real system. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect } from 'chai';
import { changesUntil } from '../helpers/changes-until.ts';
import { useDevtoolsProgram } from '../helpers/devtools-program.ts';
import { needs } from '../helpers/needs.ts';
import { type Terminal, terminal } from '../helpers/terminal.ts';
import { useFolder } from '../helpers/use-folder.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const binary = join(checkout, 'bin', 'ophion.mjs');

describe('the ophion command', function () {
  this.timeout(120_000);
  const program = useDevtoolsProgram();
  const folder = useFolder();

  before(() => {
    if (existsSync(join(checkout, 'dist', 'devtools', 'cli', 'top.js'))) return;
    const { status, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: checkout, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
  });

  const ophion = (...args: string[]) => {
    const { env } = program.current;
    const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
      cwd: checkout,
      env,
      encoding: 'utf8',
    });
    return { code: status, out: stdout, err: stderr };
  };

  it('finds the system that runs, and writes neither colours nor cut lines into a pipe', () => {
    const { code, out, err } = ophion('tree');
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.match(/^app#1 {2}one_for_one.*\n├─ counter#1 {2}server\n/);
  });

  it('is coloured in a pipe when it is told to, and never with NO_COLOR', () => {
    const { env } = program.current;
    const tree = (more: NodeJS.ProcessEnv) =>
      spawnSync(process.execPath, [binary, 'tree'], { env: { ...env, ...more }, encoding: 'utf8' }).stdout;
    expect(tree({ FORCE_COLOR: '1' })).to.include('\u001b[');
    expect(tree({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.to.include('\u001b[');
  });

  it('ends with codes that scripts can tell apart', () => {
    const codes = [
      ['--version'],
      ['--help'],
      [],
      ['nonsense'],
      ['show', 'nobody'],
      ['tree', '--name', 'other'],
      ['top'],
    ];
    expect(codes.map((args) => ophion(...args).code)).to.deep.equal([0, 0, 0, 2, 3, 3, 2]);
    expect(ophion('top').err).to.equal('ophion: top needs a terminal; ophion ps and ophion watch do not\n');
    expect(ophion().out).to.match(/\n {2}setup +put the Python half/);
  });

  it('sets up and writes types as before, where nothing is built that looks into systems', () => {
    for (const name of ['bin', 'scripts/setup', 'scripts/types', 'package.json']) {
      cpSync(join(checkout, name), folder(name), { recursive: true });
    }
    const bare = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [folder('bin/ophion.mjs'), ...args], {
        encoding: 'utf8',
      });
      return [status, stdout.split('\n')[0], stderr.split('\n')[0]];
    };
    const usage = 'usage: ophion setup [--venv FOLDER] [--with EXTRAS] [--requirements FILE]';
    expect(bare('setup', '--help')).to.deep.equal([0, usage, '']);
    expect(bare('types', 'module')).to.deep.equal([1, '', 'types: types needs a module and --out']);
    expect(bare('tree')).to.deep.equal([1, '', usage]);
  });

  it('ends in peace when whoever reads it has enough, and with 130 at Ctrl-C', async () => {
    const watch = spawn(process.execPath, [binary, 'watch', '--past', '--json'], { env: program.current.env });
    await once(watch.stdout, 'data');
    watch.stdout.destroy();
    ophion('restart', 'counter');
    expect(await exitCode(watch)).to.equal(0);
    const other = spawn(process.execPath, [binary, 'watch', '--past'], { env: program.current.env });
    await once(other.stdout, 'data');
    other.kill('SIGINT');
    expect(await exitCode(other)).to.equal(130);
  });

  it('is a REPL on the system, with await at the top', async () => {
    const repl = spawn(process.execPath, [binary, 'repl'], { env: program.current.env });
    let out = '';
    repl.stdout.on('data', (piece) => {
      out += String(piece);
    });
    repl.stdin.end(
      [
        "await system.call('counter', 'add', 5)",
        'await system.tree()',
        "await system.kill('nobody')",
        'system.hello.name',
      ].join('\n'),
    );
    expect(await exitCode(repl)).to.equal(0);
    expect(out).to.match(/^5\napp#1 {2}one_for_one.*\n├─ counter#\d+ {2}server\n/);
    expect(out).to.include('there is no actor nobody').and.include("'app'");
  });

  it('keeps what was typed at a terminal in the file that it is told, for the next time', function () {
    needs(this, spawnSync('tmux', ['-V']).status === 0, 'tmux');
    const file = folder('history');
    const pane = terminal('repl', `${process.execPath} ${binary} repl --history ${file}`, program.current.env);
    return pane.used(async () => {
      await pane.shows(/^app>/m);
      pane.keys('system.hello.name', 'Enter');
      await pane.shows("'app'");
      pane.keys('.exit', 'Enter');
      await pane.ended();
      expect(readFileSync(file, 'utf8').split('\n')).to.include('system.hello.name');
      const next = terminal('again', `${process.execPath} ${binary} repl --history ${file}`, program.current.env);
      await next.used(async () => {
        await next.shows(/^app>/m);
        next.keys('Up', 'Up');
        await next.shows('app> system.hello.name');
        next.keys('C-c', 'C-d');
        await next.ended();
      });
    });
  });

  describe('as an MCP server', () => {
    const connected = async (...args: string[]) => {
      const client = new Client({ name: 'spec', version: '1.0.0' });
      await client.connect(
        new StdioClientTransport({
          command: process.execPath,
          args: [binary, 'mcp', ...args],
          env: program.current.env as Record<string, string>,
          stderr: 'inherit',
        }),
      );
      const text = async (name: string, given: Record<string, unknown> = {}) => {
        const { content, isError = false } = await client.callTool({ name, arguments: given });
        return { text: (content as { text: string }[])[0]?.text ?? '', isError };
      };
      return { client, text };
    };

    it('offers a foreign client what looks, and nothing that acts', async () => {
      const { client, text } = await connected();
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).to.deep.equal(
        'tree actors show crashes why messages sessions variables workers logs events calls status faults'.split(' '),
      );
      expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).to.equal(true);
      expect((await text('tree')).text).to.match(/^app#1 {2}one_for_one.*\n/);
      expect((await text('show', { path: 'lamp' })).text).to.include('Statechart');
      expect((await text('variables', { session: program.current.session })).text).to.include('temperature');
      expect((await text('workers')).text).to.include('w-1#');
      expect((await text('logs', { path: 'w-1' })).text).to.include('to stdout');
      expect((await text('actors', { search: 'jobs', limit: 1 })).text).to.include('2 more: ask with a higher limit');
      expect(await text('show', { path: 'nobody' })).to.deep.equal({ text: 'there is no actor nobody', isError: true });
      for (const wrong of [
        { name: 'kill', arguments: { path: 'counter' } },
        { name: 'show', arguments: {} },
        { name: 'show', arguments: { path: 1 } },
        { name: 'actors', arguments: { sort: 'colour' } },
        { name: 'actors', arguments: { colour: 'red' } },
      ]) {
        const error = await client.callTool(wrong).then(
          () => undefined,
          (caught: { code: number }) => caught,
        );
        expect(error?.code, JSON.stringify(wrong)).to.equal(-32602);
      }
      await client.close();
    });

    it('acts when it is told to and the system allows it, and answers why', async () => {
      const { client, text } = await connected('--actions');
      expect((await client.listTools()).tools.map(({ name }) => name)).to.include.members([
        'kill',
        'send',
        'set_variable',
        'start_faults',
        'stop_faults',
      ]);
      const started = await text('start_faults', { plan: 'actor.init{path=app/nobody}=throw', for_ms: 5_000 });
      expect(started.text).to.match(/^p1 {2}by .* ends in/);
      expect((await text('faults', { search: 'actor.kill' })).text).to.match(/^p1[\s\S]*\nactor\.kill /);
      expect((await text('stop_faults', {})).text).to.equal('stopped 1');
      await text('send', { path: 'counter', message: null, as: 'cast', name: 'boom' });
      expect((await text('why', { path: 'counter' })).text)
        .to.include('Error: boom')
        .and.include('restarted as app/counter#');
      expect((await text('send', { path: 'counter', message: 4, as: 'call', name: 'add' })).text).to.equal('4');
      await text('set_variable', { session: program.current.session, name: 'temperature', value: 0.2 });
      expect((await text('variables', { session: program.current.session, history: 'temperature' })).text).to.include(
        '0.2',
      );
      expect((await text('restart', { path: 'second' })).text).to.equal('restart: app/jobs/second done');
      expect((await text('crashes')).text).to.include('cast boom');
      expect((await text('events', { types: 'actor.exited' })).text).to.include('Error: boom');
      await client.close();
    });
  });

  describe('on a terminal of 80 x 24', () => {
    let pane: Terminal;
    const screen = () => pane.screen();
    const shows = (text: string | RegExp) => pane.shows(text);
    const keys = (...pressed: string[]) => pane.keys(...pressed);

    before(function () {
      needs(this, spawnSync('tmux', ['-V']).status === 0, 'tmux');
      pane = terminal('top', `${process.execPath} ${binary} top`, program.current.env);
    });
    after(() => pane?.close());

    it('shows the tree, one actor, its crashes and a report, by keys, and goes back', async () => {
      ophion('send', 'app/counter', 'null', '--cast', 'boom');
      await shows('├─ counter#');
      await shows(/\d+ actors/);
      // Two keys that come at once.
      keys('Down', 'Enter');
      await shows('Actor app/counter');
      await shows('{count: 0, apiKey: [masked]}');
      keys('c');
      await shows('Crashes app/counter');
      await shows('cast boom');
      keys('Enter');
      await shows(/reason +Error: boom/);
      keys('q', 'q', 'q');
      await shows('s sort');
      for (const line of screen().split('\n')) expect(line.length, line).to.be.at.most(80);
      expect(screen().trimEnd().split('\n').length).to.be.at.most(24);
    });

    it('folds a branch, sorts, shows what happens and the logs of a worker, and leaves the terminal as it was', async () => {
      keys('g', 'Left');
      await changesUntil(async () => !screen().includes('├─'));
      keys('Right');
      await shows('├─ counter#');
      keys('s');
      await shows(/STATE +MAILBOX/);
      keys('e');
      await shows('Events');
      await shows('actor.exited');
      keys('q');
      await shows('s sort');
      keys('s', 's', 's');
      await shows(/RESTARTS +PATH\n.*w-1#\d/);
      keys('g', 'Enter');
      await shows('Actor app/ophion/pools/default/workers/w-1');
      keys('l');
      await shows('to stdout');
      keys('q', 'q', 'q');
      await pane.ended();
    });

    it('goes on with a system that was killed and started again', async () => {
      ophion('kill', 'counter');
      pane = terminal('top', `${process.execPath} ${binary} top`, program.current.env);
      await shows(/├─ counter#[2-9]/);
      const restarted = program.restart();
      await shows('connection lost, trying again');
      await restarted;
      await shows('├─ counter#1 ');
      expect(screen()).not.to.include('connection lost');
      keys('q');
      await pane.ended();
    });
  });
});

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}
