import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));
const site = readFileSync(join(root, 'docs', '.vitepress', 'config.ts'), 'utf8');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const pages = readdirSync(join(root, 'docs'))
  .filter((file) => file.endsWith('.md') && file !== 'index.md')
  .map((file) => file.slice(0, -'.md'.length));

describe('the pages of docs/', () => {
  it('are all on the site, each once', () => {
    const named = [...site.matchAll(/page\('[^']+', '([^']+)'\)/g)].map(([, name]) => name);
    expect(named.filter((name) => name !== 'api/python').sort()).to.deep.equal(pages.sort());
  });

  it('are all found from the README', () => {
    for (const page of pages) expect(readme, page).to.include(`docs/${page}.md`);
  });

  it('begin with their name', () => {
    for (const page of pages) expect(readFileSync(join(root, 'docs', `${page}.md`), 'utf8'), page).to.match(/^# [A-Z]/);
  });
});
