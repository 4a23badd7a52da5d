import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { integer, type StateSession, string } from '../../../../actors/state/index.ts';
import { findRedis, leftBySystem, type SingleRedis, startRedis, untilPasses } from '../../../../testing/index.ts';
import { commitsOf, held, take } from '../../../../testing/state-laws/subject.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts } from '../../../helpers/redis-hosts.ts';

describe('what is told of commits on a Redis', () => {
  let redis: SingleRedis;
  let prefix = '';
  let hosts: Hosts;
  let writer: StateSession;
  let watched: StateSession;

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  after(() => redis?.stop());

  let prefixes = 0;
  beforeEach(async () => {
    prefixes += 1;
    prefix = `wakes${prefixes}`;
    hosts = new Hosts();
    const options = { url: redis.url, prefix, sweepMs: 600_000 };
    const [a, b] = [await hosts.start(options), await hosts.start(options)];
    writer = await a.provider.open('s');
    await writer.commit({ declare: { n: integer(), text: string() } });
    watched = await b.provider.find('s');
  });
  afterEach(() => hosts[Symbol.asyncDispose]());

  /** How many commands the server has carried out. */
  const commands = async (): Promise<number> =>
    Number(/total_commands_processed:(\d+)/.exec(String(await redis.node.command('INFO', 'stats')))?.[1]);
  const scripts = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.node.command('INFO', 'commandstats')))?.[1]);
  const head = async (): Promise<readonly string[]> =>
    String(await redis.node.command('HGET', `${prefix}:{s}:session`, 'head')).split(' ');

  it('is not looked for any more when the tree has stopped', async () => {
    const { provider, state } = await hosts.start({ url: redis.url, prefix });
    expect((await (await provider.find('s')).read()).revision).to.equal(1);
    await untilPasses(() => expect(state.app.system.lookup(`${state.host.root}/redis/feed-1`)).not.to.equal(undefined));
    await state.stop();
    expect(leftBySystem(state.app.system)).to.deep.equal([]);
  });

  it('takes one round trip for each commit, and none for who watches it', async () => {
    const events = watched.watch({ from: 1 });
    const first = take(events, 1);
    await writer.commit({ set: { n: 0 } });
    await first;
    const [before, all] = [await scripts(), await commands()];
    const seen = take(events, 20);
    for (let n = 1; n <= 20; n += 1) await writer.commit({ set: { n } });
    expect(commitsOf(await seen).map(({ written }) => written[0]?.value)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect((await scripts()) - before).to.equal(20);
    // Each is a script of five commands; besides, this test has asked.
    expect((await commands()) - all).to.be.at.most(20 * 6 + 4);
    await events.return?.();
  });

  it('is the same commit as the log has, with its time and its writer', async () => {
    const events = watched.watch({ from: 1 });
    const seen = take(events, 2);
    const text = 'of\nlines, "quotes", \u2028 and 🦉';
    const done = await writer.commit({ set: { text }, writer: 'a\nwriter of "lines"' });
    const next = await writer.commit({ set: { n: 7 } });
    expect(commitsOf(await seen)).to.deep.equal([done, next]);
    expect((await watched.history()).commits.slice(-2)).to.deep.equal([done, next]);
    await events.return?.();
  });

  for (const [what, request] of [
    ['a large commit', { set: { text: 'x'.repeat(10_000) } }],
    ['a removal', { remove: ['text'] }],
    ['a declaration', { declare: { more: integer({ default: 3 }) } }],
    ["a commit under a caller's key", { set: { n: 5 }, idempotencyKey: 'k' }],
  ] as const) {
    it(`tells of ${what}, too`, async () => {
      const events = watched.watch({ from: 1 });
      const seen = take(events, 3);
      await writer.commit({ set: { n: 1 } });
      const done = await writer.commit(request);
      await writer.commit({ set: { n: 2 } });
      const [, there, last] = commitsOf(await seen);
      expect(there).to.deep.equal(done);
      expect(last?.written[0]?.value).to.equal(2);
      expect((await watched.read()).variables).to.deep.equal((await writer.read()).variables);
      await events.return?.();
    });
  }

  it('is not believed when it follows on another commit than the watched copy has', async () => {
    const events = watched.watch({ from: 1 });
    const first = take(events, 1);
    await writer.commit({ set: { n: 1 } });
    await first;
    const seen = take(events, 1);
    const [, , epoch, revision] = await head();
    const forged = ['1 2', `${epoch}-${Number(revision) + 1}`, 'another.1.1', '1 1 forged.1.1 "x"', 'v:n'];
    const value = '3:0:{"type":"integer","value":666,"constraints":{},"description":""}';
    await redis.node.command('SPUBLISH', `${prefix}:{s}:session`, [...forged, value].join('\n'));
    await writer.commit({ set: { n: 2 } });
    expect(commitsOf(await seen).map(({ written }) => written[0]?.value)).to.deep.equal([2]);
    expect(await held(watched, 'n')).to.equal(2);
    await events.return?.();
  });

  it('finds out by a word of a commit that the server has lost what the copy knows', async () => {
    const events = watched.watch({ from: 1 });
    const first = take(events, 1);
    await writer.commit({ set: { n: 1 } });
    await first;
    const told = take(events, 1);
    // As after a failover: the same revision, and another commit there.
    const words = await head();
    const lost = words.map((word, i) => (i === 4 ? 'other.1.1' : word)).join(' ');
    await redis.node.command('HSET', `${prefix}:{s}:session`, 'head', lost);
    const said = `${words[9]} 1 other.1.1 "x"`;
    await redis.node.command(
      'SPUBLISH',
      `${prefix}:{s}:session`,
      ['1 2', `${words[2]}-${words[3]}`, 'a', said].join('\n'),
    );
    expect((await told)[0]).to.deep.include({ type: 'snapshot', folded: { after: 2, upTo: 2 } });
    await events.return?.();
  });

  it('is cut as the limits say, and each host reads as much of it', async () => {
    const limits = { historyMax: 50 };
    const options = { url: redis.url, prefix: `${prefix}b`, limits };
    const session = await (await hosts.start(options)).provider.open('s');
    await session.commit({ declare: { n: integer(), text: string() } });
    for (let n = 1; n <= 400; n += 1) await session.commit({ set: { n } });
    const kept = Number(await redis.node.command('XLEN', `${prefix}b:{s}:log`));
    expect(kept).to.be.at.least(50).and.at.most(200);
    const other = await (await hosts.start(options)).provider.find('s');
    for (const one of [session, other]) {
      expect((await one.history({ limit: 1_000 })).commits).to.have.length(50);
      expect((await one.export()).history).to.have.length(50);
    }
  });

  it('is let go of by every host once it is not kept any more', async () => {
    const options = { url: redis.url, prefix: `${prefix}c`, limits: { historyMax: 20 } };
    const [a, b] = [await hosts.start(options), await hosts.start(options)];
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const events = (await b.provider.find('s')).watch();
    await take(events, 1);
    const held: WeakRef<object>[] = [];
    for (let n = 1; n <= 200; n += 1) {
      const told = take(events, 1);
      held.push(new WeakRef(await session.commit({ set: { n } })), new WeakRef(commitsOf(await told)[0] as object));
    }
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await untilPasses(() => {
      collect();
      expect(held.filter((one) => one.deref() !== undefined)).to.have.length.at.most(2 * 2 * 20);
    });
    await events.return?.();
  });
});
