// The stages of `npm test`, in order. A stage that is no test runner counts as one test. The test files of one that is are dealt
// out to parts, each a process of its own, so that all processors have something to do.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { asOneCheck, fromJunit, fromLastLine, fromMainJob, fromMocha } from './counts.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */
/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string[]} command
 * @property {string[][]} [parts] the arguments of each process of this stage; without it, it is one process
 * @property {boolean} [check] may run at the same time as other checks
 * @property {string} [cwd] below the checkout; default the checkout
 * @property {(countsFile: string) => { args?: string[], env?: NodeJS.ProcessEnv }} [report] makes the runner report to a file
 * @property {boolean} [readsOutput] its output is what is counted
 * @property {(code: number, from: { output: string, countsFile: string }) => Counts} count
 * @property {string} [missing] what it cannot run without; then it is skipped and says so
 */

/**
 * @param {string} root the checkout
 * @param {number} jobs how many parts of a stage run at a time
 * @returns {Stage[]}
 */
export function stages(root, jobs) {
  const node = process.execPath;
  /** @param {string[]} path */
  const nodeModule = (...path) => join(root, 'node_modules', ...path);
  const venv = join(root, '.venv', process.platform === 'win32' ? 'Scripts' : 'bin');
  const specs = specFiles(root);

  /** @param {string} name @param {string[]} command @param {string} [cwd] @returns {Stage} */
  const check = (name, command, cwd = '.') => ({ name, command, cwd, check: true, count: asOneCheck });
  /** @param {string} name @param {string[]} files @param {number} [atATime] @returns {Stage} */
  const mocha = (name, files, atATime = jobs) => ({
    name,
    command: [
      node,
      nodeModule('mocha', 'bin', 'mocha.js'),
      '--forbid-only',
      ...(process.stdout.isTTY ? ['--color'] : []),
    ],
    parts: dealt(files, atATime),
    report: (countsFile) => ({
      args: ['--reporter', join(root, 'scripts', 'test', 'mocha-reporter.cjs')],
      env: { OPHION_TEST_COUNTS: countsFile },
    }),
    count: (code, { countsFile }) => fromMocha(countsFile, code),
    ...(files.length === 0 ? { missing: 'spec files' } : {}),
  });

  return [
    // The longest first, so that the other checks run beside it.
    check('docs', [node, join(root, 'scripts', 'docs.mjs')]),
    check('format', [node, nodeModule('@biomejs', 'biome', 'bin', 'biome'), 'check', '--linter-enabled=false', '.']),
    check('lint', [node, nodeModule('@biomejs', 'biome', 'bin', 'biome'), 'lint', '--error-on-warnings', '.']),
    check('promises', [node, nodeModule('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings']),
    check('layers', [node, nodeModule('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), ...cruised(root)]),
    check('seams', [node, join(root, 'scripts', 'lint-seams.mjs')]),
    check('types', [node, join(root, 'scripts', 'check-types.mjs')]),
    check('generated', [node, join(root, 'scripts', 'generate.mjs'), '--check']),
    check('events', [node, join(root, 'scripts', 'events.mjs'), '--check']),
    check('proto-lint', [node, nodeModule('@bufbuild', 'buf', 'bin', 'buf'), 'lint', 'proto']),
    check('proto-breaking', [node, join(root, 'scripts', 'proto-breaking.mjs')]),
    check('build', [node, join(root, 'scripts', 'build.mjs')]),
    mocha(
      'unit',
      specs.filter((file) => !isIntegration(file)),
    ),
    mocha(
      'integration',
      specs.filter((file) => isIntegration(file) && !isAlone(file)),
    ),
    mocha('alone', specs.filter(isAlone), 1),
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
      parts: dealt(pythonTests(root), jobs),
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

/** Specs of what a host does to all processes of the machine: that of another spec would do it to theirs. @param {string} file */
const isAlone = (file) => file === 'spec/e2e/sweep.spec.ts' || file === 'spec/e2e/orphans-swept.spec.ts';

/** @param {string} root */
function specFiles(root) {
  if (!existsSync(join(root, 'spec'))) return [];
  return readdirSync(join(root, 'spec'), { recursive: true })
    .map((file) => `spec/${String(file).replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.spec.ts'))
    .sort();
}

/** @param {string} root */
function pythonTests(root) {
  return readdirSync(join(root, 'python', 'tests'))
    .filter((file) => /^test_.*\.py$/.test(file))
    .map((file) => join('tests', file))
    .sort();
}

/**
 * Deals files out like cards: neighbours, which take about as long, go to different parts. There are twice as many parts as
 * jobs, so that who is done early takes another one.
 * @param {readonly string[]} files
 * @param {number} jobs
 * @returns {string[][]}
 */
export function dealt(files, jobs) {
  const length = Math.min(files.length, jobs === 1 ? 1 : 2 * jobs);
  return Array.from({ length }, (_, part) => files.filter((_file, index) => index % length === part));
}

/** What the layer lint looks at. @param {string} root */
export function cruised(root) {
  return ['index.ts', 'actors', 'supervisors', 'bridge', 'testing', 'devtools', 'examples', 'bench', 'deploy'].filter(
    (name) => existsSync(join(root, name)),
  );
}
