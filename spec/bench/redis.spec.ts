import { expect } from 'chai';
import { redis } from '../../bench/redis/index.ts';
import type { Result } from '../../bench/run.ts';
import { findRedis } from '../../testing/index.ts';
import { bench, results } from '../helpers/bench-command.ts';
import { needs } from '../helpers/needs.ts';

// What the command prints, never how fast anything is: that depends on the machine, and is in docs/performance.md.

/** What is promised to be measured. */
const promised = [
  'commit vs a bare EVALSHA round trip with the same payload, time',
  'read vs bare HGETALL',
  'watch latency from commit on host A to watcher on host B vs bare publish/subscribe',
  'commits/s of 64 clients vs bare pipelined EVALSHA',
  'a tool call on Redis state vs bridged state, time',
];

describe('npm run bench -- redis --quick --json', function () {
  this.timeout(300_000);
  let lines: readonly Result[];

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    lines = results(await bench(['redis', '--quick', '--json']));
  });

  it('runs every contest of the suite, in its order', () => {
    const all = redis.contests.flatMap((contest) => contest.lines.map((line) => line.name));
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
