import { expect } from 'chai';
import { ActorSystem, nodeRuntime, server } from '../../../actors/core/index.ts';

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
