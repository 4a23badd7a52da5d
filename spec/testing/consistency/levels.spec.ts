import { expect } from 'chai';
import {
  checkConvergence,
  checkMonotonicReads,
  checkNoLostWrite,
  checkReadYourWrites,
} from '../../../testing/consistency/levels.ts';
import { History } from '../../../testing/history.ts';
import type { VariablesOp, VariablesResult } from '../../../testing/models/variables.ts';

type Line =
  | readonly [client: string, 'read', revision: number, value: string, version: number]
  | readonly [client: string, 'commit', revision: number, value: string]
  | readonly [client: string, 'unknown', value: string]
  | readonly ['heal'];

/** One operation after the other, on one variable. */
function played(lines: readonly Line[]) {
  const history = new History<VariablesOp, VariablesResult>();
  let healedAt = 0;
  for (const line of lines) {
    if (line[0] === 'heal') {
      healedAt = history.now;
      continue;
    }
    const [client, what] = line;
    const value = String(what === 'unknown' ? line[2] : line[3]);
    const op: VariablesOp =
      what === 'read'
        ? { type: 'read', session: 's' }
        : { type: 'commit', session: 's', request: { set: { x: value } } };
    const invocation = history.invoke(client, op);
    if (what === 'unknown') invocation.unknown();
    else {
      const version = what === 'read' ? line[4] : line[2];
      invocation.ok({ revision: line[2] as number, values: { x: { value, version: version as number } } });
    }
  }
  return { history, healedAt };
}

const right: readonly Line[] = [
  ['a', 'commit', 1, 'one'],
  ['a', 'read', 1, 'one', 1],
  ['b', 'commit', 2, 'two'],
  ['a', 'unknown', 'three'],
  ['a', 'read', 2, 'two', 2],
  ['heal'],
  ['b', 'read', 3, 'three', 3],
  ['a', 'read', 3, 'three', 3],
];

const levels = {
  'read-your-writes': (lines: readonly Line[]) => checkReadYourWrites(played(lines).history),
  'monotonic reads': (lines: readonly Line[]) => checkMonotonicReads(played(lines).history),
  'no lost write': (lines: readonly Line[]) => checkNoLostWrite(played(lines).history),
  convergence: (lines: readonly Line[]) => {
    const { history, healedAt } = played(lines);
    return checkConvergence(history, healedAt);
  },
} as const;

/** What each planted history is wrong for, and what is said; it is right for all levels that are not named. */
const planted: readonly {
  readonly what: string;
  readonly lines: readonly Line[];
  readonly said: Partial<Record<keyof typeof levels, RegExp>>;
}[] = [
  {
    what: 'a cache that is behind its own commit',
    lines: [
      ...right,
      ['a', 'commit', 4, 'four'],
      ['a', 'read', 4, 'four', 4],
      ['b', 'read', 4, 'four', 4],
      ['a', 'read', 3, 'three', 3],
    ],
    said: {
      'read-your-writes': /^a in session s read revision 3 after it had written 4$/,
      'monotonic reads': /^a in session s read revision 3 after it had read 4$/,
      'no lost write': /^revision 4 of a in session s is lost: a read 3$/,
      convergence: /^session s is at revision 4 for a, and at 3 for a$/,
    },
  },
  {
    what: 'a replica that is behind what was read',
    lines: [
      ['a', 'commit', 1, 'one'],
      ['a', 'commit', 2, 'two'],
      ['b', 'read', 2, 'two', 2],
      ['b', 'read', 1, 'one', 1],
      ['a', 'commit', 3, 'three'],
      ['heal'],
      ['a', 'read', 3, 'three', 3],
      ['b', 'read', 3, 'three', 3],
    ],
    said: { 'monotonic reads': /^b in session s read revision 1 after it had read 2$/ },
  },
  {
    what: 'a failover that gives a revision twice',
    lines: [
      ['a', 'commit', 1, 'one'],
      ['b', 'commit', 1, 'other'],
      ['heal'],
      ['a', 'read', 1, 'other', 1],
      ['b', 'read', 1, 'other', 1],
    ],
    said: { 'no lost write': /^b in session s and a were both told that theirs is revision 1$/ },
  },
  {
    what: 'a merge that forgets one variable',
    lines: [
      ['a', 'commit', 1, 'one'],
      ['b', 'commit', 2, 'two'],
      ['heal'],
      ['a', 'read', 2, 'one', 1],
      ['b', 'read', 2, 'one', 1],
    ],
    said: { 'no lost write': /^revision 2 of b in session s is lost: a read 2$/ },
  },
  {
    what: 'two hosts that go apart',
    lines: [['a', 'commit', 1, 'one'], ['heal'], ['a', 'read', 1, 'one', 1], ['b', 'read', 1, 'other', 1]],
    said: { convergence: /^session s is at revision 1 for a, and at 1 for b$/ },
  },
  {
    what: 'a client that reads no more',
    lines: [['b', 'read', 1, 'zero', 1], ['a', 'commit', 2, 'one'], ['heal'], ['a', 'read', 2, 'one', 2]],
    said: { convergence: /^b does not read session s when all is healed and written$/ },
  },
];

describe('levels of consistency', () => {
  for (const [level, check] of Object.entries(levels)) {
    it(`${level} takes what is right`, () => expect(check(right)).to.deep.equal([]));
  }
  for (const { what, lines, said } of planted) {
    it(`tell ${what}`, () => {
      for (const [level, check] of Object.entries(levels)) {
        const expected = said[level as keyof typeof levels];
        const found = check(lines);
        if (expected !== undefined) expect(found[0], level).to.match(expected);
        else expect(found, level).to.deep.equal([]);
      }
    });
  }

  it('say that nothing is known of writes that nobody reads', () => {
    expect(checkNoLostWrite(played([['a', 'commit', 1, 'one']]).history)).to.deep.equal([
      'nobody reads session s after its last commit',
    ]);
  });
});
