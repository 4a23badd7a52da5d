import { expect } from 'chai';
import { reply, server } from '../../../actors/core/index.ts';
import { BoundsCheck } from '../../../testing/consistency/bounds.ts';
import { LivenessCheck } from '../../../testing/consistency/liveness.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { simulate } from '../../../testing/simulation/simulate.ts';

const slow = server({ init: () => 0, call: { get: (count) => reply(count, count) } });

describe('LivenessCheck', () => {
  it('is content when all ends soon after the heal, and names what does not', async () => {
    const hangs = rules(catalogue.actor.hang({ path: 'app/slow', when: { nth: 1 } }));
    await simulate({ seed: 1, plan: hangs }, async (sim) => {
      const app = await sim.start({ children: { slow } });
      const check = new LivenessCheck(() => sim.nowMs, 100);
      const asked = check.run('the call', () => app.children.slow.call('get', { timeoutMs: 60_000 }));
      await sim.advance(5_000);
      expect(check.violations).to.deep.equal(['the call has no end 5000 ms after the heal']);
      sim.heal();
      check.healed();
      await asked;
      expect(check.violations).to.deep.equal([]);
      const end = check.begin('another');
      await sim.advance(150);
      expect(check.violations).to.deep.equal(['another has no end 150 ms after the heal']);
      end();
      await sim.advance(1_000);
      expect(check.violations).to.deep.equal(['another had its end 150 ms after the heal']);
    });
  });
});

describe('BoundsCheck', () => {
  it('tells of mailboxes and queues that were too long at any time', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: { slow } });
      const waiting: number[] = [];
      const check = new BoundsCheck(app.system, {
        mailbox: (path) => (path === 'app/slow' ? 5 : undefined),
        queues: { 'the queue': { length: () => waiting.length, max: 1 } },
      });
      const stop = check.watch(sim);
      for (let i = 0; i < 5; i += 1) app.children.slow.send('now');
      await sim.settle();
      expect(check.violations).to.deep.equal([]);
      for (let i = 0; i < 9; i += 1) app.children.slow.send('now');
      await sim.settle();
      waiting.push(1, 2);
      sim.log('now');
      waiting.length = 0;
      expect(check.violations).to.have.members([
        'the queue had 2 waiting, where 1 may',
        'the mailbox of app/slow had 9 waiting, where 5 may',
      ]);
      stop();
    });
  });
});
