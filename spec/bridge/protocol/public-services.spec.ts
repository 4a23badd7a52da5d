import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { SpecError, StartError } from '../../../actors/core/index.ts';
import { declare, float, integer } from '../../../actors/state/index.ts';
import { decodeValue, encodeMap, encodeValue } from '../../../bridge/protocol/codec.ts';
import { ErrorInfoSchema, RetryInfoSchema } from '../../../bridge/protocol/gen/error_details_pb.js';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../../bridge/protocol/gen/health_pb.js';
import { SessionService } from '../../../bridge/protocol/gen/sessions_pb.js';
import { ToolCallSchema, type ToolResult, ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import { CommitPlanSchema, type Variable, VariableService } from '../../../bridge/protocol/gen/variables_pb.js';
import { Access } from '../../../bridge/protocol/services/access.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { rejection } from '../../helpers/rejection.ts';

const secret = (name: string) => name.padEnd(32, '-');
const tokens = [
  { name: 'all', token: secret('all'), scopes: ['call', 'read', 'write', 'operate'] },
  { name: 'reader', token: secret('reader'), scopes: ['read'] },
] as const;

const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  // Node's own client refuses answers while more than 10 MB of a request are unsent.
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl, nodeOptions: { maxSessionMemory: 64 } }),
  'gRPC-Web over HTTP/1.1': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect over HTTP/1.1': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect with JSON over HTTP/2': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false }),
};

const as = (name: string) => ({ headers: { authorization: `Bearer ${secret(name)}` } });
const call = (tool: string, args: Readonly<Record<string, unknown>> = {}, more: object = {}) => ({
  call: create(ToolCallSchema, { sessionId: 's', tool, arguments: encodeMap(args, 'arguments'), ...more }),
});
const answerOf = (result: ToolResult | undefined) =>
  result?.outcome.case === 'value' ? decodeValue(result.outcome.value) : result?.outcome.value;
const codeOf = async (promise: Promise<unknown>) => ConnectError.from(await rejection(promise)).code;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const valuesOf = (read: readonly Variable[] = []) =>
  Object.fromEntries(read.map(({ name, value }) => [name, value && decodeValue(value)]));

describe('the public services', () => {
  let t: BridgeSystem;
  let url: string;
  beforeEach(async () => {
    t = await startBridge({ services: { port: 0, tokens, graceMs: 200, origins: ['http://localhost:5173'] } });
    ({ url } = await t.publicPort.call('address'));
  });
  afterEach(() => t.app.stop());

  for (const [protocol, transportOf] of Object.entries(transports)) {
    describe(`for a ${protocol} client`, () => {
      const clients = () => {
        const transport = transportOf(url);
        return {
          tools: createClient(ToolService, transport),
          sessions: createClient(SessionService, transport),
          variables: createClient(VariableService, transport),
          health: createClient(Health, transport),
        };
      };

      it('open a session, write and read variables, and call a tool that sees them', async () => {
        const { sessions, variables, tools } = clients();
        const { wire } = await t.worker();
        wire.onCall = (side) => side.answer({ ...side.variables(), ...side.args });
        const opened = await sessions.openSession({ sessionId: 's' }, as('all'));
        expect([opened.sessionId, opened.revision]).to.deep.equal(['s', 0n]);
        const plan = create(CommitPlanSchema, {
          declarations: [
            {
              name: 'temperature',
              type: 'float',
              initial: encodeValue(0.5),
              constraints: encodeMap({ min: 0 }, 'constraints'),
            },
          ],
        });
        const { commit } = await variables.commitVariables({ sessionId: 's', plan }, as('all'));
        expect([commit?.revision, commit?.writer]).to.deep.equal([1n, 'client:all']);
        const { snapshot } = await variables.readVariables({ sessionId: 's' }, as('all'));
        expect(snapshot?.variables[0]?.name).to.equal('temperature');
        const { result } = await tools.callTool(call('rank', { items: ['a'] }), as('all'));
        expect(answerOf(result)).to.deep.equal({ temperature: 0.5, items: ['a'] });
        expect(result?.revision).to.equal(1n);
        expect((await sessions.listSessions({}, as('reader'))).sessionIds).to.deep.equal(['s']);
        await sessions.closeSession({ sessionId: 's' }, as('all'));
        await sessions.closeSession({ sessionId: 's' }, as('all'));
        expect((await sessions.listSessions({}, as('all'))).sessionIds).to.deep.equal([]);
      });

      it('stream the items of a tool, then its result', async () => {
        const { wire } = await t.worker();
        await t.state.open('s');
        wire.onCall = (side) => {
          side.item('a');
          side.item('b');
          side.answer('end');
        };
        const events = (await all(clients().tools.streamTool(call('rank'), as('all')))).map(({ event }) =>
          event.case === 'item'
            ? decodeValue(event.value)
            : event.case === 'result'
              ? { result: answerOf(event.value) }
              : null,
        );
        expect(events).to.deep.equal(['a', 'b', { result: 'end' }]);
      });

      it('answer what a tool raised as a result, with type and traceback', async () => {
        const { wire } = await t.worker();
        await t.state.open('s');
        wire.onCall = (side) =>
          side.fault({ code: 'tool_failed', message: 'no items', type: 'ValueError', traceback: 'line 3' });
        const { result } = await clients().tools.callTool(call('rank'), as('all'));
        expect(
          result?.outcome.case === 'fault' && [
            result.outcome.value.message,
            result.outcome.value.type,
            result.outcome.value.traceback,
          ],
        ).to.deep.equal(['no items', 'ValueError', 'line 3']);
      });

      it('say with the right code and reason what is wrong', async () => {
        await t.worker();
        const { tools, variables } = clients();
        const session = await t.state.open('s');
        await session.commit({ declare: declare({ temperature: float({ max: 2, default: 1 }) }) });
        const infoOf = async (promise: Promise<unknown>) => {
          const error = ConnectError.from(await rejection(promise));
          return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
        };
        const commit = (plan: object) =>
          variables.commitVariables({ sessionId: 's', plan: create(CommitPlanSchema, plan) }, as('all'));
        expect(await infoOf(tools.callTool(call('nothing'), as('all')))).to.deep.equal([
          Code.NotFound,
          'TOOL_NOT_FOUND',
        ]);
        expect(await infoOf(tools.callTool({}, as('all')))).to.deep.equal([Code.InvalidArgument, 'INVALID']);
        expect(await infoOf(tools.callTool(call('rank', {}, { sessionId: 'none' }), as('all')))).to.deep.equal([
          Code.NotFound,
          'NOT_FOUND',
        ]);
        expect(await infoOf(variables.readVariables({ sessionId: 'none' }, as('all')))).to.deep.equal([
          Code.NotFound,
          'NOT_FOUND',
        ]);
        const expectations = [{ name: 'temperature', version: 9n }];
        expect(await infoOf(commit({ expectations }))).to.deep.equal([Code.Aborted, 'VERSION_CONFLICT']);
        const assignments = [{ name: 'temperature', value: encodeValue(3) }];
        expect(await infoOf(commit({ assignments }))).to.deep.equal([Code.InvalidArgument, 'INVALID']);
        const constraints = encodeMap({ dependsOn: ['temperature'], computedBy: 'unknown' }, 'constraints');
        const declarations = [{ name: 'kelvin', type: 'float', initial: encodeValue(0), constraints }];
        expect(await infoOf(commit({ declarations }))).to.deep.equal([Code.NotFound, 'FUNCTION_NOT_FOUND']);
        expect(await infoOf(commit({ assignments: [...assignments, ...assignments] }))).to.deep.equal([
          Code.InvalidArgument,
          'INVALID',
        ]);
      });

      it('tell what was, and go back to it', async () => {
        const session = await t.state.open('s');
        await session.commit({
          declare: declare({ temperature: float({ default: 0 }), top_k: integer({ default: 1 }) }),
        });
        await session.commit({ set: { temperature: 1 } });
        await session.commit({ set: { top_k: 5 } });
        const { variables } = clients();
        const read = async (how: object) =>
          valuesOf((await variables.readVariables({ sessionId: 's', ...how }, as('reader'))).snapshot?.variables);
        expect(await read({ match: 't*_k' })).to.deep.equal({ top_k: 5 });
        expect(await read({ atRevision: 1n })).to.deep.equal({ temperature: 0, top_k: 1 });
        const { commits, revision, firstRevision } = await variables.readHistory(
          { sessionId: 's', names: ['temperature'], sinceRevision: 1n },
          as('reader'),
        );
        expect([revision, firstRevision]).to.deep.equal([3n, 1n]);
        expect(commits.map((one) => [one.revision, valuesOf(one.written)])).to.deep.equal([[2n, { temperature: 1 }]]);
        expect(
          (await variables.readHistory({ sessionId: 's', limit: 2 }, as('reader'))).commits.map((one) => one.revision),
        ).to.deep.equal([2n, 3n]);
        const back = { sessionId: 's', revision: 1n, names: ['top_k'] };
        expect(await codeOf(variables.rollbackVariables(back, as('reader')))).to.equal(Code.PermissionDenied);
        const { commit } = await variables.rollbackVariables(back, as('all'));
        expect([commit?.revision, valuesOf(commit?.written)]).to.deep.equal([4n, { top_k: 1 }]);
        expect(commit?.writer).to.contain('all');
        expect(await read({})).to.deep.equal({ temperature: 1, top_k: 1 });
        expect(await codeOf(variables.rollbackVariables({ sessionId: 's', revision: 9n }, as('all')))).to.equal(
          Code.Aborted,
        );
        expect(
          await codeOf(variables.readVariables({ sessionId: 's', match: 't*', names: ['top_k'] }, as('reader'))),
        ).to.equal(Code.InvalidArgument);
      });

      it('grant, renew and release locks, each client its own, and commit under them', async () => {
        const { variables } = clients();
        const session = await t.state.open('s');
        await session.commit({
          declare: declare({ temperature: float({ default: 0 }), top_k: integer({ default: 1 }) }),
        });
        const acquire = async (more: object = {}, client = 'all') =>
          (await variables.acquireLock({ sessionId: 's', name: 'temperature', ...more }, as(client))).lock;
        const lock = await acquire({ holder: 'a', leaseMs: 60_000 });
        expect(lock?.holder).to.equal('client:all/a');
        const renewed = await acquire({ holder: 'a', leaseMs: 60_000, fence: lock?.fence });
        expect(renewed?.fence).to.equal(lock?.fence);
        expect(await codeOf(acquire({ holder: 'b' }))).to.equal(Code.FailedPrecondition);
        expect(await codeOf(acquire({}, 'reader'))).to.equal(Code.PermissionDenied);
        expect(await codeOf(acquire({ holder: 'x'.repeat(81) }))).to.equal(Code.InvalidArgument);
        expect(await codeOf(acquire({ name: 'nobody' }))).to.equal(Code.NotFound);
        const held = (await variables.listLocks({ sessionId: 's' }, as('reader'))).locks;
        expect(held.map(({ name, holder, fence }) => [name, holder, fence])).to.deep.equal([
          ['temperature', 'client:all/a', lock?.fence],
        ]);
        const commit = (fence: bigint) =>
          variables.commitVariables(
            {
              sessionId: 's',
              plan: {
                assignments: [{ name: 'top_k', value: encodeValue(5) }],
                fences: [{ name: 'temperature', fence }],
              },
            },
            as('all'),
          );
        const fence = lock?.fence as bigint;
        expect((await commit(fence)).commit?.revision).to.equal(2n);
        const taken = (await acquire({ holder: 'b', preempt: true }))?.fence as bigint;
        expect(taken > fence).to.equal(true);
        expect(await codeOf(commit(fence))).to.equal(Code.FailedPrecondition);
        const back = { sessionId: 's', revision: 1n, fences: [{ name: 'temperature', fence }] };
        expect(await codeOf(variables.rollbackVariables(back, as('all')))).to.equal(Code.FailedPrecondition);
        const release = async (number: bigint, client = 'all') =>
          (await variables.releaseLock({ sessionId: 's', name: 'temperature', fence: number }, as(client))).released;
        expect(await codeOf(release(taken, 'reader'))).to.equal(Code.PermissionDenied);
        expect([await release(fence), await release(taken), await release(taken)]).to.deep.equal([false, true, false]);
        expect((await variables.listLocks({ sessionId: 's' }, as('reader'))).locks).to.deep.equal([]);
        expect(
          (await variables.rollbackVariables({ sessionId: 's', revision: 1n }, as('all'))).commit?.revision,
        ).to.equal(3n);
      });

      it('tell a client nothing of variables that are not meant for it', async () => {
        const { variables } = clients();
        const session = await t.state.open('s');
        await session.commit({
          declare: declare({
            open: integer({ default: 1 }),
            hidden: integer({ default: 7, readers: ['client:reader'] }),
          }),
        });
        await session.commit({ set: { hidden: 8 } });
        const seen = async (client: string) =>
          valuesOf((await variables.readVariables({ sessionId: 's' }, as(client))).snapshot?.variables);
        expect(await seen('reader')).to.deep.equal({ open: 1, hidden: 8 });
        expect(await seen('all')).to.deep.equal({ open: 1 });
        const { commits } = await variables.readHistory({ sessionId: 's' }, as('all'));
        expect(commits.map((one) => valuesOf(one.written))).to.deep.equal([{ open: 1 }]);
        const plan = { assignments: [{ name: 'hidden', value: encodeValue(5) }] };
        expect(await codeOf(variables.commitVariables({ sessionId: 's', plan }, as('all')))).to.equal(
          Code.PermissionDenied,
        );
        const watch = variables.watchVariables({ sessionId: 's', fromRevision: 1n }, as('all'))[Symbol.asyncIterator]();
        const next = watch.next();
        await session.commit({ set: { hidden: 9 } });
        await session.commit({ set: { open: 2 } });
        const told = (await next).value?.event;
        expect(told?.case === 'commit' && [told.value.revision, valuesOf(told.value.written)]).to.deep.equal([
          4n,
          { open: 2 },
        ]);
        await watch.return?.();
      });

      it('refuse no token, a wrong one, and one without the scope', async () => {
        const { sessions, tools } = clients();
        expect(await codeOf(sessions.listSessions({}))).to.equal(Code.Unauthenticated);
        expect(await codeOf(sessions.listSessions({}, as('wrong')))).to.equal(Code.Unauthenticated);
        expect(await codeOf(sessions.openSession({}, as('reader')))).to.equal(Code.PermissionDenied);
        expect(await codeOf(tools.callTool(call('rank'), as('reader')))).to.equal(Code.PermissionDenied);
        expect(await codeOf(all(tools.streamTool(call('rank'), as('reader'))))).to.equal(Code.PermissionDenied);
      });

      it('refuse a message above the limit', async () => {
        await t.state.open('s');
        const big = call('rank', { big: 'x'.repeat(17 * 1024 * 1024) });
        expect(await codeOf(clients().tools.callTool(big, as('all')))).to.equal(Code.ResourceExhausted);
      });

      it('keep the deadline of the client', async () => {
        const { wire } = await t.worker();
        await t.state.open('s');
        const outcome = codeOf(clients().tools.callTool(call('rank'), { ...as('all'), timeoutMs: 200 }));
        const side = await wire.called('rank');
        expect(side.call.timeoutMs).to.be.within(1, 200);
        expect(await outcome).to.equal(Code.DeadlineExceeded);
        await wire.changed.until(() => side.cancelled !== undefined);
      });

      it('say of a call that is late where it was: waiting for a worker, or running', async () => {
        await t.state.open('s');
        const { tools } = clients();
        const late = async (timeoutMs: number) => {
          const error = ConnectError.from(await rejection(tools.callTool(call('rank', {}, { timeoutMs }), as('all'))));
          const { outcome, where, code } = error.findDetails(ErrorInfoSchema)[0]?.metadata ?? {};
          return [error.code, code, outcome, where];
        };
        expect(await late(20)).to.deep.equal([Code.DeadlineExceeded, 'call_timeout', 'not_started', 'queue']);
        const { wire } = await t.worker();
        const running = late(500);
        await wire.called('rank');
        expect(await running).to.deep.equal([Code.DeadlineExceeded, 'call_timeout', 'unknown', 'running']);
      });

      it('say how healthy they are without a token', async () => {
        const { health } = clients();
        expect((await health.check({})).status).to.equal(Status.SERVING);
        expect((await health.check({ service: 'qa' })).status).to.equal(Status.NOT_SERVING);
        await t.worker();
        expect((await health.check({ service: 'qa' })).status).to.equal(Status.SERVING);
        expect(await codeOf(health.check({ service: 'nothing' }))).to.equal(Code.NotFound);
      });
    });
  }

  const grpc = () => createGrpcTransport({ baseUrl: url });

  it('deliver every commit to a watcher, from where he says', async () => {
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ temperature: float({ default: 0 }) }) });
    await session.commit({ set: { temperature: 1 } });
    const variables = createClient(VariableService, grpc());
    const revisions: string[] = [];
    const controller = new AbortController();
    for await (const { event } of variables.watchVariables(
      { sessionId: 's', fromRevision: 1n },
      { ...as('reader'), signal: controller.signal },
    )) {
      revisions.push(`${event.case} ${event.value?.revision}`);
      if (revisions.length === 1) await session.commit({ set: { temperature: 2 } });
      if (revisions.length === 2) break;
    }
    expect(revisions).to.deep.equal(['commit 2', 'commit 3']);
  });

  it('end a watch with the session', async () => {
    const session = await t.state.open('s');
    const events = createClient(VariableService, grpc()).watchVariables({ sessionId: 's' }, as('reader'));
    const first = events[Symbol.asyncIterator]();
    expect((await first.next()).value?.event.case).to.equal('snapshot');
    await session.close();
    expect((await first.next()).done).to.equal(true);
  });

  it('tell who watches their health when a pool begins and ceases to serve', async () => {
    const seen: Status[] = [];
    const controller = new AbortController();
    const watching = (async () => {
      for await (const { status } of createClient(Health, grpc()).watch(
        { service: 'qa' },
        { signal: controller.signal },
      )) {
        seen.push(status);
        if (seen.length === 1) void t.worker().then(({ pid }) => setImmediate(() => t.lose(pid)));
        if (seen.length === 3) return;
      }
    })();
    await watching;
    expect(seen).to.deep.equal([Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);
  });

  it('run a TypeScript tool of the session, once or as a stream, but none that is not exposed', async () => {
    await t.state.open('s');
    await t.stateNames.session('s').call('registerTools', {
      tools: [
        { name: 'add', description: 'adds', handler: ({ a, b }: { a: number; b: number }) => a + b },
        {
          name: 'bad',
          handler: () => {
            throw new RangeError('no');
          },
        },
        {
          name: 'count',
          handler: async function* () {
            yield 1;
            yield 2;
          },
        },
        { name: 'secret', exposed: false, handler: () => 'secret' },
      ],
    });
    await t.worker();
    const tools = createClient(ToolService, grpc());
    expect(answerOf((await tools.callTool(call('add', { a: 1, b: 2 }), as('all'))).result)).to.equal(3);
    const { result } = await tools.callTool(call('bad'), as('all'));
    expect(result?.outcome.case === 'fault' && result.outcome.value.type).to.equal('RangeError');
    const events = await all(tools.streamTool(call('count'), as('all')));
    expect(events.map(({ event }) => (event.case === 'item' ? decodeValue(event.value) : event.case))).to.deep.equal([
      1,
      2,
      'result',
    ]);
    expect(await codeOf(tools.callTool(call('secret'), as('all')))).to.equal(Code.NotFound);
    const listed = (await tools.listTools({ sessionId: 's' }, as('reader'))).tools.map(({ name }) => name);
    expect(listed).to.deep.equal(['add', 'bad', 'count', 'rank']);
    while ((await t.names.tasks.countChildren()).active > 0) await new Promise(setImmediate);
  });

  it('cancel the tool when the client goes away', async () => {
    const { wire } = await t.worker();
    await t.state.open('s');
    const controller = new AbortController();
    const outcome = codeOf(
      createClient(ToolService, grpc()).callTool(call('rank'), { ...as('all'), signal: controller.signal }),
    );
    const side = await wire.called('rank');
    controller.abort();
    expect(await outcome).to.equal(Code.Canceled);
    await wire.changed.until(() => side.cancelled !== undefined);
  });

  it('say that the worker was lost, which one and how', async () => {
    const { wire, pid, stream } = await t.worker();
    await t.state.open('s');
    const outcome = rejection(createClient(ToolService, grpc()).callTool(call('rank'), as('all')));
    await wire.called('rank');
    t.lose(pid);
    const error = ConnectError.from(await outcome);
    const info = error.findDetails(ErrorInfoSchema)[0];
    expect([
      error.code,
      info?.reason,
      info?.metadata.worker,
      info?.metadata.outcome,
      info?.metadata.signal,
    ]).to.deep.equal([Code.Unavailable, 'WORKER_LOST', stream, 'unknown', 'SIGKILL']);
    expect(error.findDetails(RetryInfoSchema)).to.deep.equal([]);
  });

  it('answer while the bridge is being restarted, sooner or later', async () => {
    const { wire } = await t.worker();
    await t.state.open('s');
    wire.onCall = (side) => side.answer('ok');
    const tools = createClient(ToolService, grpc());
    for (let i = 0; i < 10; i += 1) {
      t.kill('app/bridge');
      const { result } = await tools.callTool(call('rank'), as('all'));
      expect(answerOf(result)).to.equal('ok');
    }
  });

  /** A plain request, to see what a browser sees. */
  const plain = (
    headers: Readonly<Record<string, string>>,
    { method = 'POST', path = '/grpc.health.v1.Health/Check' } = {},
  ) =>
    new Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: string }>((resolve, reject) => {
      const { port } = new URL(url);
      const request = httpRequest(
        { host: '127.0.0.1', port, method, path, headers: { 'content-type': 'application/json', ...headers } },
        (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        },
      );
      request.on('error', reject);
      request.end(method === 'POST' ? '{}' : undefined);
    });

  it('refuse pages of other origins and other names of this host, and let a known page in', async () => {
    expect((await plain({})).body).to.equal('{"status":"SERVING"}');
    expect((await plain({ origin: 'http://evil.example' })).status).to.equal(403);
    expect((await plain({ host: 'evil.example' })).status).to.equal(403);
    expect((await plain({ host: 'localhost:1' })).status).to.equal(200);
    const known = await plain({ origin: 'http://localhost:5173' });
    expect([known.status, known.headers['access-control-allow-origin']]).to.deep.equal([200, 'http://localhost:5173']);
    const preflight = await plain(
      { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' },
      { method: 'OPTIONS' },
    );
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).to.satisfy(
      ([status, allowed]: unknown[]) => status === 204 && String(allowed).includes('authorization'),
    );
    expect((await plain({ origin: 'http://evil.example' }, { method: 'OPTIONS' })).status).to.equal(403);
    expect((await plain({}, { path: '/nothing' })).status).to.equal(404);
    expect((await plain({ 'content-type': 'text/html' })).status).to.equal(415);
  });

  it('lets running calls end when the port closes, and cuts off those that do not', async () => {
    const { wire } = await t.worker();
    await t.state.open('s');
    const tools = createClient(ToolService, grpc());
    const outcome = codeOf(tools.callTool(call('rank'), as('all')));
    await wire.called('rank');
    await t.app.terminateChild('public');
    expect(await outcome).to.be.oneOf([Code.Unavailable, Code.Canceled, Code.Aborted]);
    expect(await codeOf(tools.callTool(call('rank'), as('all')))).to.equal(Code.Unavailable);
  });
});

describe('the public port', () => {
  it('does not start when it is taken, and says which and what to do', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const error = await rejection(startBridge({ services: { port, tokens } }));
    expect(error).to.be.instanceOf(StartError);
    expect(error.message).to.match(
      new RegExp(`port ${port} on 127.0.0.1 is taken: end the program.*or choose another`),
    );
    await new Promise((resolve) => taken.close(resolve));
  });

  it('is refused wrong options before anything starts', async () => {
    const start = (services: object) => rejection(startBridge({ services: { port: 0, tokens, ...services } as never }));
    expect(await start({ port: -1 })).to.be.instanceOf(SpecError);
    const short = await start({ tokens: [{ name: 'me', token: 'short', scopes: ['read'] }] });
    expect(short).to.be.instanceOf(SpecError);
    expect(short.message).not.to.include('short');
    expect(await start({ tokens: [{ name: 'me', token: secret('x'), scopes: ['everything'] }] })).to.be.instanceOf(
      SpecError,
    );
    expect(await start({ tokens: [tokens[0], tokens[0]] })).to.be.instanceOf(SpecError);
  });
});

describe('access', () => {
  const access = new Access(tokens);
  it('takes a bearer token and nothing else', () => {
    expect(access.client(`Bearer ${secret('all')}`, 'operate').name).to.equal('all');
    expect(access.client(`bearer ${secret('reader')}`, 'read').name).to.equal('reader');
    for (const header of [
      null,
      '',
      secret('all'),
      `Basic ${secret('all')}`,
      `Bearer ${secret('all')} x`,
      `Bearer ${'x'.repeat(600)}`,
    ]) {
      expect(() => access.client(header, 'read'), String(header))
        .to.throw()
        .with.property('code', 'unauthenticated');
    }
  });
});
