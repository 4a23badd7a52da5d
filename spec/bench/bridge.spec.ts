import { expect } from 'chai';
import { bridge } from '../../bench/bridge/index.ts';
import type { Result } from '../../bench/run.ts';
import { bench, results } from '../helpers/bench-command.ts';

// What the command prints, never how fast anything is: that depends on the machine, and is in docs/performance.md.

/** What is promised to be measured. */
const promised = [
  'tool calls/s, 64 callers, gRPC carrier vs unary grpc-js',
  'tool calls/s, 64 callers, gRPC carrier vs Ray async actor',
  'tool calls/s, 16 callers, Unix-socket carrier vs JSON lines over stdio',
  'tool call p50, 1 caller, gRPC carrier vs unary connect-node',
  'Python to TypeScript calls/s vs unary grpc-js server',
  'streamed items/s vs server-streaming grpc-js',
  '64 MiB argument, local, time vs raw frames',
];

describe('npm run bench -- bridge --quick --json', function () {
  this.timeout(300_000);
  let lines: readonly Result[];

  before(async () => {
    lines = results(await bench(['bridge', '--quick', '--json']));
  });

  it('runs every contest of the suite, in its order', () => {
    const all = bridge.contests.flatMap((contest) => contest.lines.map((line) => line.name));
    expect(lines.map((line) => line.name)).to.deep.equal(all);
  });

  it('has a figure of both sides, but where a baseline is not installed', () => {
    for (const line of lines) {
      expect(line.ours, line.name).to.be.a('number').that.is.greaterThan(0);
      if (line.theirs === null) expect(line.baseline).to.equal('Ray async actor');
      else expect(line.ratio, line.name).to.equal(line.ours / line.theirs);
    }
  });

  for (const name of promised) {
    it(`measures '${name}'`, () => {
      expect(lines.filter((line) => line.name === name)).to.have.length(1);
    });
  }
});
