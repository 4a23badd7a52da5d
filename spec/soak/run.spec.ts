import { expect } from 'chai';
import { runSoak, type SoakOptions } from './run.ts';
import { laps, type Scenario } from './scenario.ts';

const scenario = (name: string, run: Scenario['run'], missing?: string): Scenario => ({
  name,
  what: name,
  run,
  missing: () => missing,
});

async function ran(scenarios: readonly Scenario[], options: Partial<SoakOptions> = {}) {
  const [printed, said]: [string[], string[]] = [[], []];
  const outcome = await runSoak({
    suite: 'suite',
    scenarios,
    seed: 7,
    minutes: undefined,
    json: false,
    print: (line) => printed.push(line.replace(/in [\d.]+ s/, 'in 0 s')),
    say: (line) => said.push(line),
    ...options,
  });
  return { outcome, printed, said };
}

const good = scenario('good', async ({ seed, say }) => {
  say('half of it');
  return { seed, calls: 12_345, killed: { 'w-1': 2 }, told: '1 / 2 / 3 ms', wrong: [] };
});
const bad = scenario('bad', async () => ({ calls: 1, wrong: ['one is missing', 'another came twice'] }));
const broken = scenario('broken', () => Promise.reject(new Error('no such pool')));
const lacking = scenario('lacking', () => Promise.reject(new Error('it was run')), 'openssl');

describe('a soak', () => {
  it('prints the figures of each scenario, and what was wrong, and goes on after a failure', async () => {
    const { outcome, printed, said } = await ran([bad, broken, lacking, good]);
    expect(outcome).to.deep.equal({ passed: 1, failed: 2, skipped: 1, stands: false });
    expect(said).to.deep.equal(['  good: half of it']);
    const [stack = ''] = printed.splice(4, 1);
    expect(stack).to.match(/^ {2}it ended with Error: no such pool\n/);
    expect(printed).to.deep.equal([
      'bad: FAILED in 0 s: calls 1',
      '  one is missing',
      '  another came twice',
      'broken: FAILED in 0 s',
      'lacking: skipped, missing openssl',
      'good: passed in 0 s: seed 7, calls 12,345, killed {"w-1":2}, told 1 / 2 / 3 ms',
    ]);
  });

  it('prints one JSON object a line where that is wanted', async () => {
    const { printed } = await ran([bad, lacking], { json: true });
    const { seconds, ...first } = JSON.parse(printed[0] ?? '') as Record<string, unknown>;
    expect(seconds).to.be.a('number');
    const wrong = ['one is missing', 'another came twice'];
    expect(first).to.deep.equal({ suite: 'suite', name: 'bad', passed: false, figures: { calls: 1 }, wrong });
    expect(JSON.parse(printed[1] ?? '')).to.deep.equal({ suite: 'suite', name: 'lacking', skipped: 'openssl' });
  });

  it('fails a scenario that stands still, says where, and runs nothing after it', async () => {
    const standing = scenario('standing', ({ say }) => {
      say('round 3');
      return new Promise(() => {});
    });
    const { outcome, printed } = await ran([standing, good], { patienceMs: 20 });
    expect(outcome).to.deep.equal({ passed: 0, failed: 1, skipped: 0, stands: true });
    expect(printed).to.deep.equal(['standing: FAILED in 0 s', '  it stands still since: round 3']);
  });
});

describe('laps', () => {
  it('are so many, or as many as fit into so many minutes', () => {
    expect([...laps(3)]).to.deep.equal([0, 1, 2]);
    const begunMs = performance.now();
    const last = [...laps({ minutes: 0.05 / 60 })].at(-1);
    expect(performance.now() - begunMs).to.be.at.least(50);
    expect(last).to.be.greaterThan(0);
  });
});
