import { expect } from 'chai';
import { integer } from '../../../../actors/state/index.ts';
import { findRedis, type RedisPair, startRedis } from '../../../../testing/index.ts';
import { codeOf, held, take } from '../../../../testing/state-laws/subject.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts } from '../../../helpers/redis-hosts.ts';
import { type Switchboard, switchboard } from '../../../helpers/switchboard.ts';

describe('a failover that loses commits', () => {
  let redis: RedisPair;
  let board: Switchboard;
  let prefixes = 0;

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'replica-pair' });
    board = await switchboard(redis.primary.port);
  });
  afterEach(async () => {
    await redis.heal();
    board.leadTo(redis.primary.port);
  });
  after(async () => {
    await board?.[Symbol.asyncDispose]();
    await redis?.stop();
  });

  const options = (more = {}) => {
    prefixes += 1;
    const url = `redis://:${redis.primary.password}@127.0.0.1:${board.port}`;
    return { url, prefix: `failover${prefixes}`, sweepMs: 600_000, ...more };
  };

  /** The replica knows nothing of what `work` commits, and becomes the primary. */
  async function losing(work: () => Promise<void>): Promise<void> {
    await redis.synced();
    await redis.replica.command('REPLICAOF', 'NO', 'ONE');
    await work();
    await redis.primary.kill();
    await redis.failover();
    board.leadTo(redis.primary.port);
  }

  it('is told as rewound to who knew them, in a new epoch, and then all goes on', async () => {
    await using hosts = new Hosts();
    const shared = options();
    const [a, b] = [await hosts.start(shared), await hosts.start(shared)];
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const other = await b.provider.find('s');
    const { epoch } = await other.read();
    const events = session.watch({ from: 1 });
    await losing(async () => {
      for (const n of [1, 2, 3]) await session.commit({ set: { n } });
      expect(await take(events, 3)).to.have.length(3);
    });
    // Who never knew what was lost is told nothing wrong: its commit uses a revision for the second time.
    expect(await other.commit({ set: { n: 40 } })).to.include({ revision: 2 });
    const error = (await session.commit({ set: { n: 4 } }).catch((failure: unknown) => failure)) as {
      code: string;
      details: { epoch: number; revision: number };
    };
    expect(error.code).to.equal('rewound');
    expect(error.details.revision).to.equal(2);
    expect(error.details.epoch).to.be.above(epoch);
    const newest = await session.read();
    const [folded] = await take(events, 1);
    expect(folded).to.deep.include({ type: 'snapshot', snapshot: newest });
    expect(folded?.folded).to.deep.equal({ after: 4, upTo: 2 });
    expect(await codeOf(session.at(4))).to.equal('rewound');
    expect((await session.changes({ epoch, revision: 4 })).type).to.equal('snapshot');
    const now = await session.commit({ set: { n: 5 } });
    expect(now).to.include({ revision: 3, epoch: error.details.epoch });
    expect((await take(events, 1))[0]).to.deep.include({ type: 'commit' });
    expect(await held(other, 'n')).to.equal(5);
    expect((await other.history()).commits.map(({ revision }) => revision)).to.deep.equal([1, 2, 3]);
    await events.return?.();
  });

  it('is told to who knew them also when a watch has found it out before, and once', async () => {
    await using hosts = new Hosts();
    const a = await hosts.start(options());
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const events = session.watch({ from: 1 });
    const reader = await a.provider.find('s');
    await losing(async () => {
      await session.commit({ set: { n: 1 } });
      await take(events, 1);
      expect(await held(reader, 'n')).to.equal(1);
    });
    expect((await take(events, 1))[0]?.type).to.equal('snapshot');
    expect(await held(reader, 'n')).to.equal(0);
    for (const knew of [session, reader]) {
      expect(await codeOf(knew.commit({ set: { n: 2 } }))).to.equal('rewound');
      await knew.commit({ set: { n: 3 } });
    }
    await (await a.provider.find('s')).commit({ set: { n: 4 } });
    await events.return?.();
  });

  it('is told to who knew of them by the answer of a commit alone, on top of what others had committed', async () => {
    await using hosts = new Hosts();
    const shared = options();
    const [a, b] = [await hosts.start(shared), await hosts.start(shared)];
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const other = await b.provider.find('s');
    await losing(async () => {
      for (const n of [1, 2, 3]) await other.commit({ set: { n } });
      // It has never read what was before.
      expect(await session.commit({ set: { n: 4 } })).to.include({ revision: 5 });
    });
    expect(await codeOf(session.commit({ set: { n: 5 } }))).to.equal('rewound');
    expect(await session.commit({ set: { n: 6 } })).to.include({ revision: 2 });
  });

  it('is told to who knew of them by a commit that had nothing to write, or whose answer was asked for again', async () => {
    await using hosts = new Hosts();
    const shared = options();
    const [a, b] = [await hosts.start(shared), await hosts.start(shared)];
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const other = await b.provider.find('s');
    const again = await a.provider.find('s');
    await losing(async () => {
      await other.commit({ set: { n: 1 } });
      await other.commit({ set: { n: 2 }, idempotencyKey: 'k' });
      expect(await session.commit({ declare: { n: integer() } })).to.include({ revision: 3 });
      expect(await again.commit({ set: { n: 2 }, idempotencyKey: 'k' })).to.include({ revision: 3 });
    });
    for (const knew of [session, again]) expect(await codeOf(knew.commit({ set: { n: 3 } }))).to.equal('rewound');
    await session.commit({ set: { n: 4 } });
  });

  it('is told to who knew them also when his process had to fetch the session anew meanwhile', async () => {
    await using hosts = new Hosts();
    const shared = options();
    const [a, b] = [await hosts.start({ ...shared, copiesMax: 1 }), await hosts.start(shared)];
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const other = await b.provider.find('s');
    await losing(async () => void (await session.commit({ set: { n: 1 } })));
    // The new server comes as far, and further, without anybody who knows.
    for (const n of [2, 3, 4]) await other.commit({ set: { n } });
    await (await a.provider.open('another')).commit({ declare: { n: integer() } });
    expect(await held(session, 'n')).to.equal(4);
    expect(await codeOf(session.commit({ set: { n: 5 } }))).to.equal('rewound');
    await session.commit({ set: { n: 6 } });
  });

  it('is told before a commit is taken that only what is left allows', async () => {
    await using hosts = new Hosts();
    const a = await hosts.start(options());
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer(), m: integer() } });
    await losing(async () => void (await session.commit({ remove: ['n'] })));
    expect(await codeOf(session.commit({ set: { n: 1 } }))).to.equal('rewound');
    await session.commit({ set: { n: 2 } });
  });

  it('is found by who only watches and reads', async () => {
    await using hosts = new Hosts();
    const a = await hosts.start(options());
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const { epoch } = await session.read();
    const events = session.watch();
    await take(events, 1);
    await losing(async () => {
      await session.commit({ set: { n: 1 } });
      await take(events, 1);
    });
    const [folded] = await take(events, 1);
    expect(folded?.type === 'snapshot' && folded.snapshot.epoch).to.be.above(epoch);
    expect(await held(session, 'n')).to.equal(0);
    await events.return?.();
  });

  it('does not lose a commit that waited for the replica; one that it did not confirm says so', async () => {
    await using hosts = new Hosts();
    const a = await hosts.start(options({ durability: { replicas: 1, timeoutMs: 100 } }));
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    await session.commit({ set: { n: 1 } });
    await losing(async () => {
      const unsafe = session.commit({ set: { n: 2 }, idempotencyKey: 'two' });
      expect(await codeOf(unsafe)).to.equal('redis_not_safe');
      // It happened all the same.
      expect(await held(session, 'n')).to.equal(2);
      expect(await codeOf(session.commit({ set: { n: 2 }, idempotencyKey: 'two' }))).to.equal('redis_not_safe');
    });
    expect(await codeOf(session.at(3))).to.equal('rewound');
    expect(await held(session, 'n')).to.equal(1);
  });
});
