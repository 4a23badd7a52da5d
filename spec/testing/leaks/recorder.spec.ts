import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { server, startSupervisor, supervisor } from '../../../index.ts';
import {
  formatLeft,
  LeakRecorder,
  type LeakSnapshot,
  type Left,
  nextRestart,
  redisKeys,
} from '../../../testing/index.ts';

const part = server({ init: () => 0 });
const here = 'spec/testing/leaks/recorder.spec.ts';

describe('LeakRecorder', () => {
  let recorder: LeakRecorder;
  let before: LeakSnapshot;
  beforeEach(async () => {
    recorder = new LeakRecorder({ graceMs: 250 });
    recorder.start();
    before = await recorder.snapshot();
  });
  afterEach(() => recorder.stop());

  /** What is left, after it was ended; nothing may be left then. */
  async function left(): Promise<readonly Left[]> {
    const found = await recorder.leftSince(before);
    expect(await recorder.free(found)).to.deep.equal([]);
    expect(await recorder.leftSince(before)).to.deep.equal([]);
    return found;
  }
  const kinds = (all: readonly Left[]) => all.map(({ kind }) => kind);

  it('finds nothing where nothing is left', async () => {
    clearTimeout(setTimeout(() => {}, 60_000));
    await using app = await startSupervisor({ children: { part } });
    await app.stop();
    expect(await left()).to.deep.equal([]);
  });

  it('finds a timer, an interval, and not one that holds nothing open', async () => {
    setTimeout(() => {}, 60_000);
    setInterval(() => {}, 30_000);
    setTimeout(() => {}, 60_000).unref();
    const found = await left();
    expect(found.map(({ what }) => what)).to.deep.equal(['timer of 60000 ms', 'interval of 30000 ms']);
    expect(found[0]?.madeAt).to.match(new RegExp(`^${here}:\\d+:\\d+$`));
  });

  it('waits for what is about to end', async () => {
    recorder.stop();
    recorder = new LeakRecorder({ graceMs: 5_000 });
    recorder.start();
    before = await recorder.snapshot();
    setTimeout(() => {}, 30);
    expect(await recorder.leftSince(before)).to.deep.equal([]);
  });

  it('finds a server and both ends of a connection, each where it was made', async () => {
    const listener: Server = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    await once(connect(port, '127.0.0.1'), 'connect');
    const found = await left();
    expect(kinds(found)).to.have.members(['server', 'socket', 'socket']);
    expect(found.map(({ what }) => what)).to.include.members([
      `server on 127.0.0.1:${port}`,
      `socket to 127.0.0.1:${port}`,
    ]);
    for (const { madeAt } of found) expect(madeAt).to.match(new RegExp(`^${here}:`));
  });

  it('finds a child process, also one that holds nothing open', async () => {
    const held: ChildProcess = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const loose = spawn('sleep', ['1001'], { stdio: 'ignore', detached: true });
    loose.unref();
    const found = await left();
    expect(found.map(({ what }) => what)).to.have.members([
      `process ${held.pid} (sleep 1000)`,
      `process ${loose.pid} (sleep 1001)`,
    ]);
    expect(found[0]?.madeAt).to.match(new RegExp(`^${here}:`));
  });

  it('finds a grandchild by the run id of the system in its environment', async () => {
    const app = await startSupervisor({ children: { part } });
    app.system.tables.set('ophion.run_id', 'run-id-of-this-test');
    // Its parent ends at once: it is nobody's child.
    const parent = spawn('/bin/sh', ['-c', 'sleep 1002 >/dev/null 2>&1 &'], {
      stdio: 'ignore',
      env: { ...process.env, OPHION_RUN_ID: 'run-id-of-this-test' },
    });
    await once(parent, 'exit');
    await app.stop();
    expect((await left()).map(({ what }) => what.replace(/\d+/, 'n'))).to.deep.equal(['process n (sleep 1002)']);
  });

  it('finds a temporary folder and an open file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'any-'));
    const file = openSync(import.meta.filename, 'r');
    const found = await left();
    expect(found.map(({ what }) => what)).to.deep.equal([
      `temporary ${folder}`,
      `open file ${import.meta.filename} (descriptor ${file})`,
    ]);
    for (const { madeAt } of found) expect(madeAt).to.match(new RegExp(`^${here}:`));
    expect(existsSync(folder)).to.equal(false);
  });

  it('takes nothing for made, and removes nothing, that was there before: read, overwritten or added to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'before-'));
    writeFileSync(join(folder, 'old'), 'old');
    try {
      recorder.stop();
      recorder.start();
      before = await recorder.snapshot();
      readFileSync(join(folder, 'old'));
      closeSync(openSync(join(folder, 'old'), 'r'));
      writeFileSync(join(folder, 'old'), 'newer');
      mkdirSync(folder, { recursive: true });
      expect(await left()).to.deep.equal([]);
      mkdirSync(join(folder, 'a', 'b'), { recursive: true });
      writeFileSync(join(folder, 'a', 'b', 'c'), 'c');
      expect((await left()).map(({ what }) => what)).to.deep.equal([`temporary ${join(folder, 'a')}`]);
      expect(readdirSync(folder)).to.deep.equal(['old']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('finds a listener on process', async () => {
    process.once('SIGUSR2', () => {});
    const [listener] = await left();
    expect(listener?.what).to.equal("listener for 'SIGUSR2' on process");
    expect(listener?.madeAt).to.match(new RegExp(`^${here}:`));
    expect(process.listenerCount('SIGUSR2')).to.equal(0);
  });

  it('finds a system that runs on, as one thing, and stops it in order', async () => {
    const ends: string[] = [];
    const named = (name: string) => server({ trapExit: true, init: () => 0, terminate: () => void ends.push(name) });
    await startSupervisor({ name: 'forgotten', children: { a: named('a'), b: named('b') } });
    const [system, ...others] = await left();
    expect(others).to.deep.equal([]);
    expect(system?.what).to.equal('system with 3 actors: forgotten#1, forgotten/a#1, forgotten/b#1');
    expect(system?.madeAt).to.match(new RegExp(`^${here}:`));
    expect(ends).to.deep.equal(['b', 'a']);
  });

  it('finds an actor that a test left in a system of all tests, and not one that was started again', async () => {
    await using app = await startSupervisor({ children: { pool: supervisor({ children: { one: part } }) } });
    before = await recorder.snapshot();
    const again = nextRestart(app.children.pool.children.one);
    app.children.pool.children.one.exit();
    await again;
    await app.children.pool.startChild({ id: 'two', logic: part, restart: 'temporary' });
    expect((await left()).map(({ what }) => what)).to.deep.equal(['actor app/pool/two#1']);
  });

  it('finds keys by a client of the test', async () => {
    const store = new Set(['old']);
    const keys = redisKeys({ keys: async () => [...store], remove: async (key) => store.delete(key) });
    recorder.stop();
    recorder = new LeakRecorder({ graceMs: 20, sources: [keys] });
    recorder.start();
    before = await recorder.snapshot();
    store.add('new');
    expect((await left()).map(({ what }) => what)).to.deep.equal(['Redis key new']);
    expect([...store]).to.deep.equal(['old']);
  });

  it('ignores what it is told to', async () => {
    recorder.stop();
    recorder = new LeakRecorder({ graceMs: 20, ignore: ({ kind }) => kind === 'timer' });
    recorder.start();
    before = await recorder.snapshot();
    const timer = setTimeout(() => {}, 60_000);
    expect(await recorder.leftSince(before)).to.deep.equal([]);
    clearTimeout(timer);
  });
});

describe('formatLeft', () => {
  it('puts together what was made at one place', () => {
    const one = { kind: 'timer', key: 1, free: () => {} } as const;
    const text = formatLeft([
      { ...one, what: 'a', madeAt: 'x.ts:1:1' },
      { ...one, what: 'b', madeAt: undefined },
      { ...one, what: 'c', madeAt: 'x.ts:1:1' },
    ]);
    expect(text).to.equal('  a, c\n    made at x.ts:1:1\n  b');
  });
});
