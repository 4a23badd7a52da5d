import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..', '..');

/** A module hook under which these packages are not installed. */
const without = `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export async function resolve(name, context, next) {
      if (/^(mocha|chai|fast-check)$/.test(name)) throw Object.assign(new Error(name + ' is not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }\`));`;

/** A module hook under which of `testing/` no more can be loaded than fault plans and the sandbox need. */
const plansAlone = `
  register('data:text/javascript,' + encodeURIComponent(\`
    export async function resolve(name, context, next) {
      const found = await next(name, context);
      const [, file] = /\\\\/(testing\\\\/.*)$/.exec(found.url) ?? [];
      const needed = file === undefined || /^testing\\\\/(fake-worker|faults|plan|sandbox|simulation|trace)\\\\//.test(file);
      if (!needed && context.parentURL !== undefined && !context.parentURL.includes('eval')) throw new Error('loaded: ' + file);
      return found;
    }\`));`;

describe('ophion/testing', function () {
  this.timeout(120_000);

  it('is imported without mocha, chai or fast-check', () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        ...['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(without)}`],
        ...['--input-type=module', '-e'],
        `const testing = await import('./testing/index.ts');
         const { History, checkLinearizability, counterModel } = testing;
         const history = new History();
         history.invoke('a', { type: 'read' }).ok(0);
         console.log(checkLinearizability(history, counterModel()).outcome);
         await import('chai').catch((error) => console.log(error.message));`,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(stderr).to.equal('');
    expect(stdout).to.equal('linearizable\nchai is not installed\n');
    expect(status).to.equal(0);
  });

  it('is not loaded by the dev tools, but for its fault plans and sandbox', () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        ...['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(without + plansAlone)}`],
        ...['--input-type=module', '-e'],
        `const { startDevtools } = await import('./devtools/index.ts');
         console.log(typeof startDevtools);
         await import('./testing/index.ts').catch((error) => console.log(error.message));`,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^function\nloaded: testing\/\S+\n$/);
    expect(status).to.equal(0);
  });
});
