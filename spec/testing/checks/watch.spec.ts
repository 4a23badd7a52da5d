import { expect } from 'chai';
import fc from 'fast-check';
import {
  bridgedState,
  type Commit,
  declare,
  integer,
  type Snapshot,
  type Variable,
  type WatchEvent,
} from '../../../actors/state/index.ts';
import { WatchCheck, type WatchCheckOptions } from '../../../testing/checks/watch.ts';
import { startState } from '../../helpers/state-system.ts';

const variable = (name: string, version: number): Variable => ({
  ...{ name, version, value: version, type: 'integer', constraints: {}, description: '' },
});
const snapshot = (revision: number, variables: Variable[] = [], epoch = 1): Snapshot => ({
  ...{ sessionId: 's', epoch, revision, variables },
});
const commit = (revision: number, name = 'a', epoch = 1): WatchEvent & { readonly commit: Commit } => ({
  type: 'commit',
  commit: {
    ...{ sessionId: 's', epoch, revision, removed: [], writer: 'w', committedAtMs: 0 },
    written: [variable(name, revision)],
  },
});
const first = (revision: number, epoch = 1): WatchEvent => ({
  type: 'snapshot',
  snapshot: snapshot(revision, [], epoch),
});
const folded = (after: number, upTo: number, revision = upTo): WatchEvent => ({
  type: 'snapshot',
  snapshot: snapshot(revision),
  folded: { after, upTo },
});

function judged(events: readonly WatchEvent[], options?: WatchCheckOptions): readonly string[] {
  const check = new WatchCheck(options);
  for (const event of events) check.see(event);
  return check.violations;
}

describe('WatchCheck', () => {
  const right: Readonly<Record<string, readonly [events: WatchEvent[], options?: WatchCheckOptions]>> = {
    'a snapshot, then every commit': [[first(3), commit(4), commit(5)]],
    'every commit after a revision': [[commit(8), commit(9)], { from: 7 }],
    'a snapshot in place of what is no longer kept': [[first(1), commit(2), folded(2, 90), commit(91)]],
    'a snapshot of another epoch after a rewind': [[first(9), first(4, 2), commit(5, 'a', 2)]],
    'commits that touch the names only': [[first(1), commit(5), commit(9)], { names: ['a'] }],
    'doubles where they may come': [[first(1), commit(2), commit(2), commit(3)], { doubles: true }],
  };
  for (const [what, [events, options]] of Object.entries(right)) {
    it(`has nothing against ${what}`, () => {
      expect(judged(events, options)).to.deep.equal([]);
    });
  }

  const wrong: Readonly<Record<string, readonly [events: WatchEvent[], said: string, options?: WatchCheckOptions]>> = {
    'a gap': [[first(3), commit(4), commit(6)], 'revision 6 came after revision 4: 1 are missing'],
    'a double': [[first(3), commit(4), commit(4)], 'revision 4 came after revision 4'],
    'the wrong order': [[first(3), commit(5), commit(4)], 'revision 4 came after revision 5'],
    'a commit before a snapshot': [[commit(1)], 'revision 1 came before a snapshot'],
    'a gap right after the revision it was to begin with': [
      [commit(9)],
      'revision 9 came after revision 7: 1 are missing',
      { from: 7 },
    ],
    'a snapshot in the middle without a mark': [
      [first(1), commit(2), first(9)],
      'a snapshot of revision 9 came after revision 2 without a mark',
    ],
    'a mark that begins elsewhere': [
      [first(1), folded(3, 9)],
      'a snapshot of revision 9 stands for what is after 3, and came after revision 1',
    ],
    'a mark that ends elsewhere': [[first(1), folded(1, 8, 9)], 'a snapshot of revision 9 is marked as up to 8'],
    'another epoch without a snapshot': [
      [first(1), commit(2, 'a', 2)],
      'revision 2 of epoch 2 came without a snapshot of it',
    ],
    'a name that was not asked for': [
      [first(1), commit(2, 'b')],
      'b in revision 2 was not asked for',
      { names: ['a'] },
    ],
  };
  for (const [what, [events, said, options]] of Object.entries(wrong)) {
    it(`tells ${what}`, () => {
      expect(judged(events, options)).to.include(said);
    });
  }

  it('finds any one event that is missing, doubled or swapped', () => {
    const property = fc.property(fc.nat(20), fc.nat(18), fc.constantFrom('drop', 'double', 'swap'), (from, at, how) => {
      const events: WatchEvent[] = Array.from({ length: 20 }, (_, i) => commit(from + i + 1));
      if (how === 'drop') events.splice(at, 1);
      else if (how === 'double') events.splice(at, 0, events[at] as WatchEvent);
      else events.splice(at, 2, events[at + 1] as WatchEvent, events[at] as WatchEvent);
      expect(judged(events, { from })).to.not.deep.equal([]);
    });
    fc.assert(property);
  });

  it('compares what it has seen with a reading', () => {
    const check = new WatchCheck();
    for (const event of [first(1), commit(2), commit(3, 'b')]) check.see(event);
    expect(check.compare(snapshot(3, [variable('a', 2), variable('b', 3)]))).to.deep.equal([]);
    expect(check.compare(snapshot(3, [variable('a', 1)]))).to.deep.equal([
      'a is 1 of version 1, and by the watch 2 of version 2',
      'b is absent, and by the watch 3 of version 3',
    ]);
  });

  it('has nothing against a real watch, whatever is killed below it', async () => {
    const state = await startState();
    try {
      const session = await bridgedState().connect(state.host).open('s');
      await session.commit({ declare: declare({ a: integer(), b: integer() }) });
      const check = new WatchCheck();
      const reading = (async () => {
        for await (const event of check.through(session.watch())) {
          if (event.type === 'commit' && event.commit.written.some(({ value }) => value === 40)) return;
        }
      })();
      for (let value = 1; value <= 40; value += 1) {
        await session.commit({ set: { a: value, b: -value } });
        if (value % 10 === 0) state.kill('app/ophion/observers');
        if (value % 15 === 0) state.kill('app/ophion/store');
      }
      await reading;
      expect(check.compare(await session.read())).to.deep.equal([]);
    } finally {
      await state.stop();
    }
  });
});
