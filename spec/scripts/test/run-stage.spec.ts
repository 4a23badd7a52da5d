import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromLastLine } from '../../../scripts/test/counts.mjs';
import { InTurn } from '../../../scripts/test/in-turn.mjs';
import { runStage } from '../../../scripts/test/run-stage.mjs';
import { inGroups, runStages } from '../../../scripts/test/run-stages.mjs';
import { dealt, type Stage } from '../../../scripts/test/stages.mjs';

const root = import.meta.dirname;

/** Each part runs the program that it is given. */
const stage = (...programs: readonly string[]): Stage => ({
  name: 'toy',
  command: [process.execPath, '-e'],
  parts: programs.map((program) => [program]),
  readsOutput: true,
  count: (code, { output }) => fromLastLine(output, code),
});

async function run(toy: Stage, signal = new AbortController().signal) {
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  const counts = await runStage(toy, { root, env: process.env, signal, jobs: 2, print });
  return { counts, printed };
}

describe('a stage of `npm test` in parts', () => {
  it('counts what all of them counted, and shows each whole, in their order', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ophion-stage-'));
    const there = JSON.stringify(join(folder, 'there'));
    const late = `const timer = setInterval(() => {
      if (!require('node:fs').existsSync(${there})) return;
      clearInterval(timer);
      console.log('late\\n1 passed, 0 failed');
    }, 20)`;
    const early = `console.error('early'); console.log('2 passed, 1 failed'); require('node:fs').writeFileSync(${there}, '')`;
    const { counts, printed } = await run(stage(late, early)).finally(() => rmSync(folder, { recursive: true }));
    expect(counts).to.deep.include({ passed: 3, failed: 1, skipped: [] });
    // Its stdout and stderr are two pipes: either may be read first.
    expect(printed).to.match(/^late\n1 passed, 0 failed\n(early\n2 passed, 1 failed\n|2 passed, 1 failed\nearly\n)$/);
  });

  it('has failed when one of them ends without a count, or cannot be started', async () => {
    const ends = stage("console.log('1 passed, 0 failed')", 'process.exit(3)');
    expect((await run(ends)).counts).to.deep.include({ passed: 1, failed: 1 });
    const { counts, printed } = await run({ ...ends, command: ['/nowhere/program'] });
    expect(counts).to.deep.include({ passed: 0, failed: 2 });
    expect(printed).to.match(/^cannot run \/nowhere\/program: /);
  });

  it('starts none after it was interrupted, and ends those that run; neither has passed', async () => {
    const interruption = new AbortController();
    const running = stage(...Array.from({ length: 5 }, () => "console.log('up'); setInterval(() => {}, 1000)"));
    let printed = '';
    const print = (text: string) => {
      printed += text;
      interruption.abort();
    };
    const counts = await runStage(running, { root, env: process.env, signal: interruption.signal, jobs: 2, print });
    expect(counts).to.deep.include({ passed: 0, failed: 5 });
    expect(printed.split('up').length - 1).to.be.within(1, 2);
  });
});

describe('the stages of `npm test`', () => {
  const check = (name: string, program: string): Stage => ({
    name,
    command: [process.execPath, '-e', program],
    check: true,
    count: (code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] }),
  });

  it('are told one after the other, though neighbours that are checks run at the same time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ophion-stages-'));
    // The first waits for the second.
    const first = check(
      'first',
      `setInterval(() => require('node:fs').existsSync('there') && process.exit(console.log('a') ?? 0), 20)`,
    );
    const second = check('second', `require('node:fs').writeFileSync('there', ''); console.log('b'); process.exit(1)`);
    let printed = '';
    const print = (text: string) => {
      printed += text;
    };
    const signal = new AbortController().signal;
    try {
      const results = await runStages([first, second], { root: folder, env: process.env, signal, jobs: 2, print });
      expect(results.map(({ name, counts }) => [name, counts.passed, counts.failed])).to.deep.equal([
        ['first', 1, 0],
        ['second', 0, 1],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(printed.replaceAll(/\d+\.\d s/g, 'N s')).to.equal(
      '\n== first\na\n== first: 1 passed, 0 failed in N s\n\n== second\nb\n== second: 0 passed, 1 failed in N s\n',
    );
  });

  it('stand alone where they are tests', () => {
    const tests = { ...check('tests', ''), check: false };
    const groups = inGroups([check('a', ''), check('b', ''), tests, check('c', ''), tests]);
    expect(groups.map((group) => group.map(({ name }) => name))).to.deep.equal([
      ['a', 'b'],
      ['tests'],
      ['c'],
      ['tests'],
    ]);
  });
});

describe('what several programs print', () => {
  it('is shown as it comes for the first that has not ended, and kept for the others', () => {
    let printed = '';
    const shown = new InTurn(3, (text) => {
      printed += text;
    });
    shown.write(1, 'b1 ');
    shown.write(0, 'a1 ');
    expect(printed).to.equal('a1 ');
    shown.end(2);
    shown.end(0);
    shown.write(1, 'b2 ');
    expect(printed).to.equal('a1 b1 b2 ');
    shown.endAll();
    expect(printed).to.equal('a1 b1 b2 ');
  });

  it('is cut to its end where it is too much to keep', () => {
    let printed = '';
    const shown = new InTurn(2, (text) => {
      printed += text;
    });
    shown.write(1, 'x'.repeat(5 * 1024 * 1024));
    shown.write(1, 'the end');
    shown.end(0);
    expect(printed).to.match(/^\.\.\. \(only the last 4194304 characters\)\nx+the end$/);
    expect(printed.length).to.be.below(4_194_304 + 100);
  });
});

describe('the parts of a stage', () => {
  it('have each file once, neighbours in different ones; one job is one part', () => {
    expect(dealt(['a', 'b', 'c', 'd', 'e'], 2)).to.deep.equal([['a', 'e'], ['b'], ['c'], ['d']]);
    expect(dealt(['a', 'b', 'c'], 1)).to.deep.equal([['a', 'b', 'c']]);
    expect(dealt(['a', 'b', 'c'], 8)).to.deep.equal([['a'], ['b'], ['c']]);
    expect(dealt([], 2)).to.deep.equal([]);
  });
});
