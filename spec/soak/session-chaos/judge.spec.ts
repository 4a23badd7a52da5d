import { expect } from 'chai';
import type { Commit, StateSession, Variable } from '../../../actors/state/index.ts';
import { judge } from './judge.ts';
import { CommitLog } from './log.ts';
import type { Asked, Recorded, Told } from './records.ts';

const variable = (name: string, value: Variable['value'], version: number): Variable =>
  ({ name, type: typeof value === 'string' ? 'string' : 'json', value, version, constraints: {} }) as Variable;
const first = [variable('n', { n: 0, by: 'first' }, 1), variable('p', 'first', 1), variable('q', 'first', 1)];

/** What was committed, by what each commit has set. */
async function logOf(...sets: readonly Readonly<Record<string, Variable['value']>>[]): Promise<CommitLog> {
  const commits = sets.map((set, n) => ({
    sessionId: 's',
    epoch: 1,
    revision: n + 2,
    written: Object.entries(set).map(([name, value]) => variable(name, value, n + 2)),
    removed: [],
    writer: 'typescript',
    committedAtMs: 0,
  })) satisfies readonly Commit[];
  const revision = commits.length + 1;
  const history = async () => ({ epoch: 1, revision, first: 2, commits });
  const log = new CommitLog({ history } as unknown as StateSession, {
    sessionId: 's',
    epoch: 1,
    revision: 1,
    variables: first,
  });
  await log.catchUp();
  return log;
}

const set = (values: Readonly<Record<string, string>>): Asked => ({ type: 'commit', request: { set: values } });
const read: Asked = { type: 'read' };
const seen = (revision: number, p: string, q: string, at = revision): Told => ({
  type: 'read',
  revision,
  values: {
    n: { value: { n: 0, by: 'first' }, version: 1 },
    p: { value: p, version: at },
    q: { value: q, version: at },
  },
});

/** An operation from one moment to another. */
const at = (startNs: number, endNs: number, token: string, asked: Asked, told: Told, more: Partial<Recorded> = {}) =>
  ({ client: `c${token}`, language: 'typescript', kind: 'k', token, asked, told, startNs, endNs, ...more }) as Recorded;
const python = (client: string): Partial<Recorded> => ({ client, language: 'python' });

const a = set({ p: 'a', q: 'a' });
const b = set({ p: 'b', q: 'b' });
const done = (revision: number): Told => ({ type: 'committed', revision });
const refused: Told = { type: 'refused', code: 'conflict', revision: 1, found: { p: 1 } };
const unknown: Told = { type: 'unknown', why: 'lost' };
const never = Number.POSITIVE_INFINITY;

describe('the judge of the soak of session state', () => {
  for (const [what, records] of [
    ['what was answered, in the order in which it happened', [at(1, 2, 'a', a, done(2)), at(3, 4, 'b', b, done(3))]],
    ['what is unknown and has happened', [at(1, 2, 'a', a, done(2)), at(3, never, 'b', b, unknown)]],
    [
      'what is unknown and has not happened',
      [at(1, 2, 'a', a, done(2)), at(3, 4, 'b', b, done(3)), at(3, never, 'c', set({ p: 'c' }), unknown)],
    ],
    [
      'a conflict with what there was',
      [at(1, 2, 'c', set({ p: 'c' }), refused), at(3, 4, 'a', a, done(2)), at(5, 6, 'b', b, done(3))],
    ],
    [
      'a reading of a worker that is behind, but not behind the begin of its call',
      [at(1, 2, 'a', a, done(2)), at(4, 5, 'b', b, done(3)), at(6, 7, 'r', read, seen(2, 'a', 'a'), python('w'))],
    ],
  ] as const) {
    it(`takes ${what}`, async () => {
      const log = await logOf({ p: 'a', q: 'a' }, { p: 'b', q: 'b' });
      expect(judge(records, new Map([['w', 3]]), log).wrong).to.deep.equal([]);
    });
  }

  const both = [at(1, 2, 'a', a, done(2)), at(4, 5, 'b', b, done(3))];
  for (const [what, records, said] of [
    [
      'a commit that was acknowledged and is nowhere',
      [...both, at(6, 7, 'c', set({ p: 'c' }), done(4))],
      /c .* is lost/,
    ],
    [
      'one that was acknowledged as another revision',
      [at(1, 2, 'a', a, done(3)), both[1]],
      /a .* is lost: it is revision 2/,
    ],
    [
      'one that was refused and is there',
      [at(1, 2, 'a', a, refused), both[1]],
      /^a is there as revision 2, and was refused/,
    ],
    ['one that nobody asked for', [both[1]], /^a is there as revision 2/],
    ['commits in another order than they were answered', [at(6, 7, 'a', a, done(2)), both[1]], /is not linearizable/],
    ['a reading that is too old', [...both, at(6, 7, 'r', read, seen(2, 'a', 'a'))], /is not linearizable/],
    [
      'a conflict with what was there before',
      [...both, at(6, 7, 'c', set({ p: 'c' }), refused)],
      /is not linearizable/,
    ],
    [
      'a reading of two revisions',
      [...both, at(6, 7, 'r', read, seen(3, 'b', 'a'), python('w'))],
      /read revision 3 as/,
    ],
    [
      'a worker that reads what it cannot know',
      [...both, at(1, 2, 'r', read, seen(3, 'b', 'b'), python('w'))],
      /was not there yet/,
    ],
    [
      'a worker that is behind the begin of its call',
      [...both, at(6, 7, 'r', read, seen(1, 'first', 'first'), python('w'))],
      /had to see 2/,
    ],
    [
      'a worker that goes back',
      [
        ...both,
        at(6, 7, 'r', read, seen(3, 'b', 'b'), python('w')),
        at(8, 9, 's', read, seen(2, 'a', 'a'), python('w')),
      ],
      /had to see 3/,
    ],
    [
      'a worker that does not see what it has written',
      [both[0], at(4, 5, 'b', b, done(3), python('w')), at(6, 7, 's', read, seen(2, 'a', 'a'), python('w'))],
      /had to see 3/,
    ],
  ] as const) {
    it(`finds ${what}`, async () => {
      const log = await logOf({ p: 'a', q: 'a' }, { p: 'b', q: 'b' });
      const { wrong } = judge(records as readonly Recorded[], new Map([['w', 3]]), log);
      expect(wrong).to.have.lengthOf(1);
      expect(wrong[0]).to.match(said);
    });
  }

  it('finds a commit that is there twice, and an update that was lost', async () => {
    const counted = (n: number, by: string) => ({ n: { n, by } });
    const log = await logOf(counted(1, 'a'), counted(1, 'b'), counted(2, 'b'));
    const update: Asked = { type: 'update', name: 'n' };
    const { wrong } = judge([at(1, 2, 'a', update, done(2)), at(3, 4, 'b', update, done(4))], new Map(), log);
    expect(wrong).to.deep.equal([
      'b was committed twice: as revision 3 and as 4',
      'an update was lost: revision 3 counts 1 after 1',
    ]);
  });
});
