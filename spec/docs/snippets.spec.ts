import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
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

describe('examples/applications.ts', () => {
  const told = (line: string) => line.split('\n').filter((one) => one !== '');
  const up = ['application.started warehouse', 'application.started shop', '7'];
  const down = ['application.exited shop', 'application.exited warehouse'];

  it('does what its comments say', () => {
    expect(told(run('--import', 'tsx', 'examples/applications.ts'))).to.deep.equal([
      ...up,
      ...down,
      '{"cause":"stopped","killed":[]}',
    ]);
  });

  it('stops in order on Ctrl-C, which a terminal sends to its whole group and npm passes on (S-211)', async () => {
    const program = spawn(process.execPath, ['--import', 'tsx', 'examples/applications.ts', 'serve'], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(program, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: program.stdout })) {
      lines.push(line);
      if (line !== 'serving') continue;
      process.kill(-(program.pid as number), 'SIGINT');
      program.kill('SIGINT');
    }
    expect(await exited).to.deep.equal([0, null]);
    expect(lines).to.deep.equal([...up, 'serving', ...down, '{"cause":"signal","signal":"SIGINT","killed":[]}']);
  });
});
