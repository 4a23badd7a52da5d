import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Instruction, read, root, stagesOf } from '../helpers/deployment.ts';

const of = (stage: readonly Instruction[], name: string) =>
  stage.filter((one) => one.name === name).map(({ args }) => args);
const packageOf = JSON.parse(read('package.json')) as {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
/** Of `COPY --flag=x a b target`. */
const copied = (args: string) => {
  const words = args.split(/\s+/);
  const flags = words.filter((word) => word.startsWith('--'));
  return { flags, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
};

for (const name of ['coordinator', 'worker'] as const) {
  describe(`${name}.Dockerfile`, () => {
    const path = `deploy/${name}.Dockerfile`;
    const stages = stagesOf(path);
    const last = stages.at(-1) ?? [];
    const runs = stages.flatMap((stage) => of(stage, 'RUN'));

    it('builds in one stage and runs in another, each from a slim image of a fixed version', () => {
      expect(stages).to.have.length(2);
      const names = stages.map(([from]) => from?.args ?? '');
      for (const from of names)
        expect(from).to.match(/^(node|python):[\d.]+-(slim|alpine|.*-slim|slim-\w+)( AS \w+)?$/);
      expect(names[0]).to.match(/ AS build$/);
    });

    it('copies what is there', () => {
      for (const args of stages.flatMap((stage) => of(stage, 'COPY'))) {
        const { flags, sources } = copied(args);
        if (flags.some((flag) => flag.startsWith('--from='))) expect(flags).to.include('--from=build');
        else for (const source of sources) expect(existsSync(join(root, source)), source).to.equal(true);
      }
    });

    it('leaves nothing of its package managers behind', () => {
      for (const run of runs) {
        if (run.includes('apt-get install')) expect(run).to.include('rm -rf /var/lib/apt/lists/*');
        if (/pip (install|wheel)/.test(run)) expect(run).to.include('--no-cache-dir');
      }
      for (const run of of(last, 'RUN')) if (run.includes('npm install')) expect(run).to.include('npm cache clean');
    });

    it('runs as nobody special, hears SIGTERM, and says whether it is well', () => {
      expect(of(last, 'USER')).to.have.length(1);
      expect(of(last, 'USER')[0]).to.not.match(/^(root|0)\b/);
      expect(of(last, 'STOPSIGNAL')).to.deep.equal(['SIGTERM']);
      expect(of(last, 'HEALTHCHECK')[0]).to.match(/CMD \[.*\]$/);
      // A shell in between would keep the signal to itself.
      expect(of(last, 'CMD')[0]).to.match(/^\[".*"\]$/);
      const order = last.map((one) => one.name);
      expect(order.lastIndexOf('RUN')).to.be.below(order.indexOf('USER'));
    });

    it('keeps what is large or secret out of its context', () => {
      expect(read(`${path}.dockerignore`).split('\n')).to.include.members(['**/node_modules', '**/.venv', '.git']);
    });
  });
}

describe('coordinator.Dockerfile', () => {
  const [build = [], last = []] = stagesOf('deploy/coordinator.Dockerfile');

  it('runs commands that package.json has, on what the build needs', () => {
    const scripts = of(build, 'RUN').flatMap((run) => [...run.matchAll(/npm run (\w+)/g)].map(([, script]) => script));
    expect(scripts).to.deep.equal(['build']);
    for (const script of scripts) expect(packageOf.scripts).to.have.property(script as string);
    const sources = of(build, 'COPY').flatMap((args) => copied(args).sources);
    const { include } = JSON.parse(read('tsconfig.build.json')) as { readonly include: readonly string[] };
    const needed = include.map((glob) => glob.split('/')[0] as string).filter((name) => name !== 'bench');
    expect(sources).to.include.members(needed);
  });

  it('installs the versions that are tested', () => {
    const [install = ''] = of(last, 'RUN');
    expect(install).to.include(`ioredis@${packageOf.devDependencies.ioredis}`);
    expect(of(build, 'RUN').join()).to.include(
      /^hatchling==.*$/m.exec(read('python/requirements/dev.txt'))?.[0] as string,
    );
  });

  it('starts programs that the build makes, and exposes their ports', () => {
    const programs = last.flatMap(({ args }) => [...args.matchAll(/dist\/deploy\/(\w+)\.js/g)].map(([, one]) => one));
    expect(programs).to.deep.equal(['health', 'coordinator']);
    for (const program of programs) expect(existsSync(join(root, 'deploy', `${program}.ts`))).to.equal(true);
    expect(of(last, 'EXPOSE')).to.deep.equal(['7400 7443']);
  });
});
