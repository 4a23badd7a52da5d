import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
/** The names of the files in a folder that end so, without that. */
const named = (folder: string, end: string) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(end))
    .map((file) => file.slice(0, -end.length));
/** A page without its programs. */
const prose = (file: string) => read(file).replaceAll(/^```[\s\S]*?^```/gm, '');
const site = read('docs/.vitepress/config.ts');
const readme = read('README.md');
const pages = named('docs', '.md').filter((name) => name !== 'index');
const ofExamples = named('docs/examples', '.md').sort();
const all = [...pages, ...ofExamples.map((name) => `examples/${name}`)];

describe('the pages of docs/', () => {
  it('are all on the site, each once', () => {
    const onSite = [...site.matchAll(/page\('[^']+', '([^']+)'\)/g)].map(([, name]) => name);
    expect(onSite.filter((name) => name !== 'api/python').sort()).to.deep.equal([...all].sort());
  });

  it('are all found from the README, those of examples from their index', () => {
    for (const page of pages) expect(readme, page).to.include(`docs/${page}.md`);
    const found = [...read('docs/examples.md').matchAll(/^- \[[^\]]+\]\(examples\/([\w-]+)\.md\): /gm)];
    expect(found.map(([, name]) => name).sort()).to.deep.equal(ofExamples);
  });

  it('begin with their name', () => {
    for (const page of all) expect(read(`docs/${page}.md`), page).to.match(/^# [A-Z]/);
  });

  // A page that is not there fails the build of the site, which knows nothing of headings.
  it('link to headings that are there', () => {
    for (const page of all) {
      for (const [, file = '', heading = ''] of prose(`docs/${page}.md`).matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)) {
        const linked = file === '' ? `docs/${page}.md` : posix.join(posix.dirname(`docs/${page}`), file);
        expect(headingsOf(prose(linked)), `${page}: ${file}#${heading}`).to.include(heading);
      }
    }
  });
});

describe('the programs of examples/', () => {
  /** The program that runs the others, and what some of them load. */
  const others = ['run', 'primes', 'shop'];
  const programs = named('examples', '.ts').filter((name) => !others.includes(name));

  it('have a page each', () => {
    expect(ofExamples).to.deep.equal(programs.sort());
  });

  it('are told how to run, what they print and what to change next, in this order', () => {
    for (const name of programs) {
      const run = name === 'main-job' ? 'npm start' : `npm run examples -- ${name}`;
      expect(read(`docs/examples/${name}.md`), name).to.match(
        new RegExp(`\`\`\`sh\\n${run}\\b[\\s\\S]*\\n## What it prints\\n[\\s\\S]*\\n## What to change next\\n`),
      );
    }
  });

  it('are shown there, or on a page that is named there', () => {
    for (const name of programs) {
      const page = read(`docs/examples/${name}.md`);
      const linked = [...page.matchAll(/\]\(\.\.\/([\w-]+\.md)/g)].map(([, file]) => read(`docs/${file}`));
      expect([page, ...linked].join('\n'), name).to.include(`<!-- examples/${name}.ts`);
    }
  });
});

/** The headings of a page, as they stand behind the `#` of a link. */
function headingsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
