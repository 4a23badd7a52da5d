import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { faultPoints } from '../../../testing/plan/points.ts';
import { entries } from './shows.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The entries that tests show, in each world; by what stands in the specs. See shows.ts. */
function shown(): ReadonlyMap<string, ReadonlySet<string>> {
  const specs = readdirSync(join(root, 'spec'), { recursive: true, encoding: 'utf8' });
  const found = new Map<string, Set<string>>();
  for (const file of specs.filter((name) => name.endsWith('.spec.ts'))) {
    const text = readFileSync(join(root, 'spec', file), 'utf8');
    const calls = /^ *shows(|Simulated|Live)\(\s*(\[[^\]]*\]|catalogue\.\w+\.\w+)/gm;
    for (const [, only = '', named = ''] of text.matchAll(calls)) {
      for (const [, name = ''] of named.matchAll(/catalogue\.(\w+\.\w+)/g)) {
        const worlds = found.get(name) ?? new Set();
        found.set(name, worlds);
        for (const world of only === '' ? ['simulated', 'live'] : [only.toLowerCase()]) worlds.add(world);
      }
    }
  }
  return found;
}

/** The rows of the table in docs/testing.md whose head begins so, as lists of the `names` in their cells. */
function table(head: string): readonly (readonly [string, readonly string[]])[] {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const [, rows = ''] = page.split(`| ${head} |`);
  const [lines = ''] = rows.split('\n\n');
  return lines
    .split('\n')
    .slice(2)
    .map((line) => {
      const [first = '', ...names] = [...line.matchAll(/`([\w.]+)`/g)].map(([, name]) => name as string);
      return [first, names] as const;
    });
}

describe('the catalogue of faults', () => {
  it('has a test for each entry in each of its worlds', () => {
    const tests = shown();
    const missing = [...entries].flatMap(([name, { worlds }]) =>
      worlds.filter((world) => !tests.get(name)?.has(world)).map((world) => `${name} (${world})`),
    );
    expect(missing, 'entries without a test').to.deep.equal([]);
  });

  it('says of each entry what it is, how it heals and where it can be had', () => {
    for (const [name, { is, heals, worlds }] of entries) {
      expect(is, name).to.match(/\w+/);
      expect(heals, name).to.match(/\w+/);
      expect(worlds, name).to.not.be.empty;
    }
  });

  it('makes rules at points that there are, of what can be done there', () => {
    const points = new Map(faultPoints().map(({ point, tasks }) => [point as string, tasks]));
    for (const [name, entry] of entries) {
      const { point, what } = entry();
      expect(points.get(point), name).to.include(what[0]?.do);
    }
  });

  it('stands in docs/testing.md, as do the points', () => {
    const byGroup = new Map<string, string[]>();
    for (const name of entries.keys()) {
      const [group = '', own = ''] = name.split('.');
      byGroup.set(group, [...(byGroup.get(group) ?? []), own]);
    }
    expect(table('of | entries')).to.deep.equal([...byGroup]);
    const points = faultPoints().map(({ point, tasks }) => [point, tasks.filter((task) => task !== 'off')]);
    expect(table('point | what can be done there')).to.deep.equal(points);
  });
});
