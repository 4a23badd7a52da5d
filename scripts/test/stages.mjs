// The stages of `npm test`, in order. A stage that is no test runner counts as one test.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { asOneCheck, fromJunit, fromLastLine, fromMainJob, fromMocha } from './counts.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */
/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string[]} command
 * @property {string} [cwd] below the checkout; default the checkout
 * @property {(countsFile: string) => { args?: string[], env?: NodeJS.ProcessEnv }} [report] makes the runner report to a file
 * @property {boolean} [readsOutput] its output is what is counted
 * @property {(code: number, from: { output: string, countsFile: string }) => Counts} count
 * @property {string} [missing] what it cannot run without; then it is skipped and says so
 */

/**
 * @param {string} root the checkout
 * @returns {Stage[]}
 */
export function stages(root) {
  const node = process.execPath;
  /** @param {string[]} path */
  const nodeModule = (...path) => join(root, 'node_modules', ...path);
  const venv = join(root, '.venv', process.platform === 'win32' ? 'Scripts' : 'bin');
  const specs = specFiles(root);

  /** @param {string} name @param {string[]} command @param {string} [cwd] @returns {Stage} */
  const check = (name, command, cwd = '.') => ({ name, command, cwd, count: asOneCheck });
  /** @param {string} name @param {string[]} files @returns {Stage} */
  const mocha = (name, files) => ({
    name,
    command: [node, nodeModule('mocha', 'bin', 'mocha.js'), '--forbid-only', ...files],
    report: (countsFile) => ({
      args: ['--reporter', join(root, 'scripts', 'test', 'mocha-reporter.cjs')],
      env: { OPHION_TEST_COUNTS: countsFile },
    }),
    count: (code, { countsFile }) => fromMocha(countsFile, code),
    ...(files.length === 0 ? { missing: 'spec files' } : {}),
  });

  return [
    check('format', [node, nodeModule('@biomejs', 'biome', 'bin', 'biome'), 'check', '--linter-enabled=false', '.']),
    check('lint', [node, nodeModule('@biomejs', 'biome', 'bin', 'biome'), 'lint', '--error-on-warnings', '.']),
    check('promises', [node, nodeModule('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings']),
    check('layers', [node, nodeModule('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), ...cruised(root)]),
    check('seams', [node, join(root, 'scripts', 'lint-seams.mjs')]),
    check('types', [node, join(root, 'scripts', 'check-types.mjs')]),
    check('generated', [node, join(root, 'scripts', 'generate.mjs'), '--check']),
    check('proto-lint', [node, nodeModule('@bufbuild', 'buf', 'bin', 'buf'), 'lint', 'proto']),
    check('proto-breaking', [node, join(root, 'scripts', 'proto-breaking.mjs')]),
    check('build', [node, join(root, 'scripts', 'build.mjs')]),
    check('docs', [node, join(root, 'scripts', 'docs.mjs')]),
    mocha(
      'unit',
      specs.filter((file) => !isIntegration(file)),
    ),
    mocha('integration', specs.filter(isIntegration)),
    check(
      'python-lint',
      [join(venv, 'ruff'), 'check', '--config', 'pyproject.toml', '.', '../testing', '../deploy', '../examples'],
      'python',
    ),
    check(
      'python-format',
      [
        join(venv, 'ruff'),
        'format',
        '--config',
        'pyproject.toml',
        '--check',
        '.',
        '../testing',
        '../deploy',
        '../examples',
      ],
      'python',
    ),
    check('python-types', [join(venv, 'mypy')], 'python'),
    {
      name: 'python-tests',
      command: [join(venv, 'python'), '-m', 'pytest'],
      cwd: 'python',
      report: (countsFile) => ({ args: [`--junitxml=${countsFile}`] }),
      count: (code, { countsFile }) => fromJunit(countsFile, code),
    },
    {
      name: 'examples',
      command: [node, '--import', 'tsx', join('examples', 'run.ts')],
      readsOutput: true,
      count: (code, { output }) => fromLastLine(output, code),
    },
    {
      name: 'main-job',
      command: [node, '--import', 'tsx', join('examples', 'main-job.ts'), '--once', '--json'],
      readsOutput: true,
      count: (code, { output }) => fromMainJob(output, code),
    },
  ];
}

/** Specs that start real Python, open real sockets or send real signals. @param {string} file */
const isIntegration = (file) =>
  file.startsWith('spec/e2e/') ||
  file === 'spec/scripts/setup.spec.ts' ||
  /^spec\/testing\/(proxy|redis|fake-worker)\//.test(file) ||
  file.startsWith('spec/docs/workers-');

/** @param {string} root */
function specFiles(root) {
  if (!existsSync(join(root, 'spec'))) return [];
  return readdirSync(join(root, 'spec'), { recursive: true })
    .map((file) => `spec/${String(file).replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.spec.ts'))
    .sort();
}

/** What the layer lint looks at. @param {string} root */
export function cruised(root) {
  return ['index.ts', 'actors', 'supervisors', 'bridge', 'testing', 'devtools', 'examples', 'bench', 'deploy'].filter(
    (name) => existsSync(join(root, name)),
  );
}
