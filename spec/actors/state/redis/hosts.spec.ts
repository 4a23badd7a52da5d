import { expect } from 'chai';
import { float, integer, localState, moveSession, type StateSession, string } from '../../../../actors/state/index.ts';
import { findRedis, type SingleRedis, startRedis, untilPasses } from '../../../../testing/index.ts';
import { codeOf, commitsOf, held, take } from '../../../../testing/state-laws/subject.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts } from '../../../helpers/redis-hosts.ts';

describe('hosts that share a Redis', () => {
  let redis: SingleRedis;
  let prefixes = 0;
  const options = (more = {}) => {
    prefixes += 1;
    // No look now and then hides what was not heard.
    return { url: redis.url, prefix: `hosts${prefixes}`, sweepMs: 600_000, ...more };
  };

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  after(() => redis?.stop());

  /** One session, as two hosts have it. */
  async function both(hosts: Hosts, more = {}): Promise<readonly [StateSession, StateSession]> {
    const shared = options(more);
    const [a, b] = [await hosts.start(shared), await hosts.start(shared)];
    const mine = await a.provider.open('shared');
    await mine.commit({ declare: { n: integer(), name: string() } });
    return [mine, await b.provider.find('shared')];
  }

  it("see each other's commits at once, and watch them in order", async () => {
    await using hosts = new Hosts();
    const [a, b] = await both(hosts);
    const events = [a.watch({ from: 1 }), b.watch({ from: 1 })];
    const seen = events.map((watch) => take(watch, 40));
    for (let n = 1; n <= 40; n += 1) {
      const [writer, reader] = n % 2 === 0 ? [a, b] : [b, a];
      await writer.commit({ set: { n } });
      expect(await held(reader, 'n')).to.equal(n);
    }
    for (const one of seen) {
      expect(commitsOf(await one).map(({ revision, written }) => [revision, written[0]?.value])).to.deep.equal(
        Array.from({ length: 40 }, (_, i) => [i + 2, i + 1]),
      );
    }
    for (const watch of events) await watch.return?.();
    expect((await b.history()).commits).to.have.length(41);
    expect((await b.at(11, ['n'])).variables[0]?.value).to.equal(10);
  });

  it('lose no update, however they race', async () => {
    await using hosts = new Hosts();
    const pair = await both(hosts);
    const add = async (session: StateSession): Promise<void> => {
      for (let done = 0; done < 25; ) {
        const known = (await session.read(['n'])).variables[0];
        try {
          await session.commit({ expect: { n: known?.version ?? 0 }, set: { n: (known?.value as number) + 1 } });
          done += 1;
        } catch (error) {
          if ((error as { code?: string }).code !== 'conflict') throw error;
        }
      }
    };
    await Promise.all([...pair, ...pair].map(add));
    expect(await held(pair[0], 'n')).to.equal(100);
  });

  it('validate against what the other has declared meanwhile', async () => {
    await using hosts = new Hosts();
    const [a, b] = await both(hosts);
    await b.read();
    await a.commit({ remove: ['n'], declare: { n: string({ maxLength: 3 }), limit: float({ max: 1 }) } });
    // Each from a copy that is old by now.
    expect(await codeOf(b.commit({ set: { n: 7 } }))).to.equal('invalid');
    await b.commit({ set: { n: 'abc', limit: 0.5 } });
    await a.commit({ remove: ['limit'] });
    expect(await codeOf(b.commit({ set: { limit: 1 } }))).to.equal('not_found');
    await a.commit({ declare: { late: integer() } });
    await b.commit({ set: { late: 4 } });
    expect((await a.read()).variables.map(({ name, value }) => [name, value])).to.deep.equal([
      ['name', ''],
      ['n', 'abc'],
      ['late', 4],
    ]);
  });

  it('compute variables in the very commit, whoever else writes what they are computed from', async () => {
    await using hosts = new Hosts();
    const functions = { sum: ({ n, m }: { n: number; m: number }) => n + m };
    const pair = await both(hosts, { functions });
    await pair[0].commit({
      declare: { m: integer(), sum: integer({ dependsOn: ['n', 'm'], computedBy: 'sum' }) },
    });
    const events = pair[1].watch({ from: 2 });
    const seen = take(events, 40);
    await Promise.all(
      pair.flatMap((session, i) =>
        Array.from({ length: 20 }, (_, j) => session.commit({ set: i === 0 ? { n: j + 1 } : { m: 100 * (j + 1) } })),
      ),
    );
    const now: Record<string, unknown> = { n: 0, m: 0 };
    for (const { written } of commitsOf(await seen)) {
      for (const { name, value } of written) now[name] = value;
      expect(now.sum).to.equal((now.n as number) + (now.m as number));
    }
    await events.return?.();
    expect(await held(pair[0], 'sum')).to.equal((now.n as number) + (now.m as number));
    const without = (await hosts.start({ url: redis.url, prefix: `hosts${prefixes}` })).provider;
    expect(await codeOf((await without.find('shared')).commit({ set: { n: 5 } }))).to.equal('not_found');
    await (await without.find('shared')).commit({ set: { name: 'a' } });
  });

  it('agree on the order in which variables were declared, however they race', async () => {
    await using hosts = new Hosts();
    const pair = await both(hosts);
    await Promise.all(
      pair.flatMap((session, i) =>
        Array.from({ length: 15 }, (_, j) => session.commit({ declare: { [`v${i}.${j}`]: integer() } })),
      ),
    );
    const orders = await Promise.all(pair.map(async (one) => (await one.read()).variables.map(({ name }) => name)));
    expect(orders[0]).to.have.length(32);
    expect(orders[1]).to.deep.equal(orders[0]);
    // By their versions: each was declared in a commit of its own.
    const versions = (await pair[0].read()).variables.map(({ version }) => version);
    expect(versions).to.deep.equal([...versions].sort((x, y) => x - y));
  });

  it('hold a lock one at a time, and commit only under its number', async () => {
    await using hosts = new Hosts();
    const [a, b] = await both(hosts);
    const lock = await a.acquire({ name: 'n', holder: 'a', leaseMs: 60_000 });
    expect(await codeOf(b.acquire({ name: 'n', holder: 'b' }))).to.equal('locked');
    const taken = await b.acquire({ name: 'n', holder: 'b', preempt: true });
    expect(taken.fence).to.be.above(lock.fence);
    expect(await codeOf(a.commit({ set: { n: 1 }, fences: { n: lock.fence } }))).to.equal('locked');
    await b.commit({ set: { n: 2 }, fences: { n: taken.fence } });
  });

  it('go on after a restart of the server, each watch without gap', async () => {
    await using hosts = new Hosts();
    const [a, b] = await both(hosts);
    const events = b.watch({ from: 1 });
    const seen = take(events, 30);
    for (let n = 1; n <= 10; n += 1) await a.commit({ set: { n } });
    await redis.node.kill();
    const during = a.commit({ set: { n: 11 } });
    await redis.node.start();
    expect((await during).revision).to.equal(12);
    for (let n = 12; n <= 30; n += 1) await a.commit({ set: { n } });
    const commits = commitsOf(await seen);
    expect(commits.map(({ revision }) => revision)).to.deep.equal(Array.from({ length: 30 }, (_, i) => i + 2));
    await events.return?.();
  });

  it('sweep what has expired, and tell who watches it', async () => {
    await using hosts = new Hosts();
    const shared = options({ sweepMs: 20 });
    const [a, b] = [await hosts.start(shared), await hosts.start(shared)];
    const session = await a.provider.open('mortal', { ttlMs: 150 });
    const kept = await a.provider.open('kept');
    const events = (await b.provider.find('mortal')).watch();
    await take(events, 1);
    expect(await codeOf(events.next())).to.equal('expired');
    expect(await codeOf(session.read())).to.equal('expired');
    await untilPasses(async () => expect((await a.provider.list()).sessionIds).to.deep.equal(['kept']));
    const keys = await redis.keys();
    const of = (id: string) => keys.filter((key) => key.includes(`${shared.prefix}:{${id}}`));
    expect(of('mortal')).to.deep.equal([`${shared.prefix}:{mortal}:ended`]);
    await kept.close();
    expect((await redis.keys()).filter((key) => key.startsWith(`${shared.prefix}:{kept}`))).to.deep.equal([]);
  });

  it('use a session that came from local state, and give it back', async () => {
    await using hosts = new Hosts();
    const shared = options();
    const [a, b] = [await hosts.start(shared), await hosts.start(shared)];
    const old = await localState().connect(a.state.host).open('travels');
    await old.commit({ declare: { n: integer() } });
    await old.commit({ set: { n: 1 }, idempotencyKey: 'k', outcome: new Uint8Array([7]) });
    const before = await old.export();
    const moved = await moveSession(old, a.provider);
    const elsewhere = await b.provider.find('travels');
    expect(await elsewhere.export()).to.deep.equal(before);
    expect((await elsewhere.outcome('k'))?.outcome).to.deep.equal(new Uint8Array([7]));
    await elsewhere.commit({ set: { n: 2 } });
    const back = await moveSession(moved, localState().connect(a.state.host));
    expect(await held(back, 'n')).to.equal(2);
    expect((await back.history()).commits).to.have.length(3);
    expect(await codeOf(elsewhere.read())).to.equal('not_found');
  });

  it('hold a copy of few sessions only, and of those that are watched', async () => {
    await using hosts = new Hosts();
    const host = await hosts.start(options({ copiesMax: 3 }));
    const sessions = await Promise.all(Array.from({ length: 10 }, (_, i) => host.provider.open(`s${i}`)));
    const events = (sessions[0] as StateSession).watch();
    await take(events, 1);
    for (const session of sessions) await session.commit({ declare: { n: integer() } });
    const seen = take(events, 2);
    await (sessions[0] as StateSession).commit({ set: { n: 1 } });
    expect(commitsOf(await seen)).to.have.length(2);
    for (const session of sessions) await session.commit({ set: { n: 2 } });
    for (const session of sessions) expect(await held(session, 'n')).to.equal(2);
    await events.return?.();
  });

  it('refuse more sessions than may be, roughly', async () => {
    await using hosts = new Hosts();
    const host = await hosts.start(options({ maxSessions: 2 }));
    await host.provider.open('one');
    await host.provider.open('two');
    expect(await codeOf(host.provider.open('three'))).to.equal('quota');
    await host.provider.open('one');
  });
});
