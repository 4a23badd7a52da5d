import { expect } from 'chai';
import { nodeRuntime } from '../../../actors/core/index.ts';
import { largest } from '../../../devtools/inspect/largest.ts';
import { Pace, pieceSteps } from '../../../devtools/inspect/pace.ts';
import { TurnCount } from '../../helpers/turn-count.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('the pace of what is done for each of many', () => {
  const { clock, turns } = nodeRuntime();

  it('lets the event loop have its turn after each piece, and takes all in order', async () => {
    const pace = new Pace(clock, turns);
    const taken: number[] = [];
    using turnsSince = new TurnCount();
    await pace.each(numbers(pieceSteps * 3), (one) => taken.push(one));
    expect(turnsSince.count).to.be.at.least(2);
    expect(taken).to.deep.equal(numbers(pieceSteps * 3));
  });

  it('does little at once', async () => {
    const pace = new Pace(clock, turns);
    const taken: number[] = [];
    const done = pace.each(numbers(10), (one) => taken.push(one));
    expect(taken).to.have.length(10);
    await done;
  });

  it('gives a turn one piece, however many work', async () => {
    const pace = new Pace(clock, turns);
    let inTurn = 0;
    let most = 0;
    using _turns = new TurnCount(() => {
      inTurn = 0;
    });
    const work = () =>
      pace.each(numbers(pieceSteps * 2), () => {
        inTurn += 1;
        most = Math.max(most, inTurn);
      });
    await Promise.all([work(), work(), work()]);
    expect(most).to.be.at.most(pieceSteps);
  });

  it('ends with what it throws, and others go on', async () => {
    const pace = new Pace(clock, turns);
    const failed = pace.each(numbers(pieceSteps * 2), (one) => {
      if (one === pieceSteps) throw new Error('broken');
    });
    let taken = 0;
    const other = pace.each(numbers(pieceSteps), () => {
      taken += 1;
    });
    const reasons = await Promise.allSettled([failed, other]);
    expect(reasons.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
    expect(taken).to.equal(pieceSteps);
  });
});

describe('the largest of many', () => {
  it('are those that a stable sort puts on the page, on every page', () => {
    const values = numbers(200).map((at) => (at * 7919) % 13);
    const sorted = numbers(200).sort((one, other) => (values[other] as number) - (values[one] as number));
    for (const limit of [7, 100, 1_000]) {
      for (let offset = 0; offset < 220; offset += limit) {
        expect(largest(values, offset, limit)).to.deep.equal(sorted.slice(offset, offset + limit));
      }
    }
  });

  it('are none of none, and none beyond the end', () => {
    expect(largest([], 0, 10)).to.deep.equal([]);
    expect(largest([1, 2], 2, 10)).to.deep.equal([]);
  });
});
