/**
 * A small checkout in a temporary folder that the real set-up runs on: no npm package to fetch, and a wheel made
 * here instead of the model's. Nothing in it needs a network.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const checkout = join(import.meta.dirname, '..', '..');

export interface SetupResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class SetupProject {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'ophion-setup-')));
  readonly wheels = join(this.root, 'wheels');
  readonly modelFile: string;
  /** What the set-up runs with; the tests change it. */
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    for (const path of ['scripts/setup.mjs', 'scripts/setup']) {
      cpSync(join(checkout, path), join(this.root, path), { recursive: true });
    }
    this.write('package.json', JSON.stringify({ name: 'toy', version: '1.0.0', engines: { node: '>=20.19' } }));
    this.write(
      'package-lock.json',
      JSON.stringify({ name: 'toy', version: '1.0.0', lockfileVersion: 3, packages: {} }),
    );
    this.write('python/requirements/runtime.txt', '# nothing\n');
    this.write('python/requirements/model.txt', 'toy-model==1.0\n');
    const answer = execFileSync('python3', [join(import.meta.dirname, 'toy-wheel.py'), this.wheels], {
      encoding: 'utf8',
    });
    this.write('python/requirements/model.json', answer);
    const { python, file } = JSON.parse(answer) as { python: string; file: string };
    this.modelFile = join(this.root, '.venv', 'lib', `python${python}`, 'site-packages', file);

    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|pip_|ophion_|python)/i.test(name));
    this.env = { ...Object.fromEntries(inherited), PIP_NO_INDEX: '1', PIP_FIND_LINKS: this.wheels };
  }

  write(path: string, text: string, mode = 0o644): string {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    chmodSync(full, mode);
    return full;
  }

  /** Makes an environment, which the set-up then keeps: with the pip of this checkout, since to unpack one takes seconds. */
  makeEnvironment(): void {
    const venv = join(this.root, '.venv');
    execFileSync('python3', ['-m', 'venv', '--without-pip', venv]);
    const [from, to] = [join(checkout, '.venv'), venv].map(sitePackages) as [string, string];
    for (const name of readdirSync(from).filter((one) => /^pip(-|$)/.test(one)))
      cpSync(join(from, name), join(to, name), { recursive: true });
  }

  /** A folder for PATH that holds node, the basic tools, and the given scripts instead of what has their name. */
  path(programs: Record<string, string>): string {
    const folder = join('bin', Object.keys(programs).join('-') || 'none');
    for (const [name, script] of Object.entries(programs))
      this.write(join(folder, name), `#!/bin/sh\n${script}\n`, 0o755);
    const full = join(this.root, folder);
    mkdirSync(full, { recursive: true });
    for (const tool of ['sh', 'cat', 'env', 'mkdir', 'sleep']) symlink(`/bin/${tool}`, join(full, tool));
    symlink(process.execPath, join(full, 'node'));
    return full;
  }

  /** Starts the set-up; its output is collected. */
  start(env: NodeJS.ProcessEnv = {}): { child: ChildProcess; ended: Promise<SetupResult> } {
    const child = spawn(process.execPath, [join(this.root, 'scripts', 'setup.mjs')], {
      cwd: this.root,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
      });
    }
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
    return { child, ended };
  }

  run(env: NodeJS.ProcessEnv = {}): Promise<SetupResult> {
    return this.start(env).ended;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function sitePackages(venv: string): string {
  const lib = join(venv, 'lib');
  return join(lib, readdirSync(lib)[0] ?? '', 'site-packages');
}

function symlink(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}
