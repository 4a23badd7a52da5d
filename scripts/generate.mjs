#!/usr/bin/env node
// Generates the code of proto/ for both languages. Flat folders, committed:
//   bridge/transport/gen/workers_pb.{js,d.ts}       import { FrameSchema } from './gen/workers_pb.js'
//   bridge/protocol/gen/<every other proto>_pb.*    import { ValueSchema } from './gen/values_pb.js'
//   bridge/protocol/gen/{health,reflection,...}_pb.* gRPC's own protocols, for the public services only
//   python/src/ophion/_gen/<proto>_pb2.{py,pyi}     from ophion._gen import workers_pb2
//   python/src/ophion/_gen/workers_pb2_grpc.py      the one service that Python speaks
// `--check` writes nothing and fails when the tree differs from what would be generated.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const transportGen = join('bridge', 'transport', 'gen');
const protocolGen = join('bridge', 'protocol', 'gen');
const pythonGen = join('python', 'src', 'ophion', '_gen');
const check = process.argv.includes('--check');

const protos = readdirSync(join(root, 'proto/ophion/v1'))
  .filter((name) => name.endsWith('.proto'))
  .sort()
  .map((name) => `ophion/v1/${name}`);
/** Protocols that are not ours. Python needs none of them. */
const standardProtos = [
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection_v1alpha.proto',
  'google/rpc/error_details.proto',
];
/** @param {string} proto */
const isTransport = (proto) => proto.endsWith('/workers.proto');

class GenerateError extends Error {}

/**
 * Runs a tool with its output shown; a failing one ends the script.
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0)
    throw new GenerateError(`${[command, ...args].slice(0, 4).join(' ')} failed: ${error ?? `exit ${status}`}`);
}

/** The Python of the virtual environment, when it has grpc_tools (there is none for the newest Pythons). */
function pythonWithTools() {
  const python = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (!existsSync(python)) throw new GenerateError('.venv is missing: run `npm run setup` first');
  const { status } = spawnSync(python, ['-c', 'import grpc_tools'], { stdio: 'ignore' });
  if (status === 0) return python;
  const words = 'the Python of .venv has no grpc_tools: set OPHION_PYTHON to one of 3.10 to 3.13';
  if (!check) throw new GenerateError(words);
  console.log(`generate: the Python half is not checked: ${words}`);
  return undefined;
}

/**
 * Moves the files of <folder>/ophion/v1 and the like up into the folder itself.
 * @param {string} folder
 * @param {Iterable<string>} packages
 */
function flatten(folder, packages) {
  for (const name of packages) {
    const nested = join(folder, name);
    for (const file of readdirSync(nested)) renameSync(join(nested, file), join(folder, file));
  }
  for (const top of new Set([...packages].map((name) => name.replace(/\/.*/, ''))))
    rmSync(join(folder, top), { recursive: true });
}

/** @param {string} out */
function typescript(out) {
  const buf = join(root, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');
  const layers = {
    [transportGen]: protos.filter(isTransport),
    [protocolGen]: [...protos.filter((proto) => !isTransport(proto)), ...standardProtos],
  };
  for (const [folder, files] of Object.entries(layers)) {
    const target = join(out, folder);
    const paths = files.flatMap((proto) => ['--path', `proto/${proto}`]);
    run(process.execPath, [buf, 'generate', 'proto', '--template', 'proto/buf.gen.yaml', '-o', target, ...paths]);
    flatten(target, new Set(files.map(dirname)));
  }
}

/**
 * What protoc writes for `ophion/v1/x.proto`, as a module of the package `ophion._gen`.
 * @param {string} text
 */
function asPackageModule(text) {
  return (
    text
      .replaceAll(/^from ophion\.v1 import (\w+) as /gm, 'from ophion._gen import $1 as ')
      .replaceAll(/^from ophion\.v1\.(\w+) import /gm, 'from ophion._gen.$1 import ')
      // Only 'ophion.v1.workers_pb2' names a Python module; 'ophion.v1.WorkerService' is the wire name.
      .replaceAll(/'ophion\.v1\.(\w+_pb2)'/g, "'ophion._gen.$1'")
      .replaceAll(/[ \t]+$/gm, '')
  );
}

/**
 * @param {string} out
 * @param {string} interpreter
 */
function python(out, interpreter) {
  const target = join(out, pythonGen);
  mkdirSync(target, { recursive: true });
  const protoc = ['-m', 'grpc_tools.protoc', '-I', 'proto'];
  run(interpreter, [...protoc, `--python_out=${target}`, `--pyi_out=${target}`, ...protos]);
  run(interpreter, [...protoc, `--grpc_python_out=${target}`, ...protos.filter(isTransport)]);
  flatten(target, ['ophion/v1']);
  for (const name of readdirSync(target)) {
    const path = join(target, name);
    writeFileSync(path, asPackageModule(readFileSync(path, 'utf8')));
  }
  writeFileSync(join(target, '__init__.py'), '"""Generated by `npm run generate` from proto/; do not edit."""\n');
}

/** @param {string} folder */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile() && !path.includes(`__pycache__${sep}`));
}

/**
 * Every generated file that differs, with its new content, or undefined when it should be gone.
 * @param {string} out
 * @param {string[]} folders
 */
function differences(out, folders) {
  /** @type {Map<string, Buffer | undefined>} */
  const found = new Map();
  for (const folder of folders) {
    const wanted = new Map(filesBelow(join(out, folder)).map((path) => [relative(out, path), readFileSync(path)]));
    for (const [path, bytes] of wanted) {
      const here = join(root, path);
      if (!existsSync(here) || !readFileSync(here).equals(bytes)) found.set(path, bytes);
    }
    for (const path of filesBelow(join(root, folder))) {
      if (!wanted.has(relative(root, path))) found.set(relative(root, path), undefined);
    }
  }
  return found;
}

const out = mkdtempSync(join(tmpdir(), 'ophion-generate-'));
try {
  typescript(out);
  const interpreter = pythonWithTools();
  if (interpreter) python(out, interpreter);
  const changed = differences(out, [transportGen, protocolGen, ...(interpreter ? [pythonGen] : [])]);
  if (check) {
    for (const [path, bytes] of changed) console.error(`generate: ${bytes ? 'differs' : 'should be gone'}: ${path}`);
    if (changed.size > 0) throw new GenerateError('run `npm run generate` and commit what it changes');
    console.log('generated code is up to date');
  } else {
    for (const [path, bytes] of changed) {
      if (!bytes) {
        rmSync(join(root, path));
        continue;
      }
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), bytes);
    }
    console.log(`generated code written (${changed.size} files changed)`);
  }
} catch (error) {
  if (!(error instanceof GenerateError)) throw error;
  console.error(`generate: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
