import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { RequestError, requestOf } from './request.ts';
import type { Scenario } from './scenario.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scenario = (name: string, what: string): Scenario => ({ name, what, run: async () => ({ wrong: [] }) });
const suites = { small: [scenario('one', 'the first'), scenario('second', 'the other')] };

describe('npm run soak', () => {
  it('runs a whole suite, or some of it, as it is asked to', () => {
    expect(requestOf(['small'], suites)).to.deep.equal({
      suite: 'small',
      scenarios: suites.small,
      seed: 1,
      minutes: undefined,
      json: false,
    });
    const request = requestOf(['small', '--only', 'second', '--seed', '7', '--minutes', '0.5', '--json'], suites);
    expect(request).to.deep.include({ scenarios: suites.small.slice(1), seed: 7, minutes: 0.5, json: true });
  });

  for (const [args, said] of [
    [[], 'which suite?'],
    [['nothing'], "there is no suite 'nothing'"],
    [['constructor'], "there is no suite 'constructor'"],
    [['small', 'state'], "one suite at a time, not 'state' as well"],
    [['small', '--only', 'nothing'], '--only nothing: no scenario of small'],
    [['small', '--seed', 'x'], '--seed x: not a whole number'],
    [['small', '--minutes', '0'], '--minutes 0: not a number of minutes'],
    [['small', '--quick'], "Unknown option '--quick'"],
  ] as const) {
    it(`says what is wrong and what there is when it is given: ${args.join(' ') || 'no suite'}`, () => {
      expect(() => requestOf(args, suites))
        .to.throw(RequestError)
        .with.property('message')
        .that.satisfies((message: string) => message.startsWith(`soak: ${said}`))
        .and.includes('\nsmall\n  one     the first\n  second  the other');
    });
  }

  it('exits with 2 then', () => {
    const args = ['--import', 'tsx', 'spec/soak/main.ts', 'workers', '--only', 'nothing'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    expect(stderr).to.match(/^workers\n {2}crash-storm {2,}30 times/m);
  }).timeout(60_000);
});
