/** Clients of the public port that import nothing of ours: what they can do, and what they are told when they may not. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { useSystem } from '../../testing/index.ts';
import { clientHost, root, run, tokens } from '../helpers/client-host.ts';
import { needs } from '../helpers/needs.ts';

const interpreter = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const buf = join(root, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');

/** What every client is told about the same mistakes. */
const refusals = {
  'no token': 'unauthenticated',
  'wrong token': 'unauthenticated',
  scope: 'permission_denied',
  session: 'permission_denied',
  oversized: 'resource_exhausted',
  malformed: 'invalid_argument',
  'unknown method': 'unimplemented',
  'unknown tool': 'not_found',
} as const;

describe('a plain grpcio client, its stubs generated from proto/', function () {
  this.timeout(120_000);
  const system = useSystem(() => clientHost());
  let stubs: string;

  before(async function () {
    const { code } = await run(interpreter, ['-c', 'import grpc_tools']);
    needs(this, code === 0, 'grpc_tools');
    stubs = mkdtempSync(join(tmpdir(), 'ophion-stubs-'));
    const protos = readdirSync(join(root, 'proto/ophion/v1')).map((name) => `ophion/v1/${name}`);
    const out = [`--python_out=${stubs}`, `--grpc_python_out=${stubs}`];
    const made = await run(interpreter, ['-m', 'grpc_tools.protoc', '-I', 'proto', ...out, ...protos]);
    expect(made.stderr).to.equal('');
    // Python's half of the library is installed here and has the same name; as packages, these come first.
    for (const folder of ['ophion', 'ophion/v1']) {
      mkdirSync(join(stubs, folder), { recursive: true });
      writeFileSync(join(stubs, folder, '__init__.py'), '');
    }
  });
  after(() => stubs !== undefined && rmSync(stubs, { recursive: true }));

  it('opens a session, writes, calls, streams and watches, and is refused with the right code', async () => {
    const { port } = await system.current.servicesAddress();
    await system.current.pools.default.ready();
    const input = `${JSON.stringify({ target: `127.0.0.1:${port}`, tokens })}\n`;
    const client = join(root, 'spec/fixtures/clients/plain_client.py');
    const { code, stdout, stderr } = await run(interpreter, [client], { input, env: { PYTHONPATH: stubs } });
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.equal({
      revision: 1,
      answer: { value: 'hello', revision: 1 },
      items: [0, 1, 2],
      watched: [2, 'bye', 'client:tester'],
      fault: ['tool_failed', 'ValueError', true],
      refused: {
        ...Object.fromEntries(Object.entries(refusals).map(([what, said]) => [what, said.toUpperCase()])),
        origin: 'PERMISSION_DENIED',
        host: 'PERMISSION_DENIED',
      },
    });
  });
});

for (const reflection of [false, true]) {
  describe(`buf curl, ${reflection ? 'by reflection' : 'with the schema of proto/'}`, function () {
    this.timeout(120_000);
    const system = useSystem(() => clientHost({ reflection }));

    for (const protocol of ['grpc', 'grpcweb', 'connect']) {
      it(`opens a session, writes, calls, streams and watches (${protocol})${reflection ? '' : ', and is refused with the right code'}`, async () => {
        const { url } = await system.current.servicesAddress();
        await system.current.pools.default.ready();
        const how = ['--protocol', protocol, '--http2-prior-knowledge', ...(reflection ? [] : ['--schema', 'proto'])];
        const curl = (
          method: string,
          request: object,
          { token = tokens.all as string, headers = [] as string[] } = {},
        ) => {
          const given = [`authorization: Bearer ${token}`, ...headers].flatMap((header) => ['--header', header]);
          // On its standard input, since a command line cannot be as long as a message.
          const args = [buf, 'curl', ...how, ...given, '--data', '@-', `${url}/ophion.v1.${method}`];
          return run(process.execPath, args, { input: JSON.stringify(request) });
        };
        const answers = async (...args: Parameters<typeof curl>) => {
          const { code, stdout, stderr } = await curl(...args);
          expect(code, stderr).to.equal(0);
          return stdout
            .split(/(?<=^\})\n/m)
            .filter((text) => text.trim() !== '')
            .map((text) => JSON.parse(text));
        };
        const [{ sessionId }] = await answers('SessionService/OpenSession', {});
        const declarations = [{ name: 'word', type: 'string', initial: { text: 'hello' } }];
        const [{ commit }] = await answers('VariableService/CommitVariables', { sessionId, plan: { declarations } });
        expect(commit).to.deep.include({ revision: '1', writer: 'client:tester' });
        const named = (key: string, value: object) => ({ entries: [{ key, value }] });
        const read = { sessionId, tool: 'read', arguments: named('name', { text: 'word' }) };
        const [{ result }] = await answers('ToolService/CallTool', { call: read });
        expect(result.value.map.entries[0]).to.deep.equal({ key: 'value', value: { text: 'hello' } });
        const count = { sessionId, tool: 'count', arguments: named('to', { integer: 3 }) };
        const events = await answers('ToolService/StreamTool', { call: count });
        expect(events.flatMap(({ item }) => item?.integer ?? [])).to.deep.equal(['0', '1', '2']);
        // It watches until the session ends. So does the worker that has seen it.
        const { state } = system.current;
        const info = () => state.session(sessionId).call('info', undefined, { timeoutMs: 5_000 });
        const { watchers } = await info();
        const watching = answers('VariableService/WatchVariables', { sessionId, fromRevision: 0 });
        while ((await info()).watchers === watchers) await new Promise(setImmediate);
        await answers('SessionService/CloseSession', { sessionId });
        expect((await watching)[0].commit.written[0].name).to.equal('word');

        // What is refused is the same however the client has learnt of the methods.
        if (reflection) return;
        const refused = async (...args: Parameters<typeof curl>) => {
          const { code, stderr } = await curl(...args);
          expect(code).to.not.equal(0);
          return JSON.parse(stderr).code;
        };
        const all = 'SessionService/ListSessions';
        const asked = {
          'wrong token': refused(all, {}, { token: tokens.wrong }),
          scope: refused('SessionService/OpenSession', {}, { token: tokens.reader }),
          oversized: refused('ToolService/CallTool', { call: { tool: 'x'.repeat(17_000_000) } }),
          origin: refused(all, {}, { headers: ['origin: http://evil.example'] }),
          host: refused(all, {}, { headers: ['host: evil.example'] }),
        };
        const said = await Promise.all(Object.entries(asked).map(async ([what, code]) => [what, await code] as const));
        expect(Object.fromEntries(said)).to.deep.equal({
          'wrong token': refusals['wrong token'],
          scope: refusals.scope,
          oversized: refusals.oversized,
          origin: 'permission_denied',
          host: 'permission_denied',
        });
      });
    }

    if (reflection) {
      it('lists the services', async () => {
        const { url } = await system.current.servicesAddress();
        const { stdout, stderr } = await run(process.execPath, [
          buf,
          'curl',
          '--http2-prior-knowledge',
          '--list-services',
          url,
        ]);
        expect(stdout.trim().split('\n'), stderr).to.include('ophion.v1.ToolService');
      });
    }
  });
}
