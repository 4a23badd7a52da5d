/** The npm package as an application gets it: packed, installed into an empty project elsewhere, set up, and run. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { needs } from '../helpers/needs.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
/** What this checkout's own commands have set must not help the application. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|OPHION_|PYTHONPATH|VIRTUAL_ENV|NODE_OPTIONS)/.test(name),
  ),
);
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|needs a network/;

const program = `
import { openContext, ophion, python, pythonTool, startSupervisor } from 'ophion';

const greet = pythonTool('greet');
await using app = await startSupervisor({
  children: { ophion: ophion({ pools: { default: python({ module: 'greetings' }) } }) },
});
await app.children.ophion.pools.default.ready();
await using context = await openContext(app.children.ophion);
console.log(await context.call(greet, { name: 'world' }));
`
  // Node 20 has the symbols, not the syntax.
  .replace(/await using (app|context)/g, 'const $1')
  .concat('await context.close();\nawait app.stop();\n');

const tools = `
from ophion import tool

@tool
def greet(name: str) -> str:
    return f"hello {name}"
`;

describe('the npm package', function () {
  this.timeout(180_000);
  let app = '';
  const run = (command: string, args: readonly string[], cwd = app) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
    return { code: status, stdout, stderr, all: `${stdout}${stderr}` };
  };
  const setup = (...args: string[]) => run('npx', ['--no', 'ophion', 'setup', ...args]);

  before(function () {
    app = mkdtempSync(join(tmpdir(), 'ophion-package-'));
    if (!existsSync(join(checkout, 'dist', 'python'))) {
      const built = run(process.execPath, ['scripts/build.mjs'], checkout);
      expect(built.code, built.all).to.equal(0);
    }
    const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', app], checkout);
    expect(packed.code, packed.all).to.equal(0);
    writeFileSync(join(app, 'package.json'), '{ "name": "app", "version": "1.0.0", "type": "module" }\n');
    writeFileSync(join(app, 'main.js'), program);
    writeFileSync(join(app, 'greetings.py'), tools);
    const tarball = readdirSync(app).find((name) => name.endsWith('.tgz')) ?? '';
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--fetch-retries=0'];
    const installed = run('npm', ['install', ...quiet, `./${tarball}`]);
    needs(this, !unreachable.test(installed.all), 'a package registry (npm)');
    expect(installed.code, installed.all).to.equal(0);
    const first = setup();
    needs(this, !unreachable.test(first.all), 'a package registry (pip)');
    expect(first.code, first.all).to.equal(0);
    expect(first.stderr).to.match(/\[1\/2\] virtual environment \.venv: done in .*\(Python 3\.\d+\.\d+\)/);
    expect(first.stderr).to.match(/\[2\/2\] the Python half of ophion \d+\.\d+\.\d+, into \.venv: done/);
  });
  after(() => rmSync(app, { recursive: true, force: true }));

  it('holds what an application needs and nothing of the checkout', () => {
    const folder = join(app, 'node_modules', 'ophion');
    expect(readdirSync(join(folder, 'dist', 'python'))).to.have.length(1);
    for (const name of ['spec', 'python', 'examples', 'bench', 'node_modules/mocha', 'dist/bench'])
      expect(existsSync(join(folder, name)), name).to.equal(false);
  });

  it('runs a tool of the application from a small program', () => {
    const { code, stdout, all } = run(process.execPath, ['main.js']);
    expect(code, all).to.equal(0);
    expect(stdout).to.equal('hello world\n');
  });

  it('makes typed tokens of its tools, in the environment that its workers have', () => {
    const { code, all } = run('npx', ['--no', 'ophion', 'types', 'greetings', '--out', 'greetings.ts']);
    expect(code, all).to.equal(0);
    expect(readFileSync(join(app, 'greetings.ts'), 'utf8')).to.include(
      "import { type PythonTool, pythonTool } from 'ophion';\n\nexport const greet: PythonTool<{ readonly name: string }, string> =",
    );
  });

  it('has nothing to do at the second setup, and says so at once', () => {
    const begun = performance.now();
    const { code, stderr } = setup();
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^set-up: nothing to do: ophion .* is in \.venv \(Python 3\.\d+\.\d+\)$/m);
    // npx itself is most of it.
    expect(performance.now() - begun).to.be.below(5_000);
  });

  it('refuses a Python half of another release by name, and setup sets that right', () => {
    const lib = join(app, '.venv', 'lib');
    const version = join(lib, readdirSync(lib)[0] ?? '', 'site-packages', 'ophion', '_version.py');
    const own = readFileSync(version, 'utf8');
    writeFileSync(version, own.replace(/__version__ = .*/, '__version__ = "9.9.9"'));
    const { code, all } = run(process.execPath, ['main.js']);
    expect(code).to.not.equal(0);
    expect(all)
      .to.match(/WorkerStartError/)
      .and.match(/is ophion 9\.9\.9, the host is ophion \d+\.\d+\.\d+; .*npx ophion setup/);
    expect(all).to.include('version_mismatch');
    rmSync(join(app, '.venv', '.ophion-application.json'));
    const again = setup();
    expect(again.code, again.all).to.equal(0);
    expect(readFileSync(version, 'utf8')).to.equal(own);
  });

  it('uses an environment that is there, and says what is wrong with one that cannot be used', () => {
    const missing = setup('--venv', 'main.js');
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.match(/the virtual environment .*main\.js cannot be used/);
    const unknown = setup('--with', 'nonsense');
    expect(unknown.code).to.equal(1);
    expect(unknown.stderr).to.match(/there is no part 'nonsense'/);
  });
});
