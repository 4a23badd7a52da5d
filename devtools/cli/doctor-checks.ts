/** The checks of `ophion doctor` that need no system. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { listRunFiles, whyNotOurs } from '../client/index.ts';
import type { Manifest } from './manifest.ts';

export interface Finding {
  readonly what: string;
  /** Null: there is nothing to check. */
  readonly ok: boolean | null;
  readonly said: string;
  /** What helps, when it is not ok. */
  readonly todo: string | null;
}

export function checkNode({ engines }: Manifest, version = process.versions.node): Finding {
  const wanted = /\d+(\.\d+)*/.exec(engines.node)?.[0] ?? '0';
  const ok = isAtLeast(version, wanted);
  return { what: 'node', ok, said: version, todo: ok ? null : `install Node ${wanted} or newer` };
}

/** By their numbers: 20.9 is below 20.19. */
function isAtLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (const [nth, number] of want.entries()) {
    const other = have[nth] ?? 0;
    if (other !== number) return other > number;
  }
  return true;
}

export function checkPackages({ dependencies }: Manifest): Finding {
  const require = createRequire(import.meta.url);
  const missing = Object.keys(dependencies).filter((name) => {
    const folders = require.resolve.paths(name) ?? [];
    return !folders.some((folder) => existsSync(`${folder}/${name}/package.json`));
  });
  const ok = missing.length === 0;
  const said = ok ? `${Object.keys(dependencies).length} are there` : `missing: ${missing.join(', ')}`;
  return { what: 'npm packages', ok, said, todo: ok ? null : 'npm install' };
}

// Plain enough for any Python to run it, so that the finding can say which one was found.
const probe = `
import sys
found = {"version": ".".join(map(str, sys.version_info[:3])), "venv": sys.prefix != getattr(sys, "base_prefix", sys.prefix)}
for name in ("grpc", "google.protobuf", "ophion"):
    try:
        module = __import__(name, fromlist=["x"])
        found[name] = getattr(module, "__version__", "?")
    except Exception as error:
        found[name] = None
        found["error"] = str(error)
import json
print(json.dumps(found))
`;

interface Probed {
  readonly version: string;
  readonly venv: boolean;
  readonly grpc: string | null;
  readonly 'google.protobuf': string | null;
  readonly ophion: string | null;
  readonly error?: string;
}

const pythonWanted = '3.10';
const setUp = 'npx ophion setup puts what is missing into .venv';

/** The Python that workers would run on here. */
export async function checkPython({ version: wanted }: Manifest, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  // Loaded here alone: it is the only check that needs to know how workers are started.
  const { interpreterFor } = await import('../../actors/worker/index.ts');
  let path: string;
  try {
    path = interpreterFor(undefined, process.cwd(), env);
  } catch (error) {
    return [{ what: 'python', ok: false, said: (error as Error).message, todo: setUp }];
  }
  const {
    stdout = '',
    stderr = '',
    error,
  } = spawnSync(path, ['-c', probe], { env, encoding: 'utf8', timeout: 20_000 });
  let found: Probed;
  try {
    found = JSON.parse(stdout);
  } catch {
    const why = error?.message ?? (stderr.trim().split('\n').at(-1) || 'it said nothing');
    return [{ what: 'python', ok: false, said: `${path} does not run: ${why}`, todo: setUp }];
  }
  const { version, venv, grpc, ophion } = found;
  const isNewEnough = isAtLeast(version, pythonWanted);
  const where = `${version}, ${venv ? 'of the virtual environment' : 'of the system'} (${path})`;
  const packages = [grpc, found['google.protobuf']].every((one) => one !== null);
  const same = ophion === wanted;
  return [
    {
      what: 'python',
      ok: isNewEnough,
      said: where,
      todo: isNewEnough ? null : `install Python ${pythonWanted} or newer`,
    },
    {
      what: 'python packages',
      ok: packages,
      said: packages ? `grpcio ${grpc}, protobuf ${found['google.protobuf']}` : `missing: ${found.error}`,
      todo: packages ? null : setUp,
    },
    {
      what: 'ophion for Python',
      ok: same,
      said: ophion === null ? `missing: ${found.error}` : same ? ophion : `${ophion}, and this package is ${wanted}`,
      todo: same ? null : setUp,
    },
  ];
}

export function checkRunFolder(folder: string): Finding[] {
  const what = 'run folder';
  if (!existsSync(folder)) return [{ what, ok: null, said: `${folder} is not there yet`, todo: null }];
  const why = whyNotOurs(folder);
  if (why !== undefined) {
    const todo = `chmod 700 ${folder}, or name another folder: OPHION_RUN_DIR`;
    return [{ what, ok: false, said: `${folder} ${why}`, todo }];
  }
  const { systems, refused } = listRunFiles(folder);
  return [
    { what, ok: true, said: `${folder}, of this user alone; ${systems.length} running`, todo: null },
    ...refused.map(
      ({ file, why: no }): Finding => ({ what: 'run file', ok: false, said: `${file} ${no}`, todo: 'remove it' }),
    ),
  ];
}
