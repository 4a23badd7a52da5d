/**
 * The application of `examples/packaged`, in an empty folder elsewhere: what it has of this checkout came in the packed
 * npm file. `spec/e2e/package.spec.ts` uses it, too.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changedAt } from '../../scripts/changed-at.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(checkout, 'examples', 'packaged');
/** What this checkout's own commands have set must not help the application. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|OPHION_|PYTHONPATH|VIRTUAL_ENV|NODE_OPTIONS)/.test(name),
  ),
);
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|needs a network/;
const commandTimeoutMs = 300_000;

/** What a command came to. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for a message. */
  readonly all: string;
  /** It failed because the registry that packages come from did not answer. */
  readonly isUnreachable: boolean;
}

export class PackagedApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'ophion-packaged-'));

  /** Copies it there, with the packed file beside it. Throws, and leaves nothing, when this checkout cannot be packed. */
  constructor() {
    try {
      if (!isBuilt()) must(this.run(process.execPath, ['scripts/build.mjs'], checkout));
      const packed = must(
        this.run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', this.folder], checkout),
      );
      const [{ filename }] = JSON.parse(packed.stdout) as [{ readonly filename: string }];
      renameSync(join(this.folder, filename), join(this.folder, 'ophion.tgz'));
      for (const name of ['package.json', 'tsconfig.json', 'main.ts', 'shop_tools.ts', 'shop_tools.py']) {
        cpSync(join(sources, name), join(this.folder, name));
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  run(command: string, args: readonly string[], cwd = this.folder): Ran {
    const { error, status, stdout, stderr } = spawnSync(command, args, {
      cwd,
      env,
      encoding: 'utf8',
      timeout: commandTimeoutMs,
    });
    const all = `${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : error.message}`;
    return { code: status, stdout, stderr, all, isUnreachable: status !== 0 && unreachable.test(all) };
  }

  /** Its npm packages, the packed one among them. */
  install(): Ran {
    return this.run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefer-offline',
      '--fetch-retries=0',
    ]);
  }

  /** Its Python half. */
  setup(...args: readonly string[]): Ran {
    return this.run('npx', ['--no', 'ophion', 'setup', ...args]);
  }

  /** One of the scripts in its package.json. */
  script(name: 'build' | 'start'): Ran {
    return this.run('npm', ['run', '--silent', name]);
  }

  /** Ends it: nothing of it is left. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether dist/ is there, and newer than all that it is made of. */
function isBuilt(): boolean {
  const built = join(checkout, 'dist', 'python');
  if (!existsSync(built)) return false;
  const madeOf = ['index.ts', 'package.json', 'actors', 'bridge', 'supervisors', 'testing', 'devtools', 'python/src'];
  return madeOf.every((source) => changedAt(join(checkout, source)) <= statSync(built).mtimeMs);
}

/** Throws with what a command printed, unless it went well. */
export function must(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(ran.all);
  return ran;
}
