import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { explore } from '../../testing/explore/explore.ts';
import { plan } from '../../testing/plan/builder.ts';
import { runOnce } from '../../testing/simulation/simulate.ts';
import { ExportTestError, exportTest } from '../../testing/trace/export-test.ts';
import { writeTrace } from '../../testing/trace/file.ts';
import { paying } from '../fixtures/till.ts';
import { command } from '../helpers/captured-io.ts';
import { useFolder } from '../helpers/use-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const testing = fileURLToPath(new URL('../../testing/index.ts', import.meta.url));
const till = fileURLToPath(new URL('../fixtures/till.ts', import.meta.url));

async function failure(options: { readonly scenario?: string } = {}) {
  const { failures } = await explore(
    { seeds: 20, input: () => ({ payments: 3 }), config: { clients: [1, 4] }, maxFailures: 1, ...options },
    paying,
  );
  const [first] = failures;
  if (first === undefined) throw new Error('it found nothing');
  return first;
}

function mocha(file: string, env: NodeJS.ProcessEnv = {}) {
  const bin = fileURLToPath(new URL('../../node_modules/mocha/bin/mocha.js', import.meta.url));
  const args = ['--import', 'tsx', bin, '--no-config', '--no-package', file];
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout };
}

describe('ophion export-test', () => {
  const path = useFolder();

  it('writes a test that fails in the same way, and passes when the bug is mended', async () => {
    const { statement, trace } = await failure({ scenario: new URL('../fixtures/till.ts', import.meta.url).href });
    expect(trace.header.scenario).to.deep.equal({ module: 'spec/fixtures/till.ts', name: 'paying', takes: 'input' });
    writeTrace(path('seed-1.trace.jsonl'), trace);
    const out = path('seed-1.spec.ts');
    const args = ['export-test', path('seed-1.trace.jsonl'), '--out', out, '--from', testing];
    expect(await command(args)).to.deep.equal({ code: 0, out: `${out}: mocha runs it\n`, err: '' });
    const failed = mocha(out);
    expect(failed.status).to.equal(1);
    expect(failed.stdout).to.include(`${statement}\n`).and.include('1 failing');
    expect(mocha(out, { TILL_MENDED: 'yes' })).to.include({ status: 0 });
    // And it does not write over what is there.
    expect(await command(args)).to.deep.equal({
      code: 1,
      out: '',
      err: `ophion: ${out} is there; --force writes over it\n`,
    });
    expect((await command([...args, '--force', '--json'])).out).to.equal(`${JSON.stringify({ file: out })}\n`);
  }).timeout(60_000);

  it('takes the scenario from the command line when the trace does not know it, and writes to stdout', async () => {
    const { trace } = await failure();
    const file = path('seed-2.trace.jsonl');
    writeTrace(file, trace);
    const unsaid = await command(['export-test', file, '--out', '-']);
    expect(unsaid.code).to.equal(1);
    expect(unsaid.err).to.match(/^ophion: the trace does not say which scenario it is of/);
    const { code, out } = await command(['export-test', file, '--out', '-', '--scenario', `${till}#paying`]);
    expect(code).to.equal(0);
    expect(out).to.include("import { paying } from './spec/fixtures/till.ts';");
    expect(out).to.include("import { playAgain } from 'ophion/testing';");
    expect(existsSync('seed-2.spec.ts')).to.equal(false);
    expect((await command(['export-test', file, '--scenario', 'paying'])).code).to.equal(2);
  });

  it('refuses what is no trace of a simulation', async () => {
    expect(await command(['export-test', path('nothing')])).to.include({ code: 3 });
    writeFileSync(path('other'), '{"oops":1}\n');
    expect((await command(['export-test', path('other')])).err).to.match(/:1: is no header of a trace/);
  });
});

describe('exportTest()', () => {
  const faults = plan().at('actor.receive', { path: 'app/*' }).nth(2).throw("isn't");

  it('calls a scenario of simulate() with the world alone, and says plan and choices as data', async () => {
    const { trace } = await runOnce({ seed: "it's 1", plan: faults, scenario: till }, async function broken(sim) {
      sim.random.below(3);
      throw new Error("doesn't work");
    });
    const text = exportTest(trace, { file: 'spec/deep/one.spec.mjs' });
    const choices = text.split('\n').filter((line) => /^ {4}[\d, ]+$/.test(line));
    expect(choices.length).to.be.below(2);
    expect(text.replace(/\n {4}[\d, ]+/, '')).to.equal(
      [
        "import { playAgain } from 'ophion/testing';",
        "import { broken } from '../fixtures/till.ts';",
        '',
        'const run = {',
        '  seed: "it\'s 1",',
        `  plan: ${JSON.stringify(faults)},`,
        '  choices: [',
        '  ],',
        '};',
        '',
        "describe('broken, seed it\\'s 1', () => {",
        "  it('does not fail with: doesn\\'t work', () => playAgain(run, broken));",
        '});',
        '',
      ].join('\n'),
    );
  });

  for (const [code, header] of [
    ['no_scenario', { statement: 'wrong' }],
    ['no_failure', { scenario: { module: 'x.ts', name: 'x' } }],
    ['no_data', { scenario: { module: 'x.ts', name: 'x' }, statement: 'wrong', inputText: 'put(1)' }],
  ] as const) {
    it(`refuses with ${code}`, () => {
      const trace = { header: { format: 'ophion.trace', version: 1, seed: 1, ...header }, records: [] } as const;
      expect(() => exportTest(trace))
        .to.throw(ExportTestError)
        .with.property('code', code);
    });
  }
});
