import { expect } from 'chai';
import { explore } from '../../testing/explore/explore.ts';
import { type Input, makeInput } from '../explore/input.ts';
import { makePlan } from '../explore/plans.ts';
import { scenario } from '../explore/scenario.ts';
import { finds } from './finds.ts';
import { plantedBugs } from './index.ts';

const within = 500;
/** One bug has many faces: what is said first need not be the plainest. */
const maxFailures = 5;
const search = (seeds: number) =>
  explore<Input>({ seeds, input: makeInput, plan: makePlan, twice: false, maxFailures, shrunk: 0 }, scenario);

describe('the exploration of our own system', () => {
  it('finds nothing where nothing is planted', async () => {
    const { failures, coverage } = await explore<Input>({ seeds: 100, input: makeInput, plan: makePlan }, scenario);
    expect(failures.map(({ seed, statement }) => `seed ${seed}: ${statement}`)).to.deep.equal([]);
    // A new point is not tested before a rule of spec/explore/plans.ts has a fault there.
    expect(coverage.silentPoints).to.deep.equal([]);
    expect(coverage.missing.filter((place) => /^restart\/|^supervisor\/|^exit\/(?!os_)/.test(place))).to.deep.equal([]);
  }).timeout(120_000);

  for (const [name, bug] of Object.entries(plantedBugs)) {
    it(`finds a planted ${name} within ${within} seeds`, () =>
      finds(bug, async () => {
        const { failures } = await search(within);
        return failures.map(({ statement }) => statement);
      })).timeout(180_000);
  }
});
