import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { CrashTestError, crashTest } from '../../devtools/export/crash-test.ts';
import { literal } from '../../devtools/export/preview-literal.ts';
import { Previews } from '../../devtools/inspect/preview.ts';
import type { CrashReport } from '../../devtools/protocol/index.ts';
import { nextRestart, parsePlan, withFaults } from '../../testing/index.ts';
import { shelf } from '../fixtures/shelf.ts';
import { command } from '../helpers/captured-io.ts';
import { rejection } from '../helpers/rejection.ts';
import { useDevtools } from '../helpers/use-devtools.ts';
import { useFolder } from '../helpers/use-folder.ts';

const root = join(import.meta.dirname, '..', '..');
const ours = { from: join(root, 'index.ts'), testingFrom: join(root, 'testing', 'index.ts') };
const fixture = join(root, 'spec', 'fixtures', 'shelf.ts');

describe('a crash as a mocha test', function () {
  this.timeout(120_000);
  const test = useDevtools(() => ({ shelf }), { printCrashes: false });
  const folder = useFolder();

  /** What mocha says of tests, by the names of their files: what each failed with; undefined for one that passed. */
  const mocha = (tests: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>> => {
    const files = Object.entries(tests).map(([name, text]) => {
      const file = folder(`${name}.spec.mts`);
      writeFileSync(file, text.replace("describe('app/shelf'", `describe('${name}'`));
      return file;
    });
    const program = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
    const options = ['--no-config', '--node-option', 'import=tsx', '--timeout', '60000', '--reporter', 'json'];
    const { stdout, stderr } = spawnSync(process.execPath, [program, ...options, ...files], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    const { tests: told } = JSON.parse(stdout) as {
      tests: { fullTitle: string; err: { message?: string } }[];
    };
    return Object.fromEntries(told.map(({ fullTitle, err }) => [fullTitle.split(' ')[0], err.message]));
  };

  const crash = async (cause: () => unknown): Promise<CrashReport> => {
    const restarted = nextRestart(test.app.children.shelf);
    await cause();
    await restarted;
    const { viewer } = await test.connect();
    const [[, row] = ['', undefined]] = (await viewer.get({ view: 'crashes' })).rows;
    return (await viewer.get({ view: 'crash', id: row?.id as number })).head;
  };
  const put = (label: string, weight: number) => test.app.children.shelf.call('put', { label, weight });
  const broken = () =>
    crash(async () => {
      await put('books', 60);
      test.app.children.shelf.cast('clear');
      await put("a 'pot' /* of */ `gold`\n", 70);
      await rejection(put('an anvil', 50));
    });

  it('ends as it did by the same letters, state or fault; fails when it does not, until that is said; asks for what is not known', async () => {
    const report = await broken();
    const asItWas = crashTest(report, ours);
    const mended = (text: string) => text.replace('const mended = false', 'const mended = true');
    // The same shelf without the bug.
    const strong = folder('strong.ts');
    const source = readFileSync(fixture, 'utf8').replace('weight > 100', 'weight > 1_000');
    writeFileSync(strong, source.replace("'../../index.ts'", JSON.stringify(ours.from)));
    const repaired = crashTest(report, { ...ours, logic: { module: strong, name: 'shelf' } });
    const several = folder('several.ts');
    writeFileSync(several, 'export const one = {};\nexport const other = {};\n');
    const long = await crash(async () => {
      for (let nth = 0; nth < 40; nth += 1) await put(`thing ${nth}`, 2);
      await rejection(put('an anvil', 50));
    });
    const fromState = crashTest(long, ours);
    expect(fromState.match(/subject\.call\(/g)).to.have.length(1);
    const plan = parsePlan('actor.receive{path=app/shelf,nth=2}=throw("no \'nails\' left")');
    const injected = await withFaults(test.app, plan, () =>
      crash(async () => {
        await put('books', 60);
        await rejection(put('a pot', 1));
      }),
    );
    const said = mocha({
      asItWas,
      asItWasButMended: mended(asItWas),
      repaired,
      repairedAndMended: mended(repaired),
      fromState,
      injected: crashTest(injected, { ...ours, logic: { module: fixture, name: 'shelf' } }),
      unknown: crashTest({ ...report, causes: [] }, ours),
      several: crashTest(report, { ...ours, logic: { module: several } }),
    });
    const passed = Object.keys(said).filter((name) => said[name] === undefined);
    expect(passed, JSON.stringify(said)).to.have.members(['asItWas', 'repairedAndMended', 'fromState', 'injected']);
    expect(said.repaired).to.include('it does not end as it did');
    expect(said.asItWasButMended).to.be.a('string');
    expect(said.unknown).to.include('fill in where the logic is');
    expect(said.several).to.include('one of one, other');
  });

  it('marks what the report has not: what was masked or cut off', async () => {
    const report = await broken();
    const content = new Previews().of({ token: 'hunter2', text: 'x'.repeat(2_000), ref: test.app.children.shelf });
    const text = crashTest({ ...report, messages: [{ ...(report.messages[0] as never as object), content } as never] });
    expect(text).to.include("token: 'masked' /* masked: a secret */");
    expect(text).to.include('/* cut off: 2000 characters */').and.include('/* the actor app/shelf */');
    expect(text).to.include(' * Not as it was, and marked below:');
    expect(text).not.to.include('hunter2');
  });

  it('is refused of what has no logic that a test could start', async () => {
    const report = await broken();
    for (const kind of ['supervisor', 'task', 'remote']) {
      expect(() => crashTest({ ...report, kind }), kind).to.throw(CrashTestError, 'no logic of its own');
    }
    expect(() => crashTest({ ...report, messages: [] })).to.throw(CrashTestError, 'no letter');
  });

  it('is written by ophion crashes and ophion open, with imports from where it lies', async () => {
    const { id } = await broken();
    const env = process.env;
    mkdirSync(folder('tests'));
    const file = folder('tests/crash.spec.ts');
    expect(await command(['crashes', String(id), '--as-test', file], { env })).to.include({ code: 0 });
    expect(readFileSync(file, 'utf8')).to.match(/import \* as found from '(\.\.\/)+.*spec\/fixtures\/shelf\.ts';/);
    expect((await command(['crashes', String(id), '--as-test', file], { env })).err).to.include('--force');
    const logic = `${folder('mine.ts')}#mine`;
    const named = await command(['crashes', String(id), '--as-test', '-', '--logic', logic], { env });
    expect(named.out).to.include("const exported = 'mine';");
    expect(await command(['crashes', '--as-test', file], { env })).to.include({ code: 2 });
    const exported = folder('all.trace.jsonl');
    await command(['export', exported], { env });
    const opened = await command(['open', exported, '--crash', String(id), '--as-test', file, '--force'], { env });
    expect(opened).to.deep.include({ code: 0, out: `${file}: mocha runs it\n` });
  });
});

describe('a value as JavaScript', () => {
  const made = (code: string): unknown => new Function(`return (${code});`)();

  it('is the value again, when the preview has all of it', () => {
    const previews = new Previews();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const { code, missing } = literal(previews.of(value, { characters: 1_000_000 }));
        if (missing.length === 0) expect(made(code)).to.deep.equal(value);
        else made(code);
      }),
    );
    const more = {
      map: new Map([['a', 1]]),
      set: new Set([1]),
      date: new Date(5),
      big: 7n,
      none: undefined,
      nan: Number.NaN,
    };
    expect(made(literal(previews.of(more)).code)).to.deep.equal(more);
  });

  it('is one that can be read, whatever it was', () => {
    const previews = new Previews();
    fc.assert(
      fc.property(fc.anything({ withMap: true, withSet: true, withDate: true, withBigInt: true }), (value) => {
        made(literal(previews.of(value)).code);
      }),
    );
  });
});
