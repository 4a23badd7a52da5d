import { expect } from 'chai';
import { StateError } from '../../../actors/core/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import type { Plan } from '../../../testing/plan/plan.ts';
import { rejection } from '../../../testing/restarts.ts';
import { inBothWorlds } from './both-worlds.ts';
import { codeOf, session } from './faulty-session.ts';
import { shows } from './shows.ts';

describe('faults of stores', () => {
  shows(catalogue.store.down, 'one that is down does nothing, and serves again when it is healed', async (world) => {
    const { faulty, active, value } = await session(world, rules(catalogue.store.down()));
    const error = await rejection(faulty.find('s'));
    expect(error).to.be.instanceOf(StateError);
    expect(codeOf(error)).to.equal('unavailable');
    active.heal();
    const session_ = await faulty.find('s');
    await session_.commit({ set: { x: 'new' } });
    expect(await value()).to.equal('new');
  });

  shows(catalogue.store.slow, 'one that is slow answers late', async (world) => {
    const { faulty } = await session(world, rules(catalogue.store.slow({ ms: 30, message: 'find' })));
    const { clock } = world.runtime;
    const startMs = clock.monotonicMs();
    await faulty.find('s');
    expect(clock.monotonicMs() - startMs).to.be.at.least(29);
  });

  shows(
    catalogue.store.cut,
    'one that is cut off has carried the command out; the same key answers it',
    async (world) => {
      const { faulty, value, active, real } = await session(world, rules(catalogue.store.cut({ message: 'commit' })));
      const open = await faulty.find('s');
      const request = { set: { x: 'new' }, idempotencyKey: 'once' };
      expect(codeOf(await rejection(open.commit(request)))).to.equal('unavailable');
      expect(await value()).to.equal('new');
      active.heal();
      const { revision } = await open.commit(request);
      expect((await real.read()).revision).to.equal(revision);
    },
  );

  inBothWorlds('one whose reply is lost is given up after the caller’s time', async (world) => {
    const plan: Plan = { rules: [{ point: 'store.reply', where: { message: 'commit' }, what: [{ do: 'drop' }] }] };
    const { faulty, value } = await session(world, plan);
    const open = await faulty.find('s');
    const error = await rejection(open.commit({ set: { x: 'new' } }, { timeoutMs: 20 }));
    expect((error as Error).message).to.include("session 's': commit: no reply came");
    expect(await value()).to.equal('new');
  });

  shows(
    catalogue.store.readOnly,
    'one that is read-only takes no commits and is read; healed, it takes them',
    async (world) => {
      const { faulty, active, value } = await session(world, rules(catalogue.store.readOnly()));
      const open = await faulty.find('s');
      expect(codeOf(await rejection(open.commit({ set: { x: 'new' } })))).to.equal('read_only');
      expect((await open.read()).variables[0]?.value).to.equal('old');
      active.heal();
      await open.commit({ set: { x: 'new' } });
      expect(await value()).to.equal('new');
    },
  );

  inBothWorlds('a watch over a slow store sees every commit', async (world) => {
    const { faulty, real } = await session(world, rules(catalogue.store.slow({ ms: 5, message: 'watch' })));
    const seen: number[] = [];
    const abort = new AbortController();
    const watch = (await faulty.find('s')).watch({ from: 1, signal: abort.signal });
    for (let i = 0; i < 3; i += 1) await real.commit({ set: { x: `v${i}` } });
    for await (const event of watch) {
      if (event.type === 'commit') seen.push(event.commit.revision);
      if (seen.length === 3) break;
    }
    expect(seen).to.deep.equal([2, 3, 4]);
  });
});
