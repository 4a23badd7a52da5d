import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..', '..');
const fixtures = join('spec', 'fixtures', 'leaks');

interface Run {
  readonly code: number | null;
  readonly output: string;
  /** By title: what the test failed with; undefined for one that passed. */
  readonly tests: ReadonlyMap<string, string | undefined>;
  /** Tests that were told of more than once. */
  readonly twice: readonly string[];
}

const plugin = join('testing', 'mocha', 'index.ts');
/** As a project has it that wants other limits. */
const impatient = join(fixtures, 'impatient.ts');

/** Runs mocha as a user would, and reads what it says of each test. */
async function mocha(required: string, ...args: readonly string[]): Promise<Run> {
  const options = ['--no-config', '--extension', 'ts', '--node-option', 'import=tsx', '--require', `./${required}`];
  const reporter = ['--reporter', join('spec', 'fixtures', 'leaks', 'reporter.cjs')];
  const program = join('node_modules', 'mocha', 'bin', 'mocha.js');
  const child = spawn(process.execPath, [program, ...options, ...reporter, ...args], { cwd: root });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const tests = new Map<string, string | undefined>();
  const twice: string[] = [];
  for (const line of output.split('\n').filter((one) => one.startsWith('{"title"'))) {
    const { title, error } = JSON.parse(line) as { title: string; error?: string };
    if (tests.has(title)) twice.push(title);
    tests.set(title, error);
  }
  return { code: child.exitCode, output: output + errors, tests, twice };
}

describe('mocha --require ophion/testing/mocha', () => {
  /** What each leaky test is told, and the line of the fixture that made it. */
  const leaks: Readonly<Record<string, RegExp>> = {
    'a timer': /timer of 60000 ms\n {4}made at \S*leaky\.ts:16:/,
    'an interval': /interval of 30000 ms\n {4}made at \S*leaky\.ts:20:/,
    'a server': /server on 127\.0\.0\.1:\d+\n {4}made at \S*leaky\.ts:24:/,
    'a socket': /socket to 127\.0\.0\.1:\d+\n {4}made at \S*leaky\.ts:31:/,
    'a child process': /process \d+ \(sleep 1000\)\n {4}made at \S*leaky\.ts:36:/,
    'a child process that holds nothing open': /process \d+ \(sleep 1001\)\n {4}made at \S*leaky\.ts:40:/,
    'an actor': /system with 2 actors: forgotten#1, forgotten\/one#1\n {4}made at \S*leaky\.ts:44:/,
    'a temporary folder': /temporary \/\S+\n {4}made at \S*leaky\.ts:48:/,
    'an open file': /open file \S+leaky\.ts \(descriptor \d+\)\n {4}made at \S*leaky\.ts:52:/,
    'a listener': /listener for 'SIGUSR2' on process\n {4}made at \S*leaky\.ts:56:/,
  };

  for (const mode of [[], ['--parallel', '--jobs', '2']]) {
    it(`fails each test that leaves something, by name and place, and no other${mode.length > 0 ? ', in parallel mode' : ''}`, async () => {
      const { code, tests, twice, output } = await mocha(
        impatient,
        ...mode,
        join(fixtures, 'leaky.ts'),
        join(fixtures, 'clean.ts'),
      );
      for (const [title, said] of Object.entries(leaks)) expect(tests.get(title), title).to.match(said);
      const passed = [...tests].filter(([, error]) => error === undefined).map(([title]) => title);
      expect(passed).to.have.members(['nothing', 'nothing again', 'uses what its suite has', 'tidies up in a hook']);
      expect(twice).to.deep.equal([]);
      expect(code).to.equal(Object.keys(leaks).length);
      const folder = /temporary (\/\S+)/.exec(output)?.[1];
      expect(existsSync(folder ?? '')).to.equal(false);
    }).timeout(60_000);
  }

  it('ends a run that does not end, says what holds it open, and fails it', async () => {
    const { code, output, tests } = await mocha(impatient, join(fixtures, 'hangs.ts'));
    expect([...tests.values()]).to.deep.equal([undefined]);
    expect(output).to.match(
      /something still holds the process open:\n {2}interval of 40000 ms\n {4}made at \S*hangs\.ts:2:/,
    );
    expect(code).to.equal(1);
  }).timeout(30_000);

  it('fails the run when what is around the tests leaves something', async () => {
    const { code, tests } = await mocha(impatient, join(fixtures, 'around.ts'));
    expect(tests.get('passes')).to.equal(undefined);
    const [hook] = [...tests].filter(([title]) => title.startsWith('"after all" hook'));
    expect(hook?.[1]).to.match(
      /a hook around the tests left behind:\n {2}interval of 50000 ms\n {4}made at \S*around\.ts:4:/,
    );
    expect(code).to.equal(1);
  }).timeout(30_000);

  it('has nothing against a suite that tidies up, and lets the process end', async () => {
    const { code, tests } = await mocha(plugin, join(fixtures, 'clean.ts'));
    expect([...tests.values()]).to.deep.equal([undefined, undefined]);
    expect(code).to.equal(0);
  }).timeout(30_000);
});
