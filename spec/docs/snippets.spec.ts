import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });

describe('README and docs', () => {
  it('show programs that are equal to files of the project', () => {
    run('scripts/snippets.mjs', '--check');
  });

  it('show the output of the main job with all its steps', () => {
    const readme = readFileSync(`${root}/README.md`, 'utf8');
    const titles = [
      ...readFileSync(`${root}/examples/main-job.ts`, 'utf8').matchAll(/report\.step\(\s*'\w+',\s*'([^']+)'/g),
    ];
    expect(titles).to.have.length(10);
    for (const [index, [, title]] of titles.entries()) expect(readme).to.include(`${index + 1}. ${title}`);
  });
});

describe('examples/counter.ts', () => {
  it('does what its comments say', () => {
    expect(run('--import', 'tsx', 'examples/counter.ts')).to.match(/^error\n(0\n)?$/);
  });
});
