import { expect } from 'chai';
import fc from 'fast-check';
import { ActorSystem, nodeRuntime, server, Table } from '../../../actors/core/index.ts';

describe('a table', () => {
  it('is as a Map for whoever sets, gets and deletes', () => {
    const key = fc.integer({ min: 0, max: 200 });
    const op = fc.oneof(
      fc.record({ type: fc.constant('set' as const), key }),
      fc.record({ type: fc.constant('delete' as const), key }),
      fc.record({ type: fc.constant('again' as const), key }),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 1_000, size: 'max' }), (ops) => {
        const table = new Table<number, object>();
        const model = new Map<number, object>();
        for (const { type, key } of ops) {
          const value = {};
          if (type !== 'set') expect(table.delete(key)).to.equal(model.delete(key));
          if (type === 'delete') continue;
          table.set(key, value);
          model.set(key, value);
          expect(table.get(key)).to.equal(value);
        }
        expect(table.size).to.equal(model.size);
        for (let key = 0; key <= 200; key += 1) expect(table.get(key)).to.equal(model.get(key));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a place', () => {
  const idle = server({ init: () => 0 });

  it('never has the same pid twice, also when very many places have come and gone', async () => {
    const system = new ActorSystem(nodeRuntime());
    const live = async (path: string) => {
      const result = await system.spawn({ path, logic: idle });
      if (result.type !== 'started') throw new Error('did not start');
      const { pid } = result.process;
      result.process.kill();
      return pid.incarnation;
    };
    expect(await live('first')).to.equal(1);
    expect(await live('first')).to.equal(2);
    expect(await live('first')).to.equal(3);
    for (let n = 0; n < 25_000; n += 1) await live(`other-${n}`);
    expect(await live('first')).to.be.greaterThan(3);
  });
});
