import { expect } from 'chai';
import { From } from '../../../../actors/core/index.ts';
import { OpenCalls } from '../../../../actors/core/isolation/open-calls.ts';

describe('calls between two threads', () => {
  it('are forgotten, and told of, when nobody waits for them any more', () => {
    const abandoned: number[] = [];
    const calls = new OpenCalls({ reply: () => {}, abandon: (numbers) => abandoned.push(...numbers) });
    const froms = Array.from({ length: 64 }, () => new From());
    const numbers = froms.map((from) => calls.ask(from));
    for (const from of froms.slice(1)) from.abandon();
    calls.ask(new From());
    expect(abandoned).to.deep.equal(numbers.slice(1));
    expect(calls.asked(numbers[0] as number)).to.equal(froms[0]);
  });

  it('are answered once, and not at all when they have been given up', () => {
    const answers: unknown[] = [];
    const calls = new OpenCalls({ reply: (from, _ok, value) => answers.push([from.number, value]), abandon: () => {} });
    calls.called(1).reply('a');
    const second = calls.called(2);
    expect(calls.called(2)).to.equal(second);
    calls.abandoned([2]);
    second.reply('b');
    expect(answers).to.deep.equal([[1, 'a']]);
  });
});
