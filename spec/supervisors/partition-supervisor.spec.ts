import { expect } from 'chai';
import { reply, SpecError, server } from '../../actors/core/index.ts';
import { type PartitionKey, type PartitionSupervisorRef, partitionSupervisor } from '../../supervisors/index.ts';
import { partitionOf } from '../../supervisors/partition-supervisor.ts';
import { rejection } from '../helpers/rejection.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

const counter = server({
  init: (ctx): [input: unknown, count: number] => [ctx.input, 0],
  call: {
    add: ([input, count]) => reply(count + 1, [input, count + 1]),
    input: (state) => reply(state[0], state),
  },
});

describe('a partition supervisor', () => {
  it('starts its child 8 times by default, under the ids 0 to 7 (S-113)', async () => {
    const { app, now } = await virtualTree({ children: { parts: partitionSupervisor({ child: counter }) } });
    expect((await now(app.children.parts.whichChildren())).map(({ id }) => id).sort()).to.deep.equal(
      Array.from({ length: 8 }, (_, partition) => String(partition)),
    );
  });

  it('routes an integer by itself and anything else by a hash that never changes (S-114)', async () => {
    const partitions = 4;
    expect([0, 1, 5, -5, 4n, -3n].map((key) => partitionOf(key, partitions))).to.deep.equal([0, 1, 1, 1, 0, 3]);
    const { app, now } = await virtualTree({
      children: { parts: partitionSupervisor({ child: counter, partitions }) },
    });
    const { parts } = app.children;
    expect(await now(parts.partition('user 7').call('add'))).to.equal(1);
    expect(await now(parts.partition('user 7').call('add'))).to.equal(2);
    expect(parts.partition(['a', 1]).path).to.equal(parts.partition(['a', 1]).path);
  });

  it('spreads its keys evenly (S-114)', () => {
    for (const key of [(i: number): PartitionKey => `user ${i}`, (i: number) => i, (i: number) => [i, 'x']]) {
      const sizes = new Array<number>(8).fill(0);
      for (let i = 0; i < 8_000; i += 1) (sizes[partitionOf(key(i), 8)] as number) += 1;
      expect(Math.min(...sizes)).to.be.greaterThan(850);
    }
  });

  it('can give each partition an input of its own (S-115)', async () => {
    const parts = partitionSupervisor({
      child: { logic: counter, input: 'own' },
      partitions: 2,
      withInput: (input, partition) => `${input} ${partition}`,
    });
    const { app, now } = await virtualTree({ children: { parts } });
    expect(await now(app.children.parts.partition(1).call('input'))).to.equal('own 1');
  });

  it('restarts a crashed partition under its own number (S-116)', async () => {
    const { app, runtime, now } = await virtualTree({ children: { parts: partitionSupervisor({ child: counter }) } });
    const ref = app.children.parts.partition(3);
    await now(ref.call('add'));
    ref.exit();
    await runtime.idle();
    expect(String(ref.pid)).to.equal('app/parts/3#2');
    expect(await now(ref.call('add'))).to.equal(1);
  });

  for (const [strategy, restarted] of [
    ['one_for_one', [1]],
    ['one_for_all', [0, 1, 2]],
    ['rest_for_one', [1, 2]],
  ] as const) {
    it(`knows the strategy ${strategy} (S-116)`, async () => {
      const parts = partitionSupervisor({ child: counter, partitions: 3, strategy });
      const { app, runtime } = await virtualTree({ children: { parts } });
      app.children.parts.partition(1).exit();
      await runtime.idle();
      const again = [0, 1, 2].filter((n) => app.children.parts.partition(n).pid?.incarnation === 2);
      expect(again).to.deep.equal(restarted);
    });
  }

  it('tolerates 3 restarts in 5 s by default (S-116)', async () => {
    const logic = partitionSupervisor({ child: counter });
    const { app, runtime } = await virtualTree({ children: { parts: { logic, restart: 'temporary' } } });
    const parts: PartitionSupervisorRef<typeof counter> = app.children.parts;
    for (let i = 0; i < 4; i += 1) {
      expect(parts.pid?.alive).to.equal(true);
      parts.partition(i).exit();
      await runtime.idle();
    }
    expect(parts.pid).to.equal(undefined);
  });

  it('counts, stops, and is noproc when it is not there (S-117)', async () => {
    const parts = new Parts();
    const logic = partitionSupervisor({ child: parts.part('p'), partitions: 2 });
    const { app, now } = await virtualTree({ children: { parts: { logic, restart: 'temporary' } } });
    expect(app.children.parts.partitions).to.equal(2);
    expect(await now(app.children.parts.countChildren())).to.deep.equal({
      specs: 2,
      active: 2,
      supervisors: 0,
      workers: 2,
    });
    await now(app.children.parts.stop());
    expect(parts.log.slice(2)).to.deep.equal(['stop p shutdown', 'stop p shutdown']);
    expect(await rejection(now(app.children.parts.countChildren()))).to.have.nested.property('reason.kind', 'noproc');
  });

  it('refuses a number of partitions that is none', () => {
    for (const partitions of [0, -1, 1.5]) {
      expect(() => partitionSupervisor({ child: counter, partitions })).to.throw(SpecError, 'invalid_partitions');
    }
  });
});
