import { expect } from 'chai';
import { changeLines } from '../../../devtools/cli/commands/diff.ts';
import { stateDiff } from '../../../devtools/cli/state-diff.ts';
import type { Preview } from '../../../devtools/protocol/index.ts';
import { plain } from '../../../devtools/report/paint.ts';

const object = (values: Readonly<Record<string, Preview>>): Preview => ({
  $: 'object',
  size: Object.keys(values).length,
  entries: Object.entries(values),
});
const lines = (before: Preview, after: Preview) =>
  stateDiff(before, after).flatMap((change) => changeLines(change, plain));

describe('what changed in a state', () => {
  it('is nothing where both are alike', () => {
    expect(stateDiff(object({ a: 1 }), object({ a: 1 }))).to.deep.equal([]);
  });

  it('is named by the keys that lead there', () => {
    const before = object({ a: 1, gone: 'x', inner: object({ deep: object({ n: 1 }), same: true }) });
    const after = object({ a: 2, inner: object({ deep: object({ n: 2 }), same: true }), more: null });
    expect(lines(before, after)).to.deep.equal(['~ a: 1 → 2', '- gone: "x"', '~ inner.deep.n: 1 → 2', '+ more: null']);
  });

  it('is the whole where it became something else', () => {
    expect(lines(1, object({}))).to.deep.equal(['~ state: 1 → {}']);
    expect(lines({ $: 'array', size: 1, entries: [['0', 1]] }, object({ 0: 1 }))).to.deep.equal([
      '~ state: [1] → {"0": 1}',
    ]);
  });

  it('is told where it lies behind the end of a preview', () => {
    const cut = (size: number): Preview => ({ $: 'array', size, entries: [['0', 1]] });
    expect(lines(object({ items: cut(10) }), object({ items: cut(11) }))).to.deep.equal([
      '~ items: [1, … 9 more] → [1, … 10 more]',
    ]);
  });
});
