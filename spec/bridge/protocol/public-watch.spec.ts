import { connect } from 'node:http2';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { declare, float } from '../../../actors/state/index.ts';
import { ErrorInfoSchema } from '../../../bridge/protocol/gen/error_details_pb.js';
import { ServerReflection } from '../../../bridge/protocol/gen/reflection_pb.js';
import { ServerReflection as OlderReflection } from '../../../bridge/protocol/gen/reflection_v1alpha_pb.js';
import { SessionService } from '../../../bridge/protocol/gen/sessions_pb.js';
import { VariableService, WatchVariablesRequestSchema } from '../../../bridge/protocol/gen/variables_pb.js';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { envelope } from '../../helpers/raw-rpc.ts';
import { rejection } from '../../helpers/rejection.ts';

const token = 'x'.repeat(40);
const authorization = `Bearer ${token}`;
const as = { headers: { authorization } };
const tokens = [{ name: 'me', token, scopes: ['call', 'read', 'write'] }] as const;

describe('sessions and watches on the public port', () => {
  let t: BridgeSystem;
  let baseUrl: string;
  before(async () => {
    t = await startBridge({ services: { port: 0, tokens, graceMs: 100 } });
    ({ url: baseUrl } = await t.publicPort.call('address'));
  });
  after(() => t.app.stop());
  const sessions = () => createClient(SessionService, createGrpcTransport({ baseUrl }));
  const variables = () => createClient(VariableService, createGrpcTransport({ baseUrl }));
  const codeOf = async (promise: Promise<unknown>) => ConnectError.from(await rejection(promise)).code;

  it('say what time to live a session has: one that is open keeps its own', async () => {
    const first = await sessions().openSession({ sessionId: 'mortal', ttlMs: 60_000 }, as);
    const second = await sessions().openSession({ sessionId: 'mortal', ttlMs: 5 }, as);
    const third = await sessions().openSession({ sessionId: 'for-ever' }, as);
    expect([first.ttlMs, second.ttlMs, third.ttlMs]).to.deep.equal([60_000, 60_000, undefined]);
  });

  it('list each session once, page by page, whatever is closed meanwhile', async () => {
    const ids = Array.from({ length: 7 }, (_, i) => `page-${i}`);
    for (const id of ids) await t.state.open(id);
    const seen: string[] = [];
    let pageToken = 'page-';
    do {
      const page = await sessions().listSessions({ pageSize: 2, pageToken }, as);
      seen.push(...page.sessionIds);
      pageToken = page.nextPageToken;
      // The one that the next page goes on behind.
      if (pageToken !== '') await (await t.state.find(pageToken)).close();
    } while (pageToken !== '');
    expect(seen.filter((id) => id.startsWith('page-'))).to.deep.equal(ids);
  });

  it('tell a watcher of an earlier life of the session that it was rewound', async () => {
    const first = await t.state.open('lives');
    const { epoch, revision } = await first.commit({ declare: declare({ a: float({ default: 0 }) }) });
    const watch = (request: object) =>
      variables()
        .watchVariables({ sessionId: 'lives', fromRevision: BigInt(revision), ...request }, as)
        [Symbol.asyncIterator]();
    await first.commit({ set: { a: 1 } });
    expect((await watch({ epoch: BigInt(epoch) }).next()).value?.event.case).to.equal('commit');
    await first.close();
    const second = await t.state.open('lives');
    await second.commit({ declare: declare({ a: float({ default: 0 }) }) });
    await second.commit({ set: { a: 1 } });
    const error = ConnectError.from(await rejection(watch({ epoch: BigInt(epoch) }).next()));
    expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).to.deep.equal([Code.Aborted, 'REWOUND']);
    expect(await codeOf(watch({ epoch: 1n << 60n }).next())).to.equal(Code.InvalidArgument);
    expect(await codeOf(watch({ fromRevision: 1n << 60n }).next())).to.equal(Code.InvalidArgument);
  });

  it('tell a watcher that is behind the kept history which commits were folded', async () => {
    const session = await t.state.open('long');
    const { revision } = await session.commit({ declare: declare({ a: float({ default: 0 }) }) });
    for (let n = 1; n <= 1_100; n += 1) await session.commit({ set: { a: n } });
    const watch = variables().watchVariables({ sessionId: 'long', fromRevision: BigInt(revision) }, as);
    const { value } = await watch[Symbol.asyncIterator]().next();
    expect(value?.event.case).to.equal('snapshot');
    expect(value?.folded).to.include({ after: 1n, upTo: 1_101n });
  });

  it('send the headers of a watch before anything has happened', async () => {
    const session = await t.state.open('silent');
    const { revision } = await session.commit({ declare: declare({ a: float({ default: 0 }) }) });
    const message = create(WatchVariablesRequestSchema, { sessionId: 'silent', fromRevision: BigInt(revision) });
    const body = envelope(toBinary(WatchVariablesRequestSchema, message));
    const path = '/ophion.v1.VariableService/WatchVariables';
    // gRPC over HTTP/2, and Connect over HTTP/1.1.
    const http2 = connect(baseUrl);
    const stream = http2.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization,
    });
    let data = 0;
    stream.on('data', (chunk: Buffer) => {
      data += chunk.length;
    });
    const headers = new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
    stream.end(body);
    expect((await headers)[':status']).to.equal(200);
    const leave = new AbortController();
    const answer = await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+proto', authorization },
      body,
      signal: leave.signal,
    });
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'application/connect+proto']);
    expect(data).to.equal(0);
    const reader = answer.body?.getReader();
    await session.commit({ set: { a: 1 } });
    expect((await reader?.read())?.value?.length).to.be.above(5);
    while (data === 0) await new Promise(setImmediate);
    leave.abort();
    http2.destroy();
  });
});

/** Files in the order in which they can be built. Throws when one imports what is not there. */
function importedFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const ordered: FileDescriptorProto[] = [];
  const left = new Set(files);
  while (left.size > 0) {
    const ready = [...left].filter((file) =>
      file.dependency.every((name) => ordered.some((known) => known.name === name)),
    );
    if (ready.length === 0) throw new Error(`incomplete: ${[...left].map(({ name }) => name).join(', ')}`);
    for (const file of ready) left.delete(file);
    ordered.push(...ready);
  }
  return ordered;
}

describe('reflection on the public port', () => {
  const ask = async (service: typeof ServerReflection, baseUrl: string, requests: readonly object[]) => {
    async function* each() {
      for (const messageRequest of requests) yield { host: 'h', messageRequest } as never;
    }
    const answers = createClient(service, createGrpcTransport({ baseUrl })).serverReflectionInfo(each());
    const list = [];
    for await (const { messageResponse, originalRequest } of answers) {
      expect(originalRequest?.host).to.equal('h');
      list.push(messageResponse);
    }
    return list;
  };

  it('is not there unless it is asked for', async () => {
    await using t = await startBridge({ services: { port: 0, tokens, graceMs: 100 } });
    const { url } = await t.publicPort.call('address');
    const error = await rejection(ask(ServerReflection, url, [{ case: 'listServices', value: '' }]));
    expect(ConnectError.from(error).code).to.equal(Code.Unimplemented);
  });

  it('tells what there is, under both names, with all that each file imports', async () => {
    await using t = await startBridge({ services: { port: 0, tokens, graceMs: 100, reflection: true } });
    const { url } = await t.publicPort.call('address');
    for (const service of [ServerReflection, OlderReflection as never as typeof ServerReflection]) {
      const [services, byName, bySymbol, byField, numbers, none, nothing] = await ask(service, url, [
        { case: 'listServices', value: '' },
        { case: 'fileByFilename', value: 'ophion/v1/tools.proto' },
        { case: 'fileContainingSymbol', value: 'ophion.v1.ToolService.CallTool' },
        { case: 'fileContainingSymbol', value: 'ophion.v1.Value.text' },
        { case: 'allExtensionNumbersOfType', value: 'ophion.v1.Value' },
        { case: 'fileContainingSymbol', value: 'ophion.v1.Nothing' },
        { case: undefined },
      ]);
      expect(services?.case === 'listServicesResponse' && services.value.service.map(({ name }) => name)).to.deep.equal(
        [
          'ophion.v1.SessionService',
          'ophion.v1.ToolService',
          'ophion.v1.VariableService',
          'grpc.health.v1.Health',
          'grpc.reflection.v1.ServerReflection',
          'grpc.reflection.v1alpha.ServerReflection',
        ],
      );
      const files = (answer: typeof byName): FileDescriptorProto[] =>
        answer?.case === 'fileDescriptorResponse'
          ? answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
          : [];
      const tools = files(byName);
      expect(tools[0]?.name).to.equal('ophion/v1/tools.proto');
      expect(files(bySymbol)).to.deep.equal(tools);
      expect(files(byField)[0]?.name).to.equal('ophion/v1/values.proto');
      // Complete: a client can build the service from it.
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: importedFirst(tools) }));
      expect(registry.getService('ophion.v1.ToolService')?.methods.map(({ name }) => name)).to.include('CallTool');
      expect(numbers?.case).to.equal('allExtensionNumbersResponse');
      expect(none?.case === 'errorResponse' && none.value.errorCode).to.equal(Code.NotFound);
      expect(nothing?.case === 'errorResponse' && nothing.value.errorCode).to.equal(Code.InvalidArgument);
    }
    // Both ways at once is more than HTTP/1.1 can do.
    const old = createClient(ServerReflection, createConnectTransport({ baseUrl: url, httpVersion: '1.1' }));
    async function* one() {
      yield { messageRequest: { case: 'listServices', value: '' } } as never;
    }
    const items = old.serverReflectionInfo(one())[Symbol.asyncIterator]();
    expect(ConnectError.from(await rejection(items.next())).code).to.be.oneOf([Code.Unknown, Code.Unimplemented]);
  });
});
