import { expect } from 'chai';
import type { Result } from '../../bench/run.ts';
import { workers } from '../../bench/workers/index.ts';
import { bench, results } from '../helpers/bench-command.ts';

// What the command prints, never how fast anything is: that depends on the machine, and is in docs/performance.md.

/** What is promised to be measured. */
const promised = [
  'envelope round trips/s with 64 callers over gRPC vs unary grpc-js',
  'envelope round trips/s with 64 callers over the Unix-socket carrier vs raw frames',
  "p50 with 1 caller over gRPC vs unary connect-node's",
  'worker kill to next reply with a warm spare',
  "bare worker spawn to ready vs bare `python3 -c ''` plus `import grpc`",
];
const baselines = [
  'unary connect-node',
  'unary grpc-js',
  'JSON lines over stdio',
  'raw frames on a Unix socket',
  "python3 -c 'import grpc'",
];

describe('npm run bench -- workers --quick --json', function () {
  this.timeout(180_000);
  let lines: readonly Result[];

  before(async () => {
    lines = results(await bench(['workers', '--quick', '--json']));
  });

  it('prints one JSON object a line, each with the same eight members and a figure of both sides', () => {
    for (const line of lines) {
      const members = ['suite', 'name', 'ours', 'baseline', 'theirs', 'ratio', 'value', 'unit'];
      expect(Object.keys(line), line.name).to.deep.equal(members);
      expect(line.suite).to.equal('workers');
      expect(line.ours, line.name).to.be.a('number').that.is.greaterThan(0);
      expect(line.theirs, line.name).to.be.a('number').that.is.greaterThan(0);
      expect(line.ratio, line.name).to.equal(line.ours / (line.theirs as number));
      expect(line.value, line.name).to.equal(line.ours);
    }
  });

  it('runs every contest of the suite, in its order', () => {
    const all = workers.contests.flatMap((contest) => contest.lines.map((line) => line.name));
    expect(lines.map((line) => line.name)).to.deep.equal(all);
  });

  for (const name of promised) {
    it(`measures '${name}'`, () => {
      expect(lines.filter((line) => line.name === name)).to.have.length(1);
    });
  }

  for (const baseline of baselines) {
    it(`stands beside ${baseline}`, () => {
      expect(lines.some((line) => line.baseline === baseline)).to.equal(true);
    });
  }
});
