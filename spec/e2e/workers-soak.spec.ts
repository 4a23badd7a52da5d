/** The small runs of `npm run soak -- workers`; those of sweeps and stream cuts are in orphans-swept.spec.ts and stream-cuts.spec.ts. */
import { expect } from 'chai';
import { needs } from '../helpers/needs.ts';
import { crashStorm } from '../soak/crash-storm.ts';
import { failStarts } from '../soak/failed-starts.ts';
import { cutOff, missingForTls } from '../soak/host-cut-off.ts';
import { killHosts } from '../soak/host-killed.ts';
import { missingFor, refuseSpawns } from '../soak/refused-spawns.ts';
import { callRudely } from '../soak/rude-calls.ts';
import { startAndStop } from '../soak/start-and-stop.ts';

describe('a pool in a storm of crashes', function () {
  this.timeout(120_000);

  it('answers all that is idempotent, runs nothing else twice, and has its size and nothing more at the end', async () => {
    const report = await crashStorm({ rounds: 4, workers: 4, callers: 8 });
    expect(report).to.deep.include({ killed: 8, wrong: [] });
    expect(report.restarts).to.equal(8);
    expect(report.answered + report.lost).to.equal(report.calls);
  });
});

describe('SIGKILL of a host with many workers', function () {
  this.timeout(120_000);

  it('leaves none of them, no guardian and no grandchild for longer than a second, whatever they do', async () => {
    const report = await killHosts({ rounds: 1, workers: 4 });
    expect(report).to.deep.include({ hosts: 4, wrong: [] });
    // Each of three hosts: four workers, and a guardian and a grandchild for each.
    expect(report.processes).to.be.at.least(3 * 4 * 3);
  });
});

describe('a tool that misbehaves', function () {
  this.timeout(120_000);

  it('has its outcome in time and costs its own worker alone: those that behave notice nothing', async () => {
    const tools = ['stop_itself', 'hold_the_lock', 'never_return', 'print_garbage', 'print_line', 'flood'];
    const report = await callRudely({ rounds: 1, megabytes: 2, tools });
    expect(report).to.deep.include({ rudeCalls: 11, wrong: [] });
    expect(report.calls).to.be.greaterThan(100);
  });
});

describe('a worker that ends before it is ready', function () {
  this.timeout(120_000);

  it('is told of by how it ended and by its last words, before it dials and while it loads', async () => {
    const report = await failStarts({ rounds: 1, ends: ['1', '143', 'SIGKILL', 'SIGSEGV'] });
    expect(report).to.deep.include({ starts: 8, wrong: [] });
  });
});

describe('a system that starts no process', function () {
  this.timeout(120_000);

  for (const [code, what] of [
    ['EACCES', 'its interpreter may not be run any more'],
    ['EAGAIN', 'the user has no room for one more process'],
    ['EMFILE', 'the host has no descriptor left'],
  ] as const) {
    it(`is told of by name, and the pool serves on and has its size again after that: ${what} (${code})`, async function () {
      const missing = missingFor(code);
      needs(this, missing === undefined, missing ?? '');
      const report = await refuseSpawns({ rounds: 1, codes: [code] });
      expect(report).to.deep.include({ hosts: 1, wrong: [] });
      expect(report.refused[code]).to.be.at.least(3);
    });
  }
});

describe('a system with many workers', function () {
  this.timeout(120_000);

  it('leaves nothing when it stops, and needs no more descriptors for that than it has', async () => {
    const report = await startAndStop({ rounds: 2, workers: 10 });
    expect(report.wrong).to.deep.equal([]);
    // Three pipes and a socket each, and what any Node process has.
    for (const most of report.descriptors) expect(most).to.be.below(10 * 5 + 60);
  });
});

describe('workers on TLS whose host is cut off', function () {
  this.timeout(120_000);

  it('end themselves within their lease, after the host has given them up, whatever they do', async function () {
    const missing = missingForTls();
    needs(this, missing === undefined, missing ?? '');
    expect(await cutOff({ rounds: 1 })).to.deep.include({ cut: 3, wrong: [] });
  });
});
