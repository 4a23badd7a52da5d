import { expect } from 'chai';
import { StateError } from '../../../actors/core/index.ts';
import { compareAndSet } from '../../../actors/state/compare-and-set.ts';
import { type Snapshot, string } from '../../../actors/state/index.ts';
import { WatchCheck } from '../../../testing/checks/watch.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { History } from '../../../testing/history.ts';
import { checkLinearizability } from '../../../testing/linearizability/check.ts';
import {
  recordedSession,
  type VariablesOp,
  type VariablesResult,
  variablesModel,
} from '../../../testing/models/variables.ts';
import { plan } from '../../../testing/plan/builder.ts';
import type { Rule } from '../../../testing/plan/plan.ts';
import { rejection } from '../../../testing/restarts.ts';
import { inBothWorlds, type World } from './both-worlds.ts';
import { codeOf, session } from './faulty-session.ts';
import { shows } from './shows.ts';

/** Adds a letter to what is there, by compare and set. */
const append = ({ variables }: Snapshot) => Promise.resolve({ set: { x: `${variables[0]?.value}!` } });

/** A commit is refused, says why, changes nothing and is not in the way of reads; healed, it is taken. */
async function refuses(world: World, rule: Rule, code: string, said: string): Promise<void> {
  const { faulty, active, value } = await session(world, rules(rule));
  const armed = active.status[0];
  expect(armed?.done).to.equal(0);
  const open = rule.where?.message === 'commit' ? await faulty.find('s') : undefined;
  const ask = async () => (open ?? (await faulty.find('s'))).commit({ set: { x: 'new' } });
  const error = await rejection(ask());
  expect(error).to.be.instanceOf(StateError).with.property('code', code);
  expect((error as Error).message).to.include(said);
  expect(await value()).to.equal('old');
  if (open !== undefined) expect((await open.read(['x'])).variables[0]?.value).to.equal('old');
  active.heal();
  await ask();
  expect(await value()).to.equal('new');
}

describe('faults of stores, as their clients see them', () => {
  shows(catalogue.store.auth, 'wrong credentials are denied, whatever is asked', (world) =>
    refuses(world, catalogue.store.auth(), 'denied', 'the store refuses the credentials'),
  );

  shows(catalogue.store.loading, 'one that is loading is unavailable', (world) =>
    refuses(world, catalogue.store.loading(), 'unavailable', 'the store is loading its data'),
  );

  shows(catalogue.store.failedOver, 'one that has become a replica takes no commits, and is read', (world) =>
    refuses(world, catalogue.store.failedOver(), 'unavailable', 'has become a read-only replica'),
  );

  shows(catalogue.store.outOfMemory, 'one without memory takes no commits, and is read', (world) =>
    refuses(world, catalogue.store.outOfMemory(), 'read_only', 'the store is out of memory'),
  );

  shows(
    catalogue.store.eviction,
    'a session that is evicted is not found, and who watches it is told',
    async (world) => {
      const { faulty, real, provider } = await session(world, rules(catalogue.store.eviction()));
      const watch = real.watch();
      await watch.next();
      const next = watch.next();
      const open = await faulty.find('s');
      expect(codeOf(await rejection(open.commit({ set: { x: 'new' } })))).to.equal('not_found');
      expect((await next).done).to.equal(true);
      // Opened again, it is another one.
      const again = await faulty.open('s');
      expect((await again.commit({ declare: { x: string({ default: 'new' }) } })).revision).to.equal(1);
      expect((await (await provider.find('s')).read(['x'])).variables[0]?.value).to.equal('new');
    },
  );

  shows(catalogue.store.expiry, 'a session that expires in mid-transaction takes nothing of it', async (world) => {
    const { faulty, active, value } = await session(world, rules(catalogue.store.expiry()));
    const transaction = async () => compareAndSet(await faulty.find('s'), ['x'], append);
    expect(codeOf(await rejection(transaction()))).to.equal('expired');
    expect(await value()).to.equal('old');
    active.heal();
    await transaction();
    expect(await value()).to.equal('old!');
  });

  inBothWorlds('a session whose time is over is told as the same', async (world) => {
    const { provider } = await session(world, rules());
    const brief = await provider.open('brief', { ttlMs: 20 });
    await brief.commit({ declare: { x: string() } });
    const { clock } = world.runtime;
    await new Promise<void>((resolve) => void clock.setTimer(40, resolve));
    expect(codeOf(await rejection(brief.commit({ set: { x: 'new' } })))).to.equal('expired');
  });

  shows(catalogue.store.conflict, 'a conflict is tried again with what is there', async (world) => {
    const conflict = catalogue.store.conflict({ until: { times: 2 } });
    const { faulty, active, value } = await session(world, rules(conflict));
    let tries = 0;
    await compareAndSet(await faulty.find('s'), ['x'], (read) => {
      tries += 1;
      return append(read);
    });
    expect([tries, await value()]).to.deep.equal([3, 'old!']);
    expect(active.status[0]).to.include({ hits: 3, done: 2 });
  });

  shows(
    catalogue.store.partitioned,
    'one client is cut off and the others go on; then it sees it all',
    async (world) => {
      const { provider, active } = await session(world, rules(catalogue.store.partitioned({ path: 'a' })));
      const [a, b] = [world.doors.provider(provider, 'a'), world.doors.provider(provider, 'b')];
      expect(codeOf(await rejection(a.find('s', { timeoutMs: 20 })))).to.equal('unavailable');
      await (await b.find('s')).commit({ set: { x: 'new' } });
      expect(active.status[0]).to.include({ hits: 1, done: 1 });
      active.heal();
      expect((await (await a.find('s')).read(['x'])).variables[0]?.value).to.equal('new');
    },
  );

  shows(catalogue.store.staleRead, 'a stale read has no order, and a commit upon it is a conflict', async (world) => {
    const stale = catalogue.store.staleRead({ when: { nth: 2 } });
    const { faulty, real, value } = await session(world, rules(stale));
    const history = new History<VariablesOp, VariablesResult>();
    const from = await real.export();
    const x = from.variables[0];
    const known = { revision: from.revision, values: { x: { value: x?.value ?? null, version: x?.version ?? 0 } } };
    const open = await faulty.find('s');
    const client = recordedSession(history, 'client', open);
    await client.read(['x']);
    await recordedSession(history, 'other', real).commit({ set: { x: 'new' } });
    const { values } = { values: (await client.read(['x'])).variables };
    expect(values[0]?.value).to.equal('old');
    expect(checkLinearizability(history, variablesModel(known)).outcome).to.equal('violated');
    const upon = { expect: { x: values[0]?.version ?? 0 }, set: { x: 'lost' } };
    expect(codeOf(await rejection(open.commit(upon)))).to.equal('conflict');
    await compareAndSet(open, ['x'], append);
    expect(await value()).to.equal('new!');
  });

  shows(
    catalogue.store.lostEvent,
    'a lost event is a gap in the revisions; watched again, it is there',
    async (world) => {
      const lost = catalogue.store.lostEvent({ when: { nth: 2 } });
      const { faulty, real, active } = await session(world, rules(lost));
      const open = await faulty.find('s');
      const from = (await real.read()).revision;
      for (const x of ['a', 'b', 'c']) await real.commit({ set: { x } });
      const see = async (after: number, events: number) => {
        const check = new WatchCheck({ from: after });
        let left = events;
        for await (const _ of check.through(open.watch({ from: after }))) {
          left -= 1;
          if (left === 0) break;
        }
        return check;
      };
      const check = await see(from, 2);
      expect(check.violations.join()).to.match(/came after revision 2: 1 are missing/);
      expect(active.status[0]?.done).to.equal(1);
      const again = await see(from, 3);
      expect(again.violations).to.deep.equal([]);
      expect(again.revision).to.equal(from + 3);
    },
  );

  inBothWorlds('an event that is told twice is told apart by its revision', async (world) => {
    const twice = plan().at('store.event', { message: 'commit' }).once().dup();
    const { faulty, real } = await session(world, twice);
    await real.commit({ set: { x: 'new' } });
    const seen: number[] = [];
    for await (const event of (await faulty.find('s')).watch({ from: 1 })) {
      if (event.type === 'commit') seen.push(event.commit.revision);
      if (seen.length === 2) break;
    }
    expect(seen).to.deep.equal([2, 2]);
  });
});
