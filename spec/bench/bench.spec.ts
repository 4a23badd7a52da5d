import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { actors } from '../../bench/actors/index.ts';
import { isBeam } from '../../bench/contest.ts';
import { tableRow } from '../../bench/report.ts';
import type { Result } from '../../bench/run.ts';
import { bench, results } from '../helpers/bench-command.ts';
import { needs } from '../helpers/needs.ts';

// What the command prints, never how fast anything is: that depends on the machine, and is in docs/performance.md.

function installed(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What is promised to be measured. */
const promised = [
  'ping-pong messages/s vs BEAM',
  'casts/s vs BEAM',
  'calls/s, one awaiting caller, vs BEAM',
  'spawn + exit + DOWN /s vs BEAM',
  'bytes per idle server vs BEAM (theirs/ours)',
  'start 100 k children under a dynamic supervisor vs BEAM',
  'crash to restarted p50 vs BEAM (theirs/ours)',
  '2,000 static children killed at once, restarts/s vs BEAM',
  'machine behaviour ping-pong vs raw xstate',
  'machine spawn vs raw createActor',
  'always-on counters and lifecycle events, time with/without',
];

describe('npm run bench -- actors --quick --json', () => {
  let lines: readonly Result[];

  before(async function () {
    this.timeout(120_000);
    lines = results(await bench(['actors', '--quick', '--json']));
  });

  it('prints one JSON object a line, each with the same eight members', () => {
    for (const line of lines) {
      const members = ['suite', 'name', 'ours', 'baseline', 'theirs', 'ratio', 'value', 'unit'];
      expect(Object.keys(line), line.name).to.deep.equal(members);
      expect(line.suite).to.equal('actors');
      expect(line.ours, line.name).to.be.a('number').that.is.finite;
      expect(line.value, line.name).to.equal(line.ours);
      expect(line.unit, line.name).to.be.a('string').that.is.not.equal('');
    }
  });

  it('runs every contest of the suite, in its order', () => {
    const all = actors.contests.flatMap((contest) => contest.lines.map((line) => line.name));
    expect(lines.map((line) => line.name)).to.deep.equal(all);
  });

  for (const name of promised) {
    it(`measures '${name}'`, () => {
      expect(lines.filter((line) => line.name === name)).to.have.length(1);
    });
  }

  it('has a ratio of ours/theirs, or of theirs/ours where the name or the contest says so', () => {
    const inverse = new Set(actors.contests.flatMap(({ lines }) => lines.filter((line) => line.inverse)).map(nameOf));
    for (const { name, ours, theirs, ratio } of lines) {
      if (theirs === null) expect(ratio, name).to.equal(null);
      else expect(ratio, name).to.equal(inverse.has(name) ? theirs / ours : ours / theirs);
    }
  });

  it('has a figure of every baseline that is installed with the checkout', () => {
    const beams = new Set(
      actors.contests.flatMap(({ lines }) => lines.filter((line) => isBeam(line.theirs))).map(nameOf),
    );
    for (const { name, theirs } of lines) {
      if (!beams.has(name)) expect(theirs, name).to.be.a('number').that.is.finite;
    }
  });

  it('has a figure of the real BEAM', function () {
    needs(this, installed('erl') && installed('erlc'), 'erl (Debian: erlang-base)');
    for (const { name, theirs } of lines) {
      if (name.includes('BEAM')) expect(theirs, name).to.be.a('number').that.is.finite;
    }
  });
});

describe('npm run bench', function () {
  this.timeout(60_000);

  it('says in plain words that there is no Erlang, and goes on without it', async () => {
    const ended = await bench(['actors', '--quick', '--json', '--only', 'casts/s'], { ...process.env, PATH: '' });
    expect(ended.stderr).to.include('no Erlang here (Debian: erlang-base): lines against the BEAM are skipped');
    const [line, ...others] = results(ended);
    expect(others).to.deep.equal([]);
    expect(line).to.include({ name: 'casts/s vs BEAM', theirs: null, ratio: null });
  });

  it('shows people the word `skipped`, and no verdict, for a baseline that is not there', () => {
    const result = { suite: 'actors', name: 'x vs BEAM', baseline: 'BEAM', unit: 'x/s', ours: 1_234, value: 1_234 };
    const line = { name: 'x vs BEAM', baseline: 'BEAM', theirs: { beam: 'x' }, target: { atLeast: 2 } };
    expect(tableRow({ ...result, theirs: null, ratio: null }, line)).to.equal(
      '| x vs BEAM | x/s | 1234 | skipped |  | >= 2 |  |',
    );
    expect(tableRow({ ...result, theirs: 617, ratio: 2 }, line)).to.include('| 2.00 | >= 2 | met |');
  });

  for (const [what, args, said] of [
    ['a suite that is not there', ['nonsense'], "there is no suite 'nonsense'"],
    ['no suite', [], 'which suite?'],
    ['a number of rounds that is none', ['actors', '--rounds', 'two'], '--rounds two: not a number of rounds'],
    ['an option that is not there', ['actors', '--slow'], '--slow'],
  ] as const) {
    it(`ends with code 2 and the usage for ${what}`, async () => {
      const ended = await bench(args);
      expect(ended.code).to.equal(2);
      expect(ended.stderr).to.include(said).and.to.include('usage: npm run bench -- SUITE');
      expect(ended.stdout).to.equal('');
    });
  }
});

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
