import { expect } from 'chai';
import { treeLines } from '../../../devtools/cli/commands/tree.ts';
import { plain } from '../../../devtools/report/paint.ts';
import { treeRow } from '../../helpers/actor-row.ts';

const draw = (rows: Parameters<typeof treeLines>[0], columns?: number) =>
  treeLines(rows, { paint: plain, columns, nowMs: 1_000 });

describe('the tree as text', () => {
  const rows = [
    treeRow('app', { kind: 'supervisor', strategy: 'one_for_one', budget: { used: 1, max: 3, periodMs: 5_000 } }),
    treeRow('app/first', { mailbox: 1_200, rssBytes: 3 * 1024 * 1024 }),
    treeRow('app/jobs', { kind: 'supervisor', strategy: 'rest_for_one' }),
    treeRow('app/jobs/a', { pid: 'app/jobs/a#3', restarts: 2, dropped: 4 }),
    treeRow('app/jobs/b', { pid: null, status: 'down', backoffUntilAtMs: 2_500 }),
    treeRow('app/last', { status: 'suspended' }),
  ];

  it('has one actor a line, with its branches, its incarnation and what is not as usual', () => {
    expect(draw(rows)).to.deep.equal([
      'app#1  one_for_one, budget 1/3',
      '├─ first#1  server, mailbox 1,200, 3 MB',
      '├─ jobs#1  rest_for_one',
      '│  ├─ a#3  server, restarts 2, dropped 4',
      '│  └─ b  restarting in 1.5 s, server',
      '└─ last#1  suspended, server',
    ]);
  });

  it('begins at the left where a branch is shown alone', () => {
    expect(draw(rows.slice(2, 4))).to.deep.equal(['jobs#1  rest_for_one', '└─ a#3  server, restarts 2, dropped 4']);
  });

  it('is no wider than the terminal', () => {
    for (const line of draw(rows, 20)) expect(line.length, line).to.be.at.most(20);
  });

  it('draws 20,000 actors at once', () => {
    const many = Array.from({ length: 20_000 }, (_, nth) => treeRow(`app/a${nth}`));
    expect(draw([treeRow('app'), ...many]).at(-1)).to.equal('└─ a19999#1  server');
  });
});
