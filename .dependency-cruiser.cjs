// The walls between the layers, as a lint. Lowest first: a file may import its own layer and the
// layers below it. When a lower layer has to call up, it declares an interface and the higher one
// registers an implementation. `spec/scripts/layers.spec.ts` shows that each rule bites.
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

const layers = [
  ['infrastructure', '^(actors/(core|worker)|supervisors|bridge/transport)/'],
  ['state-protocol', '^(actors/state|bridge/protocol)/'],
  ['cognitive-api', '^actors/context/'],
  ['entry-points', '^(index\\.ts$|testing/|devtools/)'],
];
const threeLayers = '^(actors|supervisors|bridge)/';
/** What runs in a browser, and what is bundled into it. */
const page = '^devtools/page/';
const pageLibraries = 'preact|@preact/signals|@dagrejs/dagre|microdiff';
/** What is bundled into the page of the terminal. */
const top = '^devtools/cli/top/';
const source = '^(actors|supervisors|bridge|testing|devtools)/|^index\\.ts$';

/** What stands before may not import what stands after. */
const inOrder = (named) =>
  named.slice(0, -1).map(([name, path], i) => ({
    name: `${name}-imports-nothing-above-it`,
    severity: 'error',
    from: { path },
    to: { path: named.slice(i + 1).map(([, above]) => above) },
  }));

const insideInfrastructure = [
  ['actors-core', '^actors/core/'],
  ['supervisors', '^supervisors/'],
  ['bridge-transport', '^bridge/transport/'],
  ['actors-worker', '^actors/worker/'],
];

/** Folders that have an index.ts: others may import nothing else of them. deploy/sizing is a client, with generated stubs. */
const folders = ['actors', 'bridge', '.']
  .filter((parent) => existsSync(parent))
  .flatMap((parent) => readdirSync(parent, { withFileTypes: true }).map((entry) => [entry, join(parent, entry.name)]))
  .filter(([entry, folder]) => entry.isDirectory() && existsSync(join(folder, 'index.ts')))
  .map(([, folder]) => folder);
const throughTheIndex = folders.map((folder) => ({
  name: `${folder.replace('/', '-')}-is-imported-through-its-index`,
  severity: 'error',
  from: { path: `${source}|^(examples|bench)/|^deploy/[^/]+$`, pathNot: `^${folder}/` },
  to: { path: `^${folder}/`, pathNot: '/index\\.ts$' },
}));

/** @param {string} path in node_modules */
const npm = (path) => `(^|/)node_modules/(${path})(/|$)`;

module.exports = {
  forbidden: [
    ...inOrder(layers),
    ...inOrder(insideInfrastructure),
    ...throughTheIndex,
    {
      name: 'no-cycles',
      comment: 'Cycles of types alone are erased and do no harm.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'redis-stays-in-its-folder',
      severity: 'error',
      from: { path: source, pathNot: '^actors/state/redis/' },
      to: { path: npm('ioredis|redis|@redis/.+') },
    },
    {
      name: 'lmdb-stays-in-its-file',
      severity: 'error',
      from: { path: source, pathNot: '^actors/state/durable/lmdb-file\\.ts$' },
      to: { path: npm('lmdb') },
    },
    {
      name: 'connect-and-grpc-stay-in-bridge',
      severity: 'error',
      from: { path: source, pathNot: '^bridge/' },
      to: { path: npm('@connectrpc/.+|@grpc/.+') },
    },
    {
      name: 'opentelemetry-stays-in-its-adapter',
      severity: 'error',
      from: { path: source, pathNot: '^devtools/adapters/(opentelemetry|otel-[a-z]+)\\.ts$' },
      to: { path: npm('@opentelemetry/.+') },
    },
    {
      name: 'xstate-stays-in-its-adapter',
      severity: 'error',
      from: { path: source, pathNot: '^actors/core/xstate-adapter\\.ts$' },
      to: { path: npm('xstate') },
    },
    {
      name: 'child-process-stays-in-os-process',
      severity: 'error',
      from: { path: threeLayers, pathNot: '^actors/worker/os-process\\.ts$' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'worker-threads-stay-in-their-door',
      severity: 'error',
      from: { path: threeLayers, pathNot: '^actors/core/node-thread(s|-entry)\\.ts$' },
      to: { path: '^(node:)?worker_threads$' },
    },
    {
      name: 'source-needs-no-dev-dependency',
      comment:
        'mocha and chai are what testing/ is for; ioredis and OpenTelemetry are optional peers, loaded by their files alone.',
      severity: 'error',
      from: { path: source, pathNot: [page, top] },
      to: { dependencyTypes: ['npm-dev'], pathNot: [npm('mocha|chai|ioredis|@opentelemetry/api|@types/.+')] },
    },
    {
      name: 'page-needs-its-libraries-alone',
      comment: 'They are bundled into the page. It runs in a browser, so that nothing of Node is there.',
      severity: 'error',
      from: { path: page },
      to: { pathNot: [page, '^devtools/(protocol|export)/', npm(pageLibraries)] },
    },
    {
      name: 'page-libraries-stay-in-the-page',
      severity: 'error',
      from: { path: source, pathNot: page },
      to: { path: npm(pageLibraries) },
    },
    {
      name: 'ws-stays-at-both-ends-of-the-dev-tools',
      severity: 'error',
      from: { path: source, pathNot: '^devtools/(host|client)/' },
      to: { path: npm('ws') },
    },
    {
      name: 'command-line-libraries-stay-in-the-command-line',
      severity: 'error',
      from: { path: source, pathNot: '^devtools/cli/' },
      to: { path: npm('commander|picocolors') },
    },
    {
      name: 'ink-and-react-stay-in-top',
      severity: 'error',
      from: { path: source, pathNot: top },
      to: { path: npm('ink|react') },
    },
    {
      name: 'bundles-load-nothing-by-themselves',
      comment: 'What is bundled is loaded by the address of its bundle.',
      severity: 'error',
      from: { path: source, pathNot: top },
      to: { path: top },
    },
    {
      name: 'testing-libraries-stay-in-testing',
      severity: 'error',
      from: { path: source, pathNot: '^testing/' },
      to: { path: npm('mocha|chai') },
    },
    {
      name: 'source-imports-no-spec-or-example',
      severity: 'error',
      from: { path: source },
      to: { path: '^(spec|examples|bench|deploy|scripts)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.venv|examples/packaged)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.d.ts', '.mjs', '.json'],
    },
    skipAnalysisNotInRules: true,
  },
};
