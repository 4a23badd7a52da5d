import { expect } from 'chai';
import { OutcomeCheck } from '../../../testing/checks/outcomes.ts';
import { rejection } from '../../../testing/index.ts';

async function* items(...values: readonly unknown[]) {
  for (const value of values) {
    if (value instanceof Error) throw value;
    yield value;
  }
}

async function read(stream: AsyncIterable<unknown>, max = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of stream) {
    all.push(item);
    if (all.length >= max) break;
  }
  return all;
}

describe('OutcomeCheck', () => {
  it('has nothing against calls that end once, and passes on what they answer', async () => {
    const check = new OutcomeCheck();
    const error = new Error('no');
    expect(await check.call('one', async () => 1)).to.equal(1);
    expect(await rejection(check.call('two', () => Promise.reject(error)))).to.equal(error);
    expect(check.finish()).to.deep.equal([]);
  });

  it('has nothing against streams that are read whole, broken off, or left', async () => {
    const check = new OutcomeCheck();
    expect(await read(check.stream('whole', items(1, 2), [1, 2]))).to.deep.equal([1, 2]);
    await rejection(read(check.stream('broken', items(1, new Error('no')), [1, 2])));
    await read(check.stream('left', items(1, 2, 3), [1, 2, 3]), 1);
    expect(check.finish()).to.deep.equal([]);
  });

  it('tells a call that has no outcome', () => {
    const check = new OutcomeCheck();
    void check.call('hangs', () => new Promise(() => {}));
    expect(check.violations).to.deep.equal([]);
    expect(check.finish()).to.deep.equal(['hangs has no outcome']);
  });

  it('tells a second outcome, and an item after the end', () => {
    const check = new OutcomeCheck();
    const begun = check.begin('call');
    begun.ended('rejected');
    begun.ended('fulfilled');
    begun.item('late');
    expect(check.violations).to.deep.equal([
      'call was fulfilled after it was rejected',
      'call yielded "late" after it was rejected',
    ]);
  });

  const wrong: Readonly<Record<string, readonly [got: number[], said: string]>> = {
    'an item that is missing': [[1, 3], 's yielded 3 as item 1, where 2 was due'],
    'an item that came twice': [[1, 1, 2, 3], 's yielded 1 as item 1, where 2 was due'],
    'more than was due': [[1, 2, 3, 4], 's yielded 4 as item 3, where nothing more was due'],
    'an end before the last': [[1, 2], 's was fulfilled after 2 of 3 items'],
  };
  for (const [what, [got, said]] of Object.entries(wrong)) {
    it(`tells ${what}`, async () => {
      const check = new OutcomeCheck();
      await read(check.stream('s', items(...got), [1, 2, 3]));
      expect(check.finish()).to.include(said);
    });
  }
});
