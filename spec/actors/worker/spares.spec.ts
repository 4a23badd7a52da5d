import { expect } from 'chai';
import { type Hand, type Situation, staff, type Wanted } from '../../../actors/worker/spares.ts';
import { randomFrom } from '../../helpers/random-from.ts';

/** `a`: in service; `A`: with work; `s`: spare; a digit names it; `!`: due; `$`: a strict key belongs to it. */
const hands = (text: string): Hand<string>[] =>
  text
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => ({
      pid: one.slice(0, 2),
      active: /[aA]/.test(one),
      load: one.startsWith('A') ? 1 : 0,
      bound: one.includes('$'),
      due: one.includes('!') ? 'age' : undefined,
    }));
const told = (text: string, wanted: Wanted, { absent = 0, leaving = 0 } = {}) => {
  const { active, leave, start } = staff({ hands: hands(text), absent, leaving }, wanted);
  return [active.toSorted().join(' '), leave.map(({ pid, reason }) => `${pid} ${reason}`).join(', '), start];
};
const plain: Wanted = { size: 2, spares: 0, surge: 1 };
const warm: Wanted = { size: 2, spares: 1, surge: 1 };

describe('who serves', () => {
  for (const [what, text, wanted, more, active, leave, start] of [
    ['starts what is missing', '', plain, {}, '', '', 2],
    ['starts nobody for those that come back', 'a1', plain, { absent: 1 }, 'a1', '', 0],
    ['takes who is ready into service', 's1 s2', plain, {}, 's1 s2', '', 0],
    ['starts spares as well', 's1', warm, {}, 's1', '', 2],
    ['keeps a spare out of service', 'a1 a2 s3', warm, {}, 'a1 a2', '', 0],
    ['puts a spare in the place of a lost one', 'a1 s3', warm, { absent: 1 }, 'a1 s3', '', 0],
    [
      'takes who has work, and who has a key, when there are too many',
      'A1 a2 a3$',
      plain,
      { leaving: 0 },
      'A1 a3',
      'a2 scale_down',
      0,
    ],
    ['starts a replacement first', 'a1! a2', plain, {}, 'a1 a2', '', 1],
    ['waits for the replacement', 'a1! a2', plain, { absent: 1 }, 'a1 a2', '', 0],
    ['replaces when the replacement is ready', 'a1! a2 s3', plain, {}, 'a2 s3', 'a1 age', 0],
    ['replaces one after the other', 'a1! a2! s3', plain, {}, 'a2 s3', 'a1 age', 0],
    ['goes on when the one before is gone', 'a2! s3', { ...plain }, {}, 'a2 s3', '', 1],
    ['replaces by a warm spare at once and starts the next', 'A1! a2 s3', warm, {}, 'a2 s3', 'A1 age', 1],
    ['lets a due spare go', 'a1 a2 s3!', warm, {}, 'a1 a2', 's3 age', 1],
    ['lets one go first when there is no room', 'a1! a2!', { ...plain, surge: 0 }, {}, 'a2', 'a1 age', 0],
    ['lets no second one go before the first is replaced', 'a2!', { ...plain, surge: 0 }, { absent: 1 }, 'a2', '', 0],
    ['fills the place when the one without room is gone', 'a2!', { ...plain, surge: 0 }, {}, 'a2', '', 1],
    [
      'lets those go that are not wanted any more, spares first',
      'a1 a2 s3 s4',
      { size: 1, spares: 1, surge: 1 },
      {},
      'a1',
      's3 scale_down, s4 scale_down',
      0,
    ],
    ['keeps what belongs to a key', 'a1$ a2$', { size: 1, spares: 0, surge: 1 }, {}, 'a1', '', 0],
    [
      'does not go below the size for those that are not there yet',
      'a1',
      { size: 1, spares: 0, surge: 1 },
      { absent: 2 },
      'a1',
      '',
      0,
    ],
    ['has no more than the size, spares and surge at a time', 'a1', warm, { leaving: 3 }, 'a1', '', 0],
  ] as const satisfies readonly (readonly [string, string, Wanted, object, string, string, number])[]) {
    it(what, () => {
      expect(told(text, wanted, more)).to.deep.equal([active, leave, start]);
    });
  }

  it('comes to rest at the wanted size from everywhere, within its room, and never below it to replace one', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const random = randomFrom(seed);
      const upTo = (n: number) => Math.floor(random() * (n + 1));
      const wanted: Wanted = { size: 1 + upTo(3), spares: upTo(2), surge: upTo(2) };
      const cap = wanted.size + wanted.spares + wanted.surge;
      let next = 0;
      const make = (): Hand<string> => {
        next += 1;
        const due = random() < 0.4 ? 'age' : undefined;
        return { pid: `w${next}`, active: random() < 0.5, load: upTo(1), bound: false, due };
      };
      let now: Situation<string> = { hands: Array.from({ length: upTo(8) }, make), absent: upTo(3), leaving: upTo(2) };
      let rest = false;
      for (let step = 0; step < 100 && !rest; step += 1) {
        const where = `seed ${seed}, step ${step}`;
        const plan = staff(now, wanted);
        const total = now.hands.length + now.absent + now.leaving;
        expect(plan.active.length, where).to.be.at.most(wanted.size);
        expect(total + plan.start, where).to.be.at.most(Math.max(cap, total));
        if (now.hands.length >= wanted.size && wanted.spares + wanted.surge > 0)
          expect(now.hands.length - plan.leave.length, where).to.be.at.least(
            Math.min(wanted.size, now.hands.filter(({ due, active }) => due === undefined || active).length),
          );
        rest = plan.leave.length === 0 && plan.start === 0 && now.absent === 0 && now.leaving === 0;
        const left = new Set(plan.leave.map(({ pid }) => pid));
        const active = new Set(plan.active);
        const arrive = random() < 0.5 ? now.absent : 0;
        now = {
          hands: [
            ...now.hands.filter(({ pid }) => !left.has(pid)).map((hand) => ({ ...hand, active: active.has(hand.pid) })),
            ...Array.from({ length: arrive }, () => ({ ...make(), active: false, due: undefined })),
          ],
          absent: now.absent - arrive + plan.start,
          leaving: random() < 0.5 ? left.size : now.leaving + left.size,
        };
      }
      expect(rest, `seed ${seed}`).to.equal(true);
      expect(
        now.hands.filter(({ due }) => due !== undefined),
        `seed ${seed}`,
      ).to.deep.equal([]);
      expect(now.hands.length, `seed ${seed}`).to.equal(wanted.size + wanted.spares);
      expect(now.hands.filter(({ active }) => active).length, `seed ${seed}`).to.equal(wanted.size);
    }
  });
});
