import { expect } from 'chai';
import { nodeRuntime } from '../../../actors/core/index.ts';
import { Moments } from '../../../devtools/inspect/moments.ts';
import { Pace } from '../../../devtools/inspect/pace.ts';
import { actorRow } from '../../helpers/actor-row.ts';

const { clock, turns } = nodeRuntime();
const rows = (count: number, handled: number) =>
  Array.from({ length: count }, (_, at) => actorRow(`app/a-${at}`, { handled }));

describe('recorded moments', () => {
  it('are one where nothing has changed', async () => {
    const moments = new Moments(new Pace(clock, turns));
    await moments.add(1, rows(3, 0), 0);
    await moments.add(2, rows(3, 0), 0);
    expect(moments.list(0, 10).rows.map(({ atMs }) => atMs)).to.deep.equal([1]);
  });

  it('share the rows that have not changed', async () => {
    const moments = new Moments(new Pace(clock, turns));
    await moments.add(1, rows(2, 0), 0);
    await moments.add(2, [...rows(2, 0), actorRow('app/late')], 0);
    const [first, second] = moments.all();
    expect(second?.rows[0]).to.equal(first?.rows[0]);
    expect(second?.rows).to.have.length(3);
  });

  it('are fewer where each holds much: the newest, with their numbers', async () => {
    const moments = new Moments(new Pace(clock, turns));
    for (let nth = 1; nth <= 60; nth += 1) await moments.add(nth, rows(1_000, nth), 0);
    const { rows: kept, total } = moments.list(0, 100);
    expect(total).to.be.within(10, 50);
    expect(kept.map(({ seq }) => seq)).to.deep.equal(Array.from({ length: total }, (_, at) => 60 - at));
    expect(moments.get(60)?.rows[0]?.handled).to.equal(60);
    expect(moments.get(1)).to.equal(undefined);
  });
});
