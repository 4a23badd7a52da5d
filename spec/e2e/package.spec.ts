/** The npm package as an application gets it: packed, installed into an empty project elsewhere, set up, and run. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PackagedApp } from '../../examples/support/packaged-app.ts';
import { needs } from '../helpers/needs.ts';

describe('the npm package', function () {
  this.timeout(600_000);
  let app: PackagedApp;

  before(function () {
    app = new PackagedApp();
    const installed = app.install();
    needs(this, !installed.isUnreachable, 'a package registry (npm)');
    expect(installed.code, installed.all).to.equal(0);
    const first = app.setup();
    needs(this, !first.isUnreachable, 'a package registry (pip)');
    expect(first.code, first.all).to.equal(0);
    expect(first.stderr).to.match(/\[1\/2\] virtual environment \.venv: done in .*\(Python 3\.\d+\.\d+\)/);
    expect(first.stderr).to.match(/\[2\/2\] the Python half of ophion \d+\.\d+\.\d+, into \.venv: done/);
  });
  after(() => app?.remove());

  it('holds what an application needs and nothing of the checkout', () => {
    const folder = join(app.folder, 'node_modules', 'ophion');
    expect(readdirSync(join(folder, 'dist', 'python'))).to.have.length(1);
    // The Python half is a plugin of pytest, by the name of its module.
    const lib = join(app.folder, '.venv', 'lib');
    const packages = join(lib, readdirSync(lib)[0] ?? '', 'site-packages');
    const info = readdirSync(packages).find((name) => /^ophion-.*\.dist-info$/.test(name)) ?? '';
    expect(readFileSync(join(packages, info, 'entry_points.txt'), 'utf8')).to.match(
      /\[pytest11\]\nophion\.testing\.pytest = ophion\.testing\.pytest/,
    );
    for (const name of ['spec', 'python', 'examples', 'bench', 'node_modules/mocha', 'dist/bench'])
      expect(existsSync(join(folder, name)), name).to.equal(false);
  });

  it('holds the types that an application is checked with, those of its own tools included', () => {
    const tools = join(app.folder, 'shop_tools.py');
    const own = readFileSync(tools, 'utf8');
    writeFileSync(tools, own.replace('pieces: int)', 'pieces: int, gift: bool)'));
    const stale = app.script('build');
    writeFileSync(tools, own);
    expect(stale.code).to.equal(1);
    expect(stale.all).to.include('shop_tools.ts is not what the signatures say now');
    const main = join(app.folder, 'main.ts');
    const program = readFileSync(main, 'utf8');
    writeFileSync(main, program.replace('pieces: 3', "pieces: 'three'"));
    const wrong = app.script('build');
    writeFileSync(main, program);
    expect(wrong.code).to.not.equal(0);
    expect(wrong.all).to.match(/main\.ts.*error TS2322: Type 'string' is not assignable to type 'number'/);
  });

  it('runs a small application, in both languages', () => {
    const built = app.script('build');
    expect(built.code, built.all).to.equal(0);
    expect(built.all).to.include('types: shop_tools.ts is up to date');
    const { code, stdout, all } = app.script('start');
    expect(code, all).to.equal(0);
    expect(stdout).to.equal('three lamps are 5700 cents, then 2850\na lamp is 950 cents\na chair is 4000 cents\n');
  });

  it('has nothing to do at the second setup, and says so at once', () => {
    const begun = performance.now();
    const { code, stderr } = app.setup();
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^set-up: nothing to do: ophion .* is in \.venv \(Python 3\.\d+\.\d+\)$/m);
    // npx itself is most of it.
    expect(performance.now() - begun).to.be.below(5_000);
  });

  it('refuses a Python half of another release by name, and setup sets that right', () => {
    const lib = join(app.folder, '.venv', 'lib');
    const version = join(lib, readdirSync(lib)[0] ?? '', 'site-packages', 'ophion', '_version.py');
    const own = readFileSync(version, 'utf8');
    writeFileSync(version, own.replace(/__version__ = .*/, '__version__ = "9.9.9"'));
    const { code, all } = app.run(process.execPath, ['main.js']);
    expect(code).to.not.equal(0);
    expect(all)
      .to.match(/WorkerStartError/)
      .and.match(/is ophion 9\.9\.9, the host is ophion \d+\.\d+\.\d+; .*npx ophion setup/);
    expect(all).to.include('version_mismatch');
    rmSync(join(app.folder, '.venv', '.ophion-application.json'));
    const again = app.setup();
    expect(again.code, again.all).to.equal(0);
    expect(readFileSync(version, 'utf8')).to.equal(own);
  });

  it('uses an environment that is there, and says what is wrong with one that cannot be used', () => {
    const missing = app.setup('--venv', 'main.js');
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.match(/the virtual environment .*main\.js cannot be used/);
    const unknown = app.setup('--with', 'nonsense');
    expect(unknown.code).to.equal(1);
    expect(unknown.stderr).to.match(/there is no part 'nonsense'/);
  });
});
