import { expect } from 'chai';
import { nodeRuntime } from '../../../../actors/core/index.ts';
import { LmdbFile } from '../../../../actors/state/durable/lmdb-file.ts';
import {
  boolean,
  bytes,
  choice,
  declare,
  embedding,
  equalExports,
  float,
  integer,
  json,
  localState,
  module,
  string,
  Tensor,
  tensor,
  VaultError,
} from '../../../../actors/state/index.ts';
import { rejection } from '../../../../testing/restarts.ts';
import { commitsOf, take } from '../../../../testing/state-laws/subject.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';
import { countRows, nextFold, rowsIn } from '../../../helpers/vault-rows.ts';

const everyType = declare({
  boolean: boolean({ default: true }),
  integer: integer({ min: -5, max: 2 ** 53 - 1, default: -3 }),
  float: float({ default: -0 }),
  nan: float({ default: Number.NaN }),
  string: string({ default: 'größe 🐍', maxLength: 20 }),
  choice: choice(['short', 'long'], { default: 'long' }),
  module: module({ default: 'dspy.Predict' }),
  embedding: embedding({ dimensions: 3, default: [1, 2.5, -0] }),
  tensor: tensor({ default: Tensor.of([2, 2], [1, 2, 3, 4], 'float32') }),
  json: json({ default: { list: [1, null, { deep: 'x' }], __proto__: 1 } }),
  bytes: bytes({ default: new Uint8Array([0, 255, 7]) }),
  secret: string({ secret: true, default: 'hunter2' }),
});

/** Resolves when the next transaction has been written. */
function nextWrite(): Promise<void> {
  const { write } = LmdbFile.prototype;
  return new Promise((resolve, reject) => {
    LmdbFile.prototype.write = async function (rows) {
      LmdbFile.prototype.write = write;
      await write.call(this, rows).then(resolve, reject);
    };
  });
}

describe('a durable vault', () => {
  const folder = useVaultFolder();

  it('has the locks after a start as they were, also when they were taken while a commit was on its way', async () => {
    const first = await folder.start();
    const one = await first.provider.open('one');
    await one.commit({ declare: declare({ a: integer(), b: integer() }) });
    const [, lock] = await Promise.all([
      one.commit({ set: { a: 1 } }),
      one.acquire({ name: 'a', holder: 'optimizer', leaseMs: 60_000 }),
      one.commit({ set: { b: 2 } }),
    ]);
    const gone = await one.acquire({ name: 'b', holder: 'other' });
    await one.release('b', gone.fence);
    await first.stop();

    const second = await folder.start();
    const again = await second.provider.find('one');
    expect(await again.locks()).to.deep.equal([lock]);
    expect((await again.history()).commits.map(({ revision }) => revision)).to.deep.equal([1, 2, 3]);
    expect(await rejection(again.acquire({ name: 'a', holder: 'late' }))).to.have.property('code', 'locked');
    expect((await again.acquire({ name: 'b', holder: 'late' })).fence).to.be.greaterThan(gone.fence);
    await second.stop();
  });

  it('has every session after a start as it was before: variables, revisions, epochs, history, keys and outcomes', async () => {
    const first = await folder.start({ limits: { historyMax: 20 } });
    const one = await first.provider.open('one');
    await one.commit({ declare: everyType, idempotencyKey: 'declared' });
    for (let i = 0; i < 50; i += 1) await one.commit({ set: { integer: i, string: `s${i}` } });
    await one.commit({ remove: ['float'], set: { bytes: new Uint8Array(20_000) } });
    await one.commit({
      declare: { float: float({ default: 2 }) },
      idempotencyKey: 'k',
      outcome: new Uint8Array([1, 2]),
    });
    const two = await first.provider.open('two');
    await two.commit({ declare: { a: integer() } });
    await (await first.provider.open('closed')).close();
    const [before, other] = [await one.export(), await two.export()];
    await first.stop();

    const second = await folder.start({ limits: { historyMax: 20 } });
    expect((await second.provider.list()).sessionIds).to.deep.equal(['one', 'two']);
    const again = await second.provider.find('one');
    expect(equalExports(await again.export(), before)).to.equal(true);
    expect(JSON.stringify(await again.read(['secret']))).to.not.include('hunter2');
    expect(equalExports(await (await second.provider.find('two')).export(), other)).to.equal(true);
    const remembered = await again.outcome('k');
    expect([remembered?.commit.revision, remembered?.outcome]).to.deep.equal([53, new Uint8Array([1, 2])]);
    // Of a commit that the history has no more.
    expect((await again.outcome('declared'))?.commit.revision).to.equal(1);
    const { revision } = await again.commit({ declare: everyType, idempotencyKey: 'declared' });
    expect(revision).to.equal(1);
    expect((await again.commit({ set: { integer: 7 } })).revision).to.equal(54);
    const epochs = new Set([before.epoch, other.epoch, (await (await second.provider.open('three')).read()).epoch]);
    expect(epochs.size).to.equal(3);
    expect(Math.max(...epochs)).to.equal(4);
  });

  it('hides after a start what it hid before, also of what was removed or declared anew for others', async () => {
    const first = await folder.start();
    const one = await first.provider.open('one');
    const hidden = integer({ readers: ['app/x', 'app/y*'] });
    await one.commit({ declare: declare({ hidden, was: integer(), open: integer() }) });
    await one.commit({ remove: ['hidden'], idempotencyKey: 'k', outcome: new Uint8Array([1]) });
    await one.commit({ remove: ['was'], declare: { was: hidden } });
    const tell = async (provider: typeof first.provider, name: string) => {
      const session = await provider.find('one', { as: name });
      const { commits } = await session.history();
      return [commits.map(({ revision, removed }) => [revision, removed]), (await session.read()).variables.length];
    };
    const before = await one.export();
    const told = [await tell(first.provider, 'app/x'), await tell(first.provider, 'app/z')];
    expect(told).to.deep.equal([
      [
        [
          [1, []],
          [2, ['hidden']],
          [3, []],
        ],
        2,
      ],
      [
        [
          [1, []],
          [3, ['was']],
        ],
        1,
      ],
    ]);
    await first.stop();
    const second = await folder.start();
    expect(await (await second.provider.find('one')).export()).to.deep.equal(before);
    expect([await tell(second.provider, 'app/x'), await tell(second.provider, 'app/z')]).to.deep.equal(told);
    await second.stop();
  });

  it('has locks as they were, with their numbers, also when nothing but them was changed last', async () => {
    const first = await folder.start();
    const session = await first.provider.open('s');
    await session.commit({ declare: { a: integer(), b: integer({ dependsOn: ['a'], writers: ['typescript'] }) } });
    const lock = await session.acquire({ name: 'a', holder: 'one', leaseMs: 600_000 });
    const gone = await session.acquire({ name: 'b', holder: 'one' });
    await session.release('b', gone.fence);
    await session.commit({ set: { a: 1 } });
    await session.acquire({ name: 'a', holder: 'one', leaseMs: 700_000 });
    const before = await session.export();
    await first.stop();
    const second = await folder.start();
    const again = await second.provider.find('s');
    expect(equalExports(await again.export(), before)).to.equal(true);
    expect(await rejection(again.acquire({ name: 'a', holder: 'other' }))).to.have.property('code', 'locked');
    expect((await again.acquire({ name: 'b', holder: 'other' })).fence).to.be.greaterThan(lock.fence);
  });

  it('has its history as it was when the disk takes no more, also when no more is kept', async () => {
    const state = await folder.start({ limits: { historyMax: 10 } });
    const session = await state.provider.open('s');
    await session.commit({ declare: { a: integer() } });
    for (let a = 1; a <= 15; a += 1) await session.commit({ set: { a }, idempotencyKey: `commit ${a}` });
    const before = await session.export();
    const watching = session.watch({ from: before.revision - 9 });
    const { write } = LmdbFile.prototype;
    LmdbFile.prototype.write = () => Promise.reject(new VaultError('vault_full', folder.path, 'no room'));
    try {
      const commits = Array.from({ length: 5 }, (_, a) => rejection(session.commit({ set: { a } })));
      for (const error of await Promise.all(commits)) expect(error).to.have.property('code', 'read_only');
    } finally {
      LmdbFile.prototype.write = write;
    }
    expect(equalExports(await session.export(), before)).to.equal(true);
    expect(commitsOf(await take(watching, 9)).map(({ revision }) => revision)).to.deep.equal(
      before.history.slice(1).map(({ revision }) => revision),
    );
    expect((await session.commit({ set: { a: 77 } })).revision).to.equal(before.revision + 1);
  });

  it('lets watchers go on where they were', async () => {
    const first = await folder.start();
    const session = await first.provider.open('s');
    const { epoch } = await session.commit({ declare: { a: integer() } });
    for (let a = 1; a <= 5; a += 1) await session.commit({ set: { a } });
    await first.stop();
    const second = await folder.start();
    const again = await second.provider.find('s');
    await again.commit({ set: { a: 6 } });
    const seen = commitsOf(await take(again.watch({ from: 3, epoch }), 4));
    expect(seen.map(({ revision, written }) => [revision, written[0]?.value])).to.deep.equal([
      [4, 3],
      [5, 4],
      [6, 5],
      [7, 6],
    ]);
    expect(await rejection(again.watch({ from: 99, epoch }).next())).to.have.property('code', 'rewound');
  });

  it('lets times to live go on, also by what was only read', async () => {
    const { clock } = nodeRuntime();
    let laterMs = 0;
    const moved = {
      ...clock,
      monotonicMs: () => clock.monotonicMs() + laterMs,
      wallMs: () => clock.wallMs() + laterMs,
    };
    const first = await folder.start({ sweepMs: 5 }, { clock: moved });
    for (const id of ['unused', 'read']) await first.provider.open(id, { ttlMs: 60_000 });
    laterMs += 40_000;
    const written = nextWrite();
    await (await first.provider.find('read')).read();
    // A sweep keeps the access.
    await written;
    await first.stop();
    laterMs += 30_000;
    const second = await folder.start({ sweepMs: 5 }, { clock: moved });
    expect(await rejection(second.provider.find('unused'))).to.have.property('code', 'expired');
    expect((await second.provider.find('read')).ttlMs).to.equal(60_000);
  });

  it('writes what comes together in one transaction, and answers and shows nothing before', async () => {
    const state = await folder.start();
    const session = await state.provider.open('s');
    const declared = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`v${i}`, integer()]));
    await session.commit({ declare: declared });
    const { write } = LmdbFile.prototype;
    let writes = 0;
    let letOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      letOn = resolve;
    });
    LmdbFile.prototype.write = async function (rows) {
      writes += 1;
      await held;
      return write.call(this, rows);
    };
    try {
      let answered = 0;
      const commits = Object.keys(declared).map((name, i) =>
        session.commit({ set: { [name]: i + 1 } }).then(() => {
          answered += 1;
        }),
      );
      const conflict = rejection(session.commit({ expect: { v0: 1 }, set: { v0: 9 } }));
      await new Promise((resolve) => setImmediate(resolve));
      expect((await session.read()).revision).to.equal(1);
      expect(answered).to.equal(0);
      letOn();
      await Promise.all(commits);
      expect(await conflict).to.have.property('code', 'conflict');
      expect((await session.read()).revision).to.equal(201);
      // One for each turn of the event loop in which some of them arrived.
      expect(writes).to.be.within(1, 4);
    } finally {
      LmdbFile.prototype.write = write;
    }
  });

  it('tells how long commits took until they were kept', async () => {
    let laterMs = 0;
    const { clock } = nodeRuntime();
    const moved = { ...clock, monotonicMs: () => clock.monotonicMs() + laterMs };
    const state = await folder.start({}, { clock: moved });
    const session = await state.provider.open('s');
    await session.commit({ declare: { a: integer() } });
    const { write } = LmdbFile.prototype;
    LmdbFile.prototype.write = function (rows) {
      laterMs += 250;
      return write.call(this, rows);
    };
    try {
      await session.commit({ set: { a: 1 } });
      await session.commit({ set: { a: 2 } });
    } finally {
      LmdbFile.prototype.write = write;
    }
    const { commits, commitMs, longestCommitMs } = await state.names.store.call('stats');
    expect(commits).to.equal(3);
    expect(longestCommitMs).to.be.at.least(250);
    expect(commitMs).to.be.at.least(500).and.to.be.at.least(longestCommitMs);
  });

  it('finishes what it had taken when the vault is killed, and tells who watches', async () => {
    const state = await folder.start();
    const session = await state.provider.open('s');
    await session.commit({ declare: { a: integer() } });
    const watching = session.watch({ from: 1 }).next();
    const { write } = LmdbFile.prototype;
    LmdbFile.prototype.write = async function (rows) {
      LmdbFile.prototype.write = write;
      state.kill(state.names.vault.path);
      return write.call(this, rows);
    };
    const commit = await session.commit({ set: { a: 1 } });
    expect(commit.revision).to.equal(2);
    expect((await watching).value).to.have.nested.property('commit.revision', 2);
  });

  it('keeps local sessions in memory', async () => {
    const first = await folder.start();
    await localState().connect(first.host).open('local');
    await first.stop();
    const second = await folder.start();
    expect(await rejection(localState().connect(second.host).find('local'))).to.have.property('code', 'not_found');
  });

  it('keeps no more rows of commits than are needed', async () => {
    const state = await folder.start({ limits: { historyMax: 10 } });
    const session = await state.provider.open('s');
    await session.commit({ declare: { a: integer() } });
    for (let a = 1; a <= 100; a += 1) await session.commit({ set: { a } });
    await state.stop();
    const fold = nextFold();
    const again = await folder.start({ limits: { historyMax: 10 }, sweepMs: 5 });
    await fold;
    await again.stop();
    expect(countRows(folder.path)).to.deep.equal({ meta: 1, head: 1, names: 1, variable: 1, commits: 1 });
    const [, commits] = rowsIn(folder.path, 'commits')[0] as readonly [Buffer, Buffer];
    // Of the last ten, which have some eighty bytes each.
    expect(commits.length).to.be.lessThan(11 * 80);
  });

  it('leaves no row of a session that is closed', async () => {
    const state = await folder.start();
    const session = await state.provider.open('s');
    await session.commit({ declare: everyType });
    await session.close();
    await state.stop();
    expect(countRows(folder.path)).to.deep.equal({ meta: 1 });
  });

  it('refuses more than may wait for the disk, and takes it when there is room', async () => {
    const state = await folder.start({ vault: { path: folder.path, maxWaitingBytes: 50_000 } });
    const session = await state.provider.open('s');
    await session.commit({ declare: { a: bytes(), b: bytes() } });
    const big = new Uint8Array(100_000);
    const commits = Array.from({ length: 20 }, (_, i) => session.commit({ set: { [i % 2 ? 'a' : 'b']: big } }));
    expect((await Promise.all(commits)).map(({ revision }) => revision).sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => i + 2),
    );
  });
});
