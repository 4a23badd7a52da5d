/** Twelve thousand actors, and viewers: no look at them holds the event loop, and none costs more than its page. */
import { expect } from 'chai';
import { LiveView, type ViewListener } from '../../../devtools/host/live-view.ts';
import type { Query, QueryOf, Snapshot, View } from '../../../devtools/protocol/index.ts';
import { dynamicSupervisor, server } from '../../../index.ts';
import { TurnCount } from '../../helpers/turn-count.ts';
import { until, useDevtools } from '../../helpers/use-devtools.ts';

const idle = server({ init: () => 0, cast: { add: (count, by: number) => count + by } });
const actors = 12_000;

describe('twelve thousand actors', function () {
  this.timeout(60_000);
  const test = useDevtools(() => ({ many: dynamicSupervisor() }), { actions: true });

  async function start(count: number): Promise<void> {
    const { many } = test.app.children;
    for (let nth = 0; nth < count; nth += 1_000) {
      const some = Array.from({ length: Math.min(1_000, count - nth) }, (_, at) => `a-${nth + at}`);
      await Promise.all(some.map((id) => many.startChild({ id, logic: idle })));
    }
  }

  it('are looked at in pieces, between which the event loop has its turns, whatever is asked', async () => {
    await start(actors);
    const { viewer } = await test.connect();
    await viewer.get({ view: 'overview' });
    const queries: readonly Query[] = [
      { view: 'tree', open: 'all' },
      { view: 'actors' },
      { view: 'actors', sort: 'mailbox' },
      { view: 'actors', sort: 'restarts', offset: 9_000 },
      { view: 'actors', search: 'a-9', kind: 'server', sort: 'handled' },
      { view: 'overview' },
    ];
    for (const query of queries) {
      using turns = new TurnCount();
      await viewer.get(query as QueryOf<View>);
      expect(turns.count, JSON.stringify(query)).to.be.at.least(2);
    }
    using turns = new TurnCount();
    expect(await viewer.act({ do: 'metrics' })).to.include(`kind="server",status="running"} ${actors}`);
    expect(turns.count, 'metrics').to.be.at.least(2);
  });

  it('cost the rows of a page, however they are sorted, filtered and searched', async () => {
    await start(2_000);
    const { viewer } = await test.connect();
    const { rows } = test.devtools.inspector;
    const rowAt = rows.rowAt.bind(rows);
    let made = 0;
    rows.rowAt = (path, population) => {
      made += 1;
      return rowAt(path, population);
    };
    await viewer.act({ do: 'suspend', path: 'app/many/a-1234' });
    test.app.system.lookup('app/many/a-1234')?.accept({ kind: 'cast', name: 'add', arg: 1 });
    const sorted = await viewer.get({ view: 'actors', sort: 'mailbox', limit: 10 });
    expect(sorted.rows.map(([path]) => path)[0]).to.equal('app/many/a-1234');
    expect(sorted.total).to.equal(2_002);
    expect(made).to.equal(10);
    const found = await viewer.get({ view: 'actors', status: 'suspended', kind: 'server', limit: 10 });
    expect(found.rows.map(([path]) => path)).to.deep.equal(['app/many/a-1234']);
    expect(made).to.equal(11);
    await viewer.get({ view: 'tree', open: 'all', offset: 1_000, limit: 10 });
    expect(made).to.equal(21);
    await viewer.act({ do: 'resume', path: 'app/many/a-1234' });
  });

  it('are looked at once for all who ask the same at a time', async () => {
    await start(6_000);
    const [one, other] = [await test.connect(), await test.connect()];
    await one.viewer.get({ view: 'overview' });
    const { inspector } = test.devtools;
    const population = inspector.population.bind(inspector);
    let looks = 0;
    inspector.population = () => {
      looks += 1;
      return population();
    };
    const query = { view: 'actors', sort: 'busy' } as const;
    const answers = await Promise.all([one, other, one].map(({ viewer }) => viewer.get(query)));
    expect(answers.map(({ total }) => total)).to.deep.equal([6_002, 6_002, 6_002]);
    expect(looks).to.equal(1);
  });

  it('are counted once for all who ask while they are counted', async () => {
    await start(1_000);
    const { inspector } = test.devtools;
    expect(inspector.census()).to.equal(inspector.census());
    expect((await inspector.census()).actors).to.equal(1_002);
  });
});

describe('a view', () => {
  const test = useDevtools(() => ({ many: dynamicSupervisor() }));

  it('that nobody watches is not looked at, and is again when somebody comes', async () => {
    const { inspector } = test.devtools;
    let looks = 0;
    const viewers = () => {
      looks += 1;
      return [];
    };
    let n = 0;
    const nextNumber = () => {
      n += 1;
      return n;
    };
    const facts = { viewers, audit: () => ({ head: null, rows: [], total: 0 }) };
    const view = new LiveView({ inspector, facts, nextNumber }, { view: 'overview' });
    /** Follows it until it has seen so many actors. */
    const seen = (actors: number) =>
      new Promise<void>((resolve, reject) => {
        const listener: ViewListener = {
          changed() {
            const frame = view.frame(undefined);
            if ((frame as { readonly snapshot: Snapshot<'overview'> }).snapshot.head.actors !== actors) return;
            view.listeners.delete(listener);
            resolve();
          },
          failed: reject,
        };
        view.follow(listener);
      });
    expect(looks).to.equal(0);
    await seen(2);
    const before = looks;
    await test.app.children.many.startChild({ id: 'late', logic: idle });
    await until<'events'>(await test.connect(), { view: 'events', path: 'app/many/late' }, ({ total }) => total > 0);
    expect(looks).to.equal(before);
    await seen(3);
    view.stop();
  });
});
