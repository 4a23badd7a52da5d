/** A host with real Python and an open port, for clients that import nothing of ours. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ophion, python } from '../../index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What clients are told, whatever they are. */
export const tokens = {
  all: 'a-token-that-may-do-everything-here',
  reader: 'a-token-that-may-only-look-at-things',
  own: 'a-token-for-sessions-of-its-own-only',
  wrong: 'a-token-that-nobody-has-ever-given-out',
} as const;

export interface ClientHostOptions {
  readonly reflection?: boolean;
  /** Pages that may call. */
  readonly origins?: readonly string[];
}

export const clientHost = ({ reflection = false, origins = [] }: ClientHostOptions = {}) =>
  ophion({
    services: {
      port: 0,
      reflection,
      origins,
      tokens: [
        { name: 'tester', token: tokens.all, scopes: ['call', 'read', 'write'] },
        { name: 'reader', token: tokens.reader, scopes: ['read'] },
        { name: 'own', token: tokens.own, scopes: ['call', 'read', 'write'], sessions: 'own' },
      ],
    },
    pools: { default: python({ module: 'e2e_tools', pythonPath: [fixtures] }) },
  });

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(command, args, { cwd: options.cwd ?? root, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // One that ends early has read what it wanted.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
