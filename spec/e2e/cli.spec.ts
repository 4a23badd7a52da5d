/** Every command on a real system in another process, found by its run file: what people read, and `--json`. */
import { statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { connectDevtools, listRunFiles } from '../../devtools/client/index.ts';
import { type CommandOptions, command } from '../helpers/captured-io.ts';
import { changesUntil } from '../helpers/changes-until.ts';
import { useDevtoolsProgram } from '../helpers/devtools-program.ts';
import { useFolder } from '../helpers/use-folder.ts';

const worker = 'app/ophion/pools/default/workers/w-1';

describe('the command line on a running system', function () {
  this.timeout(60_000);
  const program = useDevtoolsProgram();
  const folder = useFolder();
  /** What a command prints; fails when it does not end with 0. */
  const run = async (args: readonly string[], options: CommandOptions = {}) => {
    const { code, out, err } = await command(args, { env: program.current.env, ...options });
    expect(code, `ophion ${args.join(' ')}: ${err}`).to.equal(0);
    return out;
  };
  const json = async (...args: string[]) => JSON.parse(await run([...args, '--json']));
  const refused = (...args: string[]) => command(args, { env: program.current.env });
  const boom = (path: string) => run(['send', path, 'null', '--cast', 'boom']);

  it('draws the tree, or a branch of it, found by the end of its path', async () => {
    expect(await run(['tree'])).to.match(/^app#1 {2}one_for_one.*\n├─ counter#\d+ {2}server/);
    const branch = await run(['tree', 'jobs', '--depth', '1']);
    expect(branch.replaceAll(/#\d+/g, '').split('\n').slice(0, 3)).to.deep.equal([
      'jobs  rest_for_one',
      '├─ first  server',
      '└─ second  server',
    ]);
    const rows = await json('tree', 'jobs');
    expect(rows.map(({ path }: { path: string }) => path)).to.deep.equal([
      'app/jobs',
      'app/jobs/first',
      'app/jobs/second',
    ]);
  });

  it('lists actors by what one looks for', async () => {
    const [first] = await json('ps', '--sort', 'memory');
    expect(first.path).to.equal(worker);
    expect(await run(['ps', '--search', 'JOBS/', '--limit', '1'])).to.match(
      /^STATE +KIND .*PATH\nrunning +server .* app\/jobs\/first#\d+\n1 more actor: --limit, --search\n$/,
    );
  });

  it('shows one actor with its state, secrets masked', async () => {
    expect(await run(['show', 'counter'])).to.match(
      /^app\/counter#\d+ {2}running\n[\s\S]*\nState\n {2}\{count: \d+, apiKey: \[masked\]\}/,
    );
    expect(await run(['show', 'app/lamp'])).to.include('Statechart\n  ● lamp\n    ● lamp.off  press → lamp.on');
    await run(['send', 'app/door', 'null', '--cast', 'unlock']);
    expect(await run(['show', 'app/door'])).to.include(
      'Statechart\n  ● door\n    ○ door.locked  unlock → door.open\n    ● door.open\n',
    );
    expect((await json('show', '/app/jobs#1')).childSpecs.map(({ id }: { id: string }) => id)).to.have.members([
      'first',
      'second',
    ]);
    expect(await run(['show', 'lamp', 'value'])).to.equal('"off"\n');
  });

  it('answers why an actor restarted in one command', async () => {
    await boom('counter');
    const text = await run(['why', 'counter']);
    expect(text).to.match(/^app\/counter was restarted \d+ times?; its last crash:\n/);
    expect(text).to.include('  reason    Error: boom\n').and.include('  while     handling cast boom\n');
    expect(text).to.match(
      / {2}decision {2}restarted as app\/counter#\d+ by app#1 \(one_for_one\), 1 of 1000 restarts in 5 s used\n/,
    );
    expect(text).to.include('caused by: RangeError: too much');
    expect((await json('why', 'counter')).crash.causes).to.have.length(2);
  });

  it('answers that an actor restarted along with a sibling, or never', async () => {
    await boom('app/jobs/first');
    expect(await run(['why', 'second'])).to.match(
      /^app\/jobs\/second was restarted 1 time, the last time along with app\/jobs\/first, which crashed:\n/,
    );
    expect((await json('why', 'second')).because).to.equal('sibling');
    expect(await run(['why', 'lamp'])).to.equal('app/lamp has not ended since its supervisor started it.\n');
  });

  it('lists crashes, and tells one in full', async () => {
    await boom('counter');
    const [{ id }] = await json('crashes', '--path', 'counter');
    expect(await run(['crashes'])).to.match(
      new RegExp(`\n *${id} .* app/counter#\\d+ +cast boom +Error: boom +restarted as`),
    );
    const report = await run(['crashes', String(id)]);
    expect(report).to.include(`crash ${id}: app/counter#`).and.include('devtools-program.ts');
    expect(report).to.include('State before the last message\n  {count: 0, apiKey: [masked]}');
    const none = await refused('crashes', '99999');
    expect([none.code, none.out]).to.deep.equal([3, '']);
  });

  it('compares states: records by number, or now and a while later', async () => {
    expect((await refused('diff', 'counter')).code).to.equal(3);
    await run(['diff', 'counter', '--record']);
    await run(['send', 'counter', '2', '--call', 'add']);
    expect(await run(['send', 'counter', '3', '--call', 'add'])).to.equal('5\n');
    expect(await run(['diff', 'counter'])).to.match(/record \d+ .* → app\/counter#\d+ now .*\n~ count: 0 → 5\n$/);
    const { from, changes } = await json('diff', 'counter', '--to', '0s');
    expect(changes).to.deep.equal([{ keys: ['count'], kind: 'changed', before: 0, after: 5 }]);
    expect((await refused('diff', 'counter', '--from', String(from.seq + 100))).code).to.equal(3);
    expect(await run(['diff', 'counter', '--for', '20ms'])).to.match(/nothing changed\n$/);
    await run(['diff', 'counter', '--no-record']);
  });

  it('records the messages of a while, filtered, and stops by itself', async () => {
    const lines: string[] = [];
    const traced = run(
      ['trace', '--path', 'app/counter', '--message', 'value', '--max', '2', '--for', '30s', '--json'],
      {
        onLine: (line) => lines.push(line),
      },
    );
    await changesUntil(async () => {
      await run(['send', 'counter', 'null', '--call', 'value']);
      return lines.length >= 2;
    });
    await traced;
    const messages = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
    expect(messages.map(({ name, to }) => [name, to.split('#')[0]])).to.deep.equal([
      ['value', 'app/counter'],
      ['value', 'app/counter'],
    ]);
    expect(messages[0].outcome).to.equal('handled');
  });

  it('follows what happens, from now on or with what was before', async () => {
    const told: { type: string; path: string }[] = [];
    const ending = new AbortController();
    const watched = command(['watch', '--types', 'actor.exited,actor.started', '--path', 'app/counter', '--json'], {
      env: program.current.env,
      signal: ending.signal,
      onLine: (line) => {
        if (line !== '') told.push(JSON.parse(line));
      },
    });
    await changesUntil(async () => {
      await run(['restart', 'counter']);
      return told.some(({ type }) => type === 'actor.started');
    });
    ending.abort('interrupted');
    expect((await watched).code).to.equal(130);
    expect(new Set(told.map(({ path }) => path))).to.deep.equal(new Set(['app/counter']));
    const past = await run(['watch', '--past', '--for', '10ms', '--path', 'app/counter']);
    expect(past).to.match(/actor\.exited +app\/counter#\d+, reason shutdown/);
  });

  it('kills, restarts, suspends and resumes, and leaves an audit record of each', async () => {
    const incarnation = async () => Number((await json('show', 'second')).pid.split('#')[1]);
    const before = await incarnation();
    expect(await run(['restart', 'second'])).to.equal('restarted app/jobs/second\n');
    expect(await incarnation()).to.equal(before + 1);
    expect(await run(['suspend', 'second'])).to.equal('suspended app/jobs/second\n');
    expect(await run(['tree', 'second'])).to.match(/^second#\d+ {2}suspended, server/);
    await run(['resume', 'second']);
    await run(['kill', 'second']);
    const audit = await json('audit');
    const mine = audit.filter(({ target }: { target: string }) => target === 'app/jobs/second');
    expect(
      mine.slice(0, 4).map(({ action, outcome }: { action: string; outcome: string }) => [action, outcome]),
    ).to.deep.equal([
      ['kill', 'done'],
      ['resume', 'done'],
      ['suspend', 'done'],
      ['restart', 'done'],
    ]);
  });

  it('ends with 3 for what is not there, and says what is near', async () => {
    const missing = await refused('kill', 'nobody');
    expect([missing.code, missing.err]).to.deep.equal([3, 'ophion: there is no actor nobody\n']);
    const near = await refused('show', 'coun');
    expect([near.code, near.err]).to.deep.equal([3, 'ophion: there is no actor coun; there are:\n  app/counter\n']);
    expect((await refused('vars', 'no-such-session')).code).to.equal(3);
    expect((await refused('calls', 'f'.repeat(32))).code).to.equal(3);
    expect((await refused('tree', '--name', 'other')).code).to.equal(3);
  });

  it('shows sessions and variables with their writers, sets one, and tells its history', async () => {
    const { session } = program.current;
    expect((await json('sessions')).map(({ id }: { id: string }) => id)).to.include(session);
    await run(['set', session, 'temperature', '0.9']);
    const temperature = (await json('vars', session)).find(({ name }: { name: string }) => name === 'temperature');
    expect([temperature.value, temperature.version]).to.deep.equal([0.9, 2]);
    expect(temperature.writer).to.match(/^devtools:/);
    expect(await run(['vars', session])).to.match(/\ntemperature +float +2 +devtools:.* 0\.9\n/);
    const versions = await json('vars', session, '--history', 'temperature');
    expect(versions.history.map(({ value }: { value: number }) => value)).to.include.members([0.9, 0.7]);
    const wrong = await refused('set', session, 'temperature', '9');
    expect(wrong.code).to.equal(1);
    expect(wrong.err).to.match(/temperature/);
  });

  it('shows workers, what they print, the tools and the calls of both languages', async () => {
    const [row] = await json('workers');
    expect(row).to.include({ path: worker, state: 'idle', calls: 1 });
    const listed = await run(['workers']);
    expect(listed, listed).to.include(`${worker}#1`);
    expect(await run(['logs', 'w-1']))
      .to.match(/ #1 to stdout\n/)
      .and.match(/ #1 to stderr\n/);
    expect((await json('logs', 'w-1', '--tail', '1')).map(({ text }: { text: string }) => text)).to.have.length(1);
    const [call] = await json('calls', '--tool', 'say');
    expect(call).to.include({ tool: 'say', outcome: 'ok', worker: `${worker}#1` });
    expect(await run(['calls', call.traceId])).to.match(/ ━+ +[\d.]+ m?s/);
    expect(await run(['bridge'])).to.match(/\nsay +python +1 /);
  });

  it('tells of a worker that was killed: verdict, last logs, decision, and the logs of its incarnations', async () => {
    const [{ osPid }] = await json('workers');
    process.kill(osPid, 'SIGKILL');
    await changesUntil(async () => (await json('crashes', '--path', 'w-1')).length > 0);
    const report = await run(['why', 'w-1', '--full']);
    expect(report).to.match(/ended by SIGKILL|killed by SIGKILL/);
    expect(report).to.include('to stderr');
    await changesUntil(async () => (await json('workers'))[0]?.state === 'idle');
    expect(await run(['logs', 'w-1', '--incarnation', '1'])).to.include('to stdout');
    expect((await refused('logs', 'w-1', '--incarnation', '77')).code).to.equal(3);
  });

  it('says in one line whether all is well, and in a doctor what is not', async () => {
    const status = await json('status');
    expect(status.workers).to.equal(1);
    expect(await run(['status'])).to.match(/^app {2}.+\n {2}up +/);
    const { out } = await refused('doctor', '--json');
    const findings = JSON.parse(out) as { what: string; ok: boolean | null }[];
    expect(
      findings.filter(({ what, ok }) => !what.startsWith('system') && ok === false).map(({ what }) => what),
    ).to.deep.equal([
      // The spec's own manifest names another version.
      'ophion for Python',
    ]);
    expect(findings.at(-1)?.what).to.equal('system app');
  });

  it("prints the page's address with a code that lets one browser in, once", async () => {
    const address = (await run(['devtools', 'open'])).trim();
    expect(address).to.match(/^http:\/\/127\.0\.0\.1:\d+\/\?code=[0-9a-f]{32}$/);
    expect((await fetch(address, { redirect: 'manual' })).status).to.be.below(400);
    expect((await fetch(address, { redirect: 'manual' })).status).to.be.at.least(400);
    expect(JSON.parse(await run(['devtools', 'open', '--json'])).url).to.not.equal(address);
  });

  it('attaches by the address of the page and the token as well', async () => {
    const [{ url }] = await json('systems');
    const wrong = await command(['tree', '--url', url, '--token', 'wrong'], { env: program.current.env });
    expect([wrong.code, wrong.err]).to.deep.equal([
      1,
      `ophion: ${url} refused the token: it is another one since its start\n`,
    ]);
    const [found] = listRunFiles(program.current.env.OPHION_RUN_DIR ?? '').systems;
    const env = { OPHION_TOKEN: found?.token ?? '' };
    expect(await run(['tree', '--url', url, '--depth', '0'], { env })).to.match(/^app#1 {2}one_for_one/);
  });

  it('exports what is kept to a file of this user alone, and looks into it without the system', async () => {
    const file = folder('x.trace.jsonl');
    await boom('counter');
    expect(await run(['export', file])).to.include(`ophion open ${file} looks into it`);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect((await refused('export', file)).err).to.equal(`ophion: ${file} is there; --force writes over it\n`);
    const env = {};
    const summary = await run(['open', file], { env });
    expect(summary)
      .to.match(/^app\nrecorded {2}.*\nby {8}ophion .*\nholds {5}/)
      .and.include('cast boom');
    const { crashes } = JSON.parse(await run(['open', file, '--json'], { env }));
    const report = await run(['open', file, '--crash', String(crashes[0].id)], { env });
    expect(report).to.include('app/counter#').and.include('Caused by');
    expect(await run(['open', file, '--tree'], { env })).to.match(/^app#1 {2}one_for_one/);
    expect(await run(['open', file, '--mermaid'], { env })).to.match(/^sequenceDiagram\n/);
    expect(await run(['open', file, '--events'], { env })).to.include('actor.exited');
    expect((await run(['export', '-'])).split('\n')[0]).to.include('"format":"ophion.trace"');
  });

  it('counts as OpenMetrics text', async () => {
    const text = await run(['metrics']);
    expect(text)
      .to.match(/\nophion_actors\{kind="supervisor",status="running"\} \d+\n/)
      .and.match(/# EOF\n$/);
  });

  it('is cut to the terminal, coloured there, and neither in a pipe', async () => {
    const narrow = await run(['ps'], { columns: 80 });
    for (const line of narrow.split('\n')) expect(line.length, line).to.be.at.most(80);
    expect(narrow).to.include('workers/w-1#');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
    expect(await run(['tree'])).not.to.match(/\u001b/);
  });

  it('goes on with what a worker prints, and with what its next incarnation prints', async () => {
    const texts: string[] = [];
    const ending = new AbortController();
    const followed = command(['logs', 'w-1', '--follow', '--json'], {
      env: program.current.env,
      signal: ending.signal,
      onLine: (line) => {
        if (line !== '') texts.push(JSON.parse(line).text);
      },
    });
    const { viewer, ...connection } = await connectDevtools({ env: program.current.env });
    const say = (text: string) => viewer.act({ do: 'callTool', tool: 'say', arguments: { out: text, err: '' } });
    await say('one');
    await changesUntil(async () => texts.includes('one'));
    await run(['kill', 'w-1']);
    await changesUntil(async () => (await json('workers'))[0]?.state === 'idle', 40_000);
    await say('two');
    await changesUntil(async () => texts.includes('two'));
    connection.close();
    ending.abort('interrupted');
    expect((await followed).code).to.equal(130);
    expect(texts.filter((text) => text === 'one' || text === 'two')).to.deep.equal(['one', 'two']);
  });

  it('goes on with a system that was killed and started again, from its first event', async () => {
    const told: { type: string; path: string; event: unknown }[] = [];
    const ending = new AbortController();
    const watched = command(['watch', '--types', 'child.restarted', '--json'], {
      env: program.current.env,
      signal: ending.signal,
      onLine: (line) => {
        if (line !== '') told.push(JSON.parse(line));
      },
    });
    type Viewer = { readonly watches: number; readonly sent: number };
    await changesUntil(async () =>
      (await json('status')).viewers.some(({ watches, sent }: Viewer) => watches > 0 && sent > 0),
    );
    // What was told of the first run has higher numbers than the first of the second one will have.
    for (let nth = 0; nth < 2; nth += 1) {
      await boom('app/jobs/second');
      await changesUntil(async () => told.length > nth);
    }
    await program.restart();
    const before = told.length;
    await boom('counter');
    await changesUntil(async () => told.slice(before).some(({ path }) => path === 'app/counter'));
    ending.abort('interrupted');
    const { code, err } = await watched;
    expect(code).to.equal(130);
    expect(err).to.match(/^connection lost \(.*\); trying again\nconnected again\n$/);
  });

  it('refuses a file that is no export, and says in which line', async () => {
    const file = folder('x.trace.jsonl');
    writeFileSync(file, 'nothing\n');
    const { code, err } = await refused('open', file);
    expect([code, err]).to.deep.equal([
      1,
      `ophion: ${file}: line 1: it is not the header of a file of format ophion.trace\n`,
    ]);
    expect((await refused('open', folder('missing'))).code).to.equal(3);
  });
});
