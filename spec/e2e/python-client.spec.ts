/** `ophion.Client`: what a notebook does with a host that runs, is killed, or is not there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { freePorts } from '../../testing/redis/server-process.ts';
import { hasOpenssl, makeCertificates } from '../helpers/certificates.ts';
import { root, run, tokens } from '../helpers/client-host.ts';
import { needs } from '../helpers/needs.ts';

const interpreter = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const clients = join(root, 'spec/fixtures/clients');
const told = { token: tokens.all, wrong: tokens.wrong, reader: tokens.reader };

interface Host {
  readonly path: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Resolves when it listens. */
async function startHost(host: Host): Promise<ChildProcess> {
  const allowed = [
    { name: 'notebook', token: tokens.all, scopes: ['call', 'read', 'write'] },
    { name: 'reader', token: tokens.reader, scopes: ['read'] },
  ];
  const argument = JSON.stringify({ ...host, tokens: allowed });
  const program = join(clients, 'client-host-program.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function stopHost(host: ChildProcess): Promise<void> {
  host.kill('SIGTERM');
  expect(await once(host, 'exit')).to.deep.equal([0, null]);
}

async function reportOf(script: string, input: object): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(interpreter, ['-W', 'error', join(clients, script)], {
    input: `${JSON.stringify(input)}\n`,
  });
  expect(code, stderr).to.equal(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const expected = {
  read: [0.9, 'small'],
  written: [1, 'huge', 1],
  called: [40, [3, 2, 1]],
  past: [0.7, 'huge', 'small'],
  watched: ['snapshot', ['model', 'temperature'], 'commit', { temperature: 1.5 }, 1],
  patterns: ['count', 'model', ['count']],
  ended: [],
  sessions: [true, true, false],
  mapping: [['count', 'model', 'temperature'], 3, true, false, ['count']],
  tools: ['count_down', 'echo', 'price'],
  typescript: ['TypeError', true],
  python: ['ValueError', true, 'ToolError', 'KeyError'],
  errors: {
    'no variable': ['VariableNotFoundError', 'not_found'],
    'no session': ['StateError', 'not_found'],
    type: ['StateError', 'invalid'],
    outside: ['StateError', 'invalid'],
    conflict: ['StateError', 'conflict'],
    'no tool': ['StateError', 'not_found'],
    'wrong token': ['AuthError', 'unauthenticated'],
    'no scope': ['AuthError', 'permission_denied'],
    closed: ['StateError', 'unavailable'],
  },
};

describe('ophion.Client, in a notebook', function () {
  this.timeout(120_000);
  let folder: string;
  let place: Host;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ophion-vault-'));
    const [port] = (await freePorts(1)) as [number];
    place = { path: folder, port };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reads, writes, watches and calls what a running host has, with the errors that a tool has', async () => {
    const host = await startHost(place);
    const address = `127.0.0.1:${place.port}`;
    expect(await reportOf('notebook.py', { address, ...told })).to.deep.equal(expected);
    expect(await reportOf('async_notebook.py', { address, ...told })).to.deep.equal({
      read: [0.5, 'batched', 60],
      items: [
        [0, 1, 2],
        [0, 1],
      ],
      called: 30,
      seen: [6, 60],
      missing: 'not_found',
      revision: true,
    });
    await stopHost(host);
  });

  it('does so over TLS', async function () {
    needs(this, hasOpenssl(), 'openssl');
    using certificates = makeCertificates();
    const { cert, key } = certificates.host;
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const host = await startHost({ ...place, tls });
    const input = { address: `https://127.0.0.1:${place.port}`, ...told, tls: { ca: certificates.ca } };
    expect(await reportOf('notebook.py', input)).to.deep.equal(expected);
    await stopHost(host);
  });

  it('goes on watching where it was when the host is killed and started again on its vault, no commit lost and none told twice', async () => {
    let host = await startHost(place);
    const rounds = 40;
    const client = spawn(interpreter, ['-W', 'error', join(clients, 'long_watch.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    client.stdin.end(`${JSON.stringify({ address: `127.0.0.1:${place.port}`, ...told, rounds })}\n`);
    const lines: string[] = [];
    for await (const line of createInterface({ input: client.stdout })) {
      lines.push(line);
      if (line !== 'half') continue;
      host.kill('SIGKILL');
      await once(host, 'exit');
      host = await startHost(place);
    }
    expect(lines).to.have.length(2);
    expect(JSON.parse(lines[1] as string)).to.deep.equal(Array.from({ length: rounds }, (_, n) => [n + 1, n + 1]));
    await stopHost(host);
  });

  it('is told that nobody listens', async () => {
    const script = `
import sys
from ophion import Client, StateError
client = Client("127.0.0.1:${place.port}", token="a-token-of-some-length-or-other-0001", session="shop", patience=0.2)
for ask in (client.snapshot, lambda: client.call("echo"), lambda: next(client.variables.watch(reconnect=0.2))):
    try:
        ask()
    except StateError as error:
        print(error.code, str(error).startswith("127.0.0.1:${place.port}: "))
`;
    const { stdout, stderr } = await run(interpreter, ['-c', script]);
    expect(stdout, stderr).to.equal('unavailable True\n'.repeat(3));
  });
});
