import { expect } from 'chai';
import { assign, setup } from 'xstate';
import { worker } from '../../index.ts';
import { plan, simulate } from '../../testing/index.ts';

// Any xstate machine: worker() makes it a child that a supervisor starts again when it has crashed.
const door = worker(
  setup({
    types: { context: {} as { opened: number }, events: {} as { type: 'open' } | { type: 'close' } },
    actions: { count: assign({ opened: ({ context }) => context.opened + 1 }) },
  }).createMachine({
    context: { opened: 0 },
    initial: 'closed',
    states: {
      closed: { on: { open: { target: 'open', actions: 'count' } } },
      open: { on: { close: 'closed' }, after: { 60000: 'closed' } },
    },
  }),
);

describe('a door', () => {
  it('closes after a minute, and nobody waits for it', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: { door } });
      app.children.door.send({ type: 'open' });
      await sim.advance(59_999);
      expect(app.children.door.getSnapshot()?.value).to.equal('open');
      await sim.advance(1);
      expect(app.children.door.getSnapshot()?.value).to.equal('closed');
    });
  });

  it('is a new one after it broke at its second message', async () => {
    const faults = plan().at('actor.receive', { path: 'app/door' }).nth(2).throw('it broke');
    await simulate({ seed: 1, plan: faults }, async (sim) => {
      const app = await sim.start({ children: { door } });
      app.children.door.send({ type: 'open' });
      app.children.door.send({ type: 'close' });
      await sim.settle();
      expect(app.children.door.pid?.incarnation).to.equal(2);
      expect(app.children.door.getSnapshot()?.context).to.deep.equal({ opened: 0 });
    });
  });
});
