import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { identityOf, isAlive } from '../../scripts/setup/processes.mjs';
import { SetupProject } from '../helpers/setup-project.ts';

// By its path, since the fixtures put other programs on PATH.
const realPython = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

describe('the set-up', function () {
  this.timeout(120_000);
  this.slow(20_000);
  let project: SetupProject;
  const lockFile = () => join(project.root, '.ophion', 'setup', 'lock');
  const stampOfNpm = () => join(project.root, 'node_modules', '.ophion-setup.json');

  describe('of a fresh checkout', () => {
    before(() => {
      project = new SetupProject();
    });
    after(() => project.remove());

    it('runs every step, tells each in plain lines on stderr, and leaves no lock', async () => {
      const { code, stdout, stderr } = await project.run();
      expect(code, stderr).to.equal(0);
      expect(stdout).to.equal('');
      expect(stderr).to.match(/\[1\/5\] npm packages: done in/);
      expect(stderr).to.match(/\[5\/5\] the demo's language model: done in/);
      expect(existsSync(lockFile())).to.equal(false);
      expect(existsSync(project.modelFile)).to.equal(true);
    });

    it('then has nothing to do: it says nothing and starts no program', async () => {
      const result = await project.run({ PATH: '/nowhere' });
      expect(result).to.deep.equal({ code: 0, stdout: '', stderr: '' });
    });

    it('runs npm again when the lock file has changed', async () => {
      project.write('package-lock.json', `${readFileSync(join(project.root, 'package-lock.json'), 'utf8')}\n`);
      const { code, stderr } = await project.run();
      expect(code).to.equal(0);
      expect(stderr).to.match(/\[1\/1\] npm packages: done/);
    });

    it('makes the environment anew when the Python that it stands on is gone', async () => {
      const link = join(project.root, '.venv', 'bin', 'python');
      rmSync(link);
      symlinkSync('/nowhere/python3', link);
      const { code, stderr } = await project.run();
      expect(code, stderr).to.equal(0);
      expect(stderr).to.contain('made anew: its Python is gone (/nowhere/python3)');
      expect(existsSync(project.modelFile)).to.equal(true);
    });

    it('makes the environment anew when the last set-up ended in the middle of pip', async () => {
      project.write('.ophion/setup/python.running', '');
      const { code, stderr } = await project.run();
      expect(code, stderr).to.equal(0);
      expect(stderr).to.contain('made anew: the last set-up did not finish');
      expect(existsSync(project.modelFile)).to.equal(true);
    });

    it('keeps an environment that works, when it was made by hand', async () => {
      rmSync(join(project.root, '.venv', '.ophion-setup.json'));
      const { code, stderr } = await project.run();
      expect(code, stderr).to.equal(0);
      expect(stderr).to.contain('(kept)');
    });

    it('finds a model file that was cut short, and installs it again', async () => {
      const whole = readFileSync(project.modelFile);
      truncateSync(project.modelFile, 1000);
      const { code, stderr } = await project.run();
      expect(code, stderr).to.equal(0);
      expect(readFileSync(project.modelFile).equals(whole)).to.equal(true);
    });

    it('finds a model file of the right size and the wrong content, and installs it again', async () => {
      const whole = readFileSync(project.modelFile);
      writeFileSync(project.modelFile, Buffer.alloc(whole.length, 1));
      const { code, stderr } = await project.run();
      expect(code, stderr).to.equal(0);
      expect(readFileSync(project.modelFile).equals(whole)).to.equal(true);
    });

    it('does without a model that cannot be had: one line, no half of it, and no new try at once', async () => {
      truncateSync(project.modelFile, 1000);
      const { code, stderr } = await project.run({ PIP_FIND_LINKS: '/nowhere' });
      expect(code, stderr).to.equal(0);
      expect(stderr.match(/the demo's model is not installed/g)).to.have.lengthOf(1);
      expect(existsSync(project.modelFile)).to.equal(false);
      const again = await project.run({ PATH: '/nowhere' });
      expect(again.code).to.equal(0);
      expect(again.stderr).to.match(/^set-up: the demo's model is not installed .*\n$/);
      const asked = await project.run({ npm_lifecycle_event: 'setup' });
      expect(asked.stderr).to.not.contain('not installed');
      expect(existsSync(project.modelFile)).to.equal(true);
    });

    it('fails when a package that is needed cannot be had, naming the step, why and what to do', async () => {
      project.write('python/requirements/runtime.txt', 'no-such-package-of-ours==1.0\n');
      const { code, stderr } = await project.run();
      expect(code).to.equal(1);
      expect(stderr).to.match(/step "Python packages" failed: pip could not install the Python packages/);
      expect(stderr).to.match(/\| .*no-such-package-of-ours==1\.0/);
      expect(stderr).to.match(/-> /);
      expect(existsSync(lockFile())).to.equal(false);
      project.write('python/requirements/runtime.txt', '# nothing\n');
      expect((await project.run()).code).to.equal(0);
    });
  });

  describe('that cannot reach the registry', () => {
    before(() => {
      project = new SetupProject();
    });
    after(() => project.remove());

    it('says that the first set-up needs a network', async () => {
      const entry = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` };
      const packages = {
        '': { name: 'toy', version: '1.0.0', dependencies: { nothing: '1.0.0' } },
        'node_modules/nothing': entry,
      };
      project.write(
        'package.json',
        JSON.stringify({ name: 'toy', version: '1.0.0', dependencies: { nothing: '1.0.0' } }),
      );
      project.write(
        'package-lock.json',
        JSON.stringify({ name: 'toy', version: '1.0.0', lockfileVersion: 3, packages }),
      );
      const cache = join(project.root, 'cache');
      const registry = {
        npm_config_registry: 'http://127.0.0.1:9/',
        npm_config_fetch_retries: '0',
        npm_config_cache: cache,
      };
      const { code, stderr } = await project.run(registry);
      expect(code).to.equal(1);
      expect(stderr).to.match(/step "npm packages" failed/);
      expect(stderr).to.contain('the first set-up needs a network');
    });
  });

  describe('without a Python that will do', () => {
    before(async () => {
      project = new SetupProject();
      await project.run({ PATH: project.path({ npm: 'exit 0' }) }); // leaves the npm step done
    });
    after(() => project.remove());

    it('says that none was found, and where it looked', async () => {
      const { code, stderr } = await project.run({ PATH: project.path({}) });
      expect(code).to.equal(1);
      expect(stderr).to.contain('no Python 3.10 or newer was found');
      expect(stderr).to.contain('looked for python3.13');
      expect(stderr).to.contain('OPHION_PYTHON=');
      expect(existsSync(join(project.root, '.venv'))).to.equal(false);
    });

    it('names the one that is too old', async () => {
      const script = `exec ${realPython} -c 'import sys; sys.version_info = (3, 9, 2); exec(sys.argv[1])' "$2"`;
      const { code, stderr } = await project.run({ PATH: project.path({ python3: script }) });
      expect(code).to.equal(1);
      expect(stderr).to.match(/\| python3: is Python 3\.9\.2 \(.*\), not 3\.10 or newer/);
    });

    it('names the package to install when Python comes without venv', async () => {
      const hide = 'import sys; sys.modules["ensurepip"] = None; exec(sys.argv[1])';
      const script = `exec ${realPython} -c '${hide}' "$2"`;
      const { stderr } = await project.run({ PATH: project.path({ 'python3.12': script }) });
      expect(stderr).to.contain('without its module');
      expect(stderr).to.contain('python3-venv');
    });

    it('takes OPHION_PYTHON at its word and looks for no other', async () => {
      const { code, stderr } = await project.run({ OPHION_PYTHON: '/nowhere/python3' });
      expect(code).to.equal(1);
      expect(stderr).to.contain('OPHION_PYTHON=/nowhere/python3 cannot be used');
      expect(stderr).to.contain('there is no such file');
    });
  });

  describe('that is interrupted in the middle of npm', () => {
    let fifo: string;
    let slowNpm: string;
    beforeEach(async () => {
      project = new SetupProject();
      // What comes after npm is not what these are about.
      project.makeEnvironment();
      fifo = join(project.root, 'begun');
      await once(spawn('mkfifo', [fifo]), 'close');
      // Empties node_modules like `npm ci`, tells its pid through the pipe, and never ends by itself.
      slowNpm = project.path({ npm: `mkdir -p node_modules/half\necho $$ > ${fifo}\nexec sleep 600` });
    });
    afterEach(() => project.remove());

    /** Resolves when the slow npm is at work. */
    async function pidOfNpm(): Promise<number> {
      const reader = spawn('cat', [fifo]);
      let text = '';
      reader.stdout.on('data', (chunk) => {
        text += chunk;
      });
      await once(reader, 'close');
      return Number(text);
    }

    it('ends npm, leaves no lock and no stamp, and exits as the signal says', async () => {
      const { child, ended } = project.start({ PATH: slowNpm });
      const npm = identityOf(await pidOfNpm());
      child.kill('SIGTERM');
      const { code, stderr } = await ended;
      expect(code).to.equal(143);
      expect(stderr).to.contain('run it again and it goes on');
      expect(isAlive(npm)).to.equal(false);
      expect(existsSync(lockFile())).to.equal(false);
      expect(existsSync(stampOfNpm())).to.equal(false);
    });

    it('when it was killed: the next one ends the npm left behind, and does the step from its start', async () => {
      const { child, ended } = project.start({ PATH: slowNpm });
      const npm = identityOf(await pidOfNpm());
      // It may be killed when it has noted whom it started.
      while (!readFileSync(lockFile(), 'utf8').includes(`"pid": ${npm?.pid},`)) await new Promise(setImmediate);
      child.kill('SIGKILL');
      // Its pipes stay open in npm, so only the exit is waited for.
      await once(child, 'exit');
      expect(isAlive(npm)).to.equal(true);
      expect(existsSync(lockFile())).to.equal(true);
      const { code, stderr } = await project.run();
      await ended;
      expect(code, stderr).to.equal(0);
      expect(isAlive(npm)).to.equal(false);
      expect(existsSync(join(project.root, 'node_modules', 'half'))).to.equal(false);
      expect(existsSync(stampOfNpm())).to.equal(true);
    });

    it('lets a second set-up wait for the first, which then has nothing left to do', async () => {
      const calls = join(project.root, 'calls');
      const npm = `mkdir -p node_modules\necho call >> ${calls}\necho $$ > ${fifo}\ncat ${fifo} > /dev/null`;
      const env = { PATH: `${project.path({ npm })}:${process.env.PATH}` };
      const first = project.start(env);
      await pidOfNpm();
      const second = project.start(env);
      const waits = new Promise<void>((resolve) => {
        second.child.stderr?.on('data', (chunk: string) => {
          if (chunk.includes('waiting for it')) resolve();
        });
      });
      await waits;
      await once(spawn('sh', ['-c', `echo go > ${fifo}`]), 'close');
      const results = await Promise.all([first.ended, second.ended]);
      expect(results.map(({ code }) => code)).to.deep.equal([0, 0]);
      expect(results[1].stderr).to.not.contain('npm packages');
      expect(readFileSync(calls, 'utf8')).to.equal('call\n');
    });
  });
});
