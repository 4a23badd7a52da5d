import { expect } from 'chai';
import type { Result } from '../../bench/run.ts';
import { state } from '../../bench/state/index.ts';
import { bench, results } from '../helpers/bench-command.ts';

// What the command prints, never how fast anything is: that depends on the machine, and is in docs/performance.md.

/** What is promised to be measured. */
const promised = [
  'local get vs Map.get of the same key, ops/s',
  'local commit of one variable (validated, history, watch) vs our own server call, ops/s',
  'commit from another process vs one echo tool call, time',
  'Python read of a pushed variable inside a tool vs a dict lookup, value in us',
  "durable commits/s vs lmdb's own async put of the same bytes",
  'one commit to 10,000 local watchers, value in ms',
  'bytes per open session of 10 variables beyond the values, at 100,000 sessions',
  'SessionStore crash with 100,000 sessions to next commit served, value in ms',
];

describe('npm run bench -- state --quick --json', function () {
  this.timeout(300_000);
  let lines: readonly Result[];

  before(async () => {
    lines = results(await bench(['state', '--quick', '--json']));
  });

  it('runs every contest of the suite, in its order', () => {
    const all = state.contests.flatMap((contest) => contest.lines.map((line) => line.name));
    expect(lines.map((line) => line.name)).to.deep.equal(all);
  });

  it('has a figure of both sides', () => {
    for (const line of lines) {
      expect(line.ours, line.name).to.be.a('number').that.is.greaterThan(0);
      expect(line.theirs, line.name).to.be.a('number').that.is.greaterThan(0);
    }
  });

  for (const name of promised) {
    it(`measures '${name}'`, () => {
      expect(lines.filter((line) => line.name === name)).to.have.length(1);
    });
  }
});
