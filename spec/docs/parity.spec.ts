import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'parity.md'), 'utf8');

/** What a file calls its tests; what differs between cases, and whatever is escaped, is `…`. */
function titlesOf(file: string): readonly string[] {
  const source = readFileSync(file, 'utf8');
  if (file.endsWith('.py')) return [...source.matchAll(/^\s*(?:async )?def (test_\w+)/gm)].map(([, name = '']) => name);
  const quoted = /\b(?:it|describe)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;
  return [...source.matchAll(quoted)].map(([, single, double, back]) =>
    (single ?? double ?? back ?? '').replaceAll(/\$\{[^}]*\}|\\./g, '…'),
  );
}

/** The file of a citation. */
function pathOf(file: string): string {
  if (file.endsWith('.py')) return join(root, 'python', 'tests', file);
  // The laws of StateProvider are run by a spec, and stand in files of their own.
  if (file.startsWith('laws/')) return join(root, 'testing', 'state-laws', `${file.slice('laws/'.length)}.ts`);
  return join(root, 'spec', `${file}.spec.ts`);
}

/** True when both could be the same title. */
function fits(cited: string, title: string): boolean {
  const pattern = (text: string) =>
    new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')}$`);
  return pattern(cited).test(title) || pattern(title).test(cited);
}

/** Each row, with the tests that it cites: `file` "title". */
const rows = page.split('\n').flatMap((line) => {
  const [, name = '', ...cells] = line.split(' | ').join('|').split('|');
  const how = cells.find((cell) => ['matched', 'bettered', 'refused', 'open'].includes(cell.trim()))?.trim();
  if (how === undefined) return [];
  const tests = [...line.matchAll(/`([\w./-]+)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title }));
  return [{ name: name.trim(), how, tests }];
});

describe('docs/parity.md', () => {
  it('has a verdict for each row', () => {
    expect(rows.length).to.be.above(230);
  });

  it('names a test for each row that is matched or bettered', () => {
    for (const { name, how, tests } of rows) {
      if (how === 'matched' || how === 'bettered') expect(tests, name).to.not.have.length(0);
    }
  });

  it('names tests that are there', () => {
    const titles = new Map<string, readonly string[]>();
    for (const { name, tests } of rows) {
      for (const { file, title } of tests) {
        const path = pathOf(file);
        expect(existsSync(path), `${name}: ${file}`).to.equal(true);
        const known = titles.get(file) ?? titlesOf(path);
        titles.set(file, known);
        expect(
          known.some((one) => fits(title, one)),
          `${name}: ${file} "${title}"`,
        ).to.equal(true);
      }
    }
  });
});
