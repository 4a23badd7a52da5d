import { expect } from 'chai';
import type { StateBackend, StateHost, StateSession } from '../../../actors/state/index.ts';
import { redisState } from '../../../actors/state/redis/index.ts';
import type { VariableRow } from '../../../devtools/protocol/index.ts';
import { declare, float, nodeRuntime, openContext, ophion, startSupervisor, string } from '../../../index.ts';
import { findRedis, type SingleRedis, startRedis } from '../../../testing/index.ts';
import { needs } from '../../helpers/needs.ts';
import { until, useDevtools } from '../../helpers/use-devtools.ts';

describe('sessions on Redis, in the dev tools', () => {
  let redis: SingleRedis;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  after(() => redis?.stop());

  const test = useDevtools(() => ({ ophion: ophion() }), { actions: true });
  let nth = 0;
  let id = '';
  let state: StateBackend<StateHost>;
  beforeEach(() => {
    nth += 1;
    id = `shop-${nth}`;
    state = redisState({ url: redis.url });
  });
  const open = (options: { readonly ttlMs?: number } = {}) =>
    openContext(test.app.children.ophion, {
      ...options,
      id,
      state,
      variables: declare({
        temperature: float({ min: 0, max: 2, default: 0.7 }),
        key: string({ default: 'hidden', secret: true }),
      }),
    });
  const here = (): Promise<StateSession> => state.connect({ system: test.app.system, root: 'app/ophion' }).find(id);

  /** Works on the same session from another host. */
  async function elsewhere<T>(work: (session: StateSession) => Promise<T>): Promise<T> {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion() },
    });
    const other = redisState({ url: redis.url }).connect({ system: app.system, root: 'app/ophion' });
    return await work(await other.find(id));
  }

  it('are listed with their backend, and shown with their values, versions and writers; secrets are not', async () => {
    await using context = await open();
    await context.variables.set('temperature', 0.9);
    await using _watch = await heldWatch(await here());
    const { viewer } = await test.connect();
    const list = await viewer.get({ view: 'sessions' });
    expect(list.rows.map(([, { id: one, backend, watchers }]) => [one, backend, watchers])).to.deep.equal([
      [id, 'redis', 1],
    ]);
    expect(list.head.providers).to.include('app/ophion: redis');
    const { rows, head } = await viewer.get({ view: 'session', session: id });
    expect(head).to.deep.include({ backend: 'redis', revision: 2, variables: 2 });
    expect(rows.map(([, row]) => [row.name, row.value, row.version, row.writer, row.secret])).to.deep.equal([
      ['temperature', 0.9, 2, 'typescript', false],
      ['key', { $: 'masked' }, 1, 'typescript', true],
    ]);
    expect((await viewer.get({ view: 'overview' })).head.sessions).to.equal(1);
  });

  it('have the history that is on the server, of other hosts too', async () => {
    await using _context = await open();
    await elsewhere(async (session) => {
      await session.commit({ set: { temperature: 1.5 }, writer: 'another host' });
    });
    const { viewer } = await test.connect();
    const { rows } = await viewer.get({ view: 'variable', session: id, name: 'temperature' });
    expect(rows.map(([, { revision, value, writer }]) => [revision, value, writer])).to.deep.equal([
      [2, 1.5, 'another host'],
      [1, 0.7, 'typescript'],
    ]);
  });

  it('follow what other hosts write while somebody looks', async () => {
    await using _context = await open();
    const connection = await test.connect();
    const isSet = (value: number) => (row: VariableRow) => row.name === 'temperature' && row.value === value;
    const query = { view: 'session', session: id } as const;
    await until<'session'>(connection, query, (replica) => replica.list().some(isSet(0.7)));
    const seen = until<'session'>(connection, query, (replica) => replica.list().some(isSet(1.1)));
    await elsewhere((session) => session.commit({ set: { temperature: 1.1 } }));
    await seen;
  });

  it('are set by the audited action, which the server has then', async () => {
    await using context = await open();
    const { viewer } = await test.connect();
    await viewer.act({ do: 'setVariable', session: id, name: 'temperature', value: 0.2 });
    expect(await context.variables.get('temperature')).to.equal(0.2);
    expect(await elsewhere(async (session) => (await session.read()).revision)).to.equal(2);
  });

  it('are looked at without a message to any actor, and without keeping them alive', async () => {
    await using _context = await open({ ttlMs: 60_000 });
    const touched = () => redis.node.command('HGET', `ophion:{${id}}:session`, 'touched');
    const handled = () => [...test.app.system.processes()].map(({ pid, handled: many }) => `${pid} ${many}`);
    const before = [await touched(), handled()];
    const { viewer } = await test.connect();
    const { head } = await viewer.get({ view: 'session', session: id });
    expect(head.expiresAtMs).to.be.greaterThan(Date.now());
    expect([await touched(), handled()]).to.deep.equal(before);
  });

  it('are shown as they were last seen when the server does not answer', async () => {
    await using _context = await open();
    const { viewer } = await test.connect();
    redis.node.freeze();
    try {
      const { head, rows } = await viewer.get({ view: 'session', session: id });
      expect([head.revision, rows.length]).to.deep.equal([1, 2]);
    } finally {
      redis.node.thaw();
    }
  });

  it('are not shown any more when somebody has closed them', async () => {
    const context = await open();
    const { viewer } = await test.connect();
    await elsewhere((session) => session.close());
    const error = await viewer.get({ view: 'session', session: id }).catch((refused: unknown) => refused);
    expect(error).to.have.property('code', 'not_found');
    await context.close();
  });
});

/** A watch that has begun, until it is disposed of. */
async function heldWatch(session: StateSession) {
  const watch = session.watch({ from: 0 });
  await watch.next();
  const waiting = watch.next();
  return {
    async [Symbol.asyncDispose]() {
      await watch.return?.();
      await waiting;
    },
  };
}
