/**
 * The public port against requests that were changed: bodies of every method in every protocol, headers, and bytes of
 * HTTP/1.1 and HTTP/2 themselves. It answers each with a code that blames the client, or closes the connection; what
 * is open stays open.
 */
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { declare, float } from '../../../actors/state/index.ts';
import { encodeMap, encodeValue } from '../../../bridge/protocol/codec.ts';
import { HealthCheckRequestSchema } from '../../../bridge/protocol/gen/health_pb.js';
import { ServerReflectionRequestSchema } from '../../../bridge/protocol/gen/reflection_pb.js';
import {
  CloseSessionRequestSchema,
  ListSessionsRequestSchema,
  OpenSessionRequestSchema,
} from '../../../bridge/protocol/gen/sessions_pb.js';
import { CallToolRequestSchema, ListToolsRequestSchema, ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import {
  CommitVariablesRequestSchema,
  ReadVariablesRequestSchema,
  VariableService,
  WatchVariablesRequestSchema,
} from '../../../bridge/protocol/gen/variables_pb.js';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { envelope, type RawProtocol, rawCall, rawProtocols } from '../../helpers/raw-rpc.ts';
import { Mutator, usedBytes } from './mutate.ts';

export interface FuzzOptions {
  readonly frames: number;
  /** What is changed, and how. Default 1. */
  readonly seed?: number;
}

export interface PortReport {
  readonly frames: number;
  /** How often each code was answered; `closed`: the connection was. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers that blame the port, or none at all. */
  readonly wrong: readonly string[];
  /** What the port's actor and the bridge's ended with. */
  readonly ended: readonly string[];
  /** How much more memory is in use than after the first tenth. */
  readonly grownBytes: number;
}

const token = 'f'.repeat(40);
const authorization = `Bearer ${token}`;
/** A code of these says that it was the port's fault, or that nobody knows. */
const ours: readonly (Code | 0 | undefined)[] = [undefined, Code.Unknown, Code.Internal, Code.DataLoss];
const together = 8;

const bytesOf = <D extends DescMessage>(desc: D, value: MessageInitShape<D>) => toBinary(desc, create(desc, value));

const call = {
  sessionId: 'fuzz',
  tool: 'rank',
  arguments: encodeMap({ items: ['a', 1, 2.5, null, true, new Uint8Array(9), { deep: [[[]]] }] }, 'arguments'),
  timeoutMs: 500,
  idempotencyKey: 'key',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};
const plan = {
  declarations: [{ name: 'made', type: 'float', initial: encodeValue(1), constraints: encodeMap({ min: 0 }, 'c') }],
  assignments: [{ name: 'temperature', value: encodeValue(1.5) }],
  expectations: [{ name: 'temperature', version: 1n }],
  removals: ['gone'],
  idempotencyKey: 'commit',
};
/** Every method with a request that is right, and whether it answers as a stream. */
const requests: readonly { readonly path: string; readonly stream: boolean; readonly body: Uint8Array }[] = [
  ['ophion.v1.ToolService/CallTool', false, bytesOf(CallToolRequestSchema, { call })],
  ['ophion.v1.ToolService/StreamTool', true, bytesOf(CallToolRequestSchema, { call })],
  [
    'ophion.v1.ToolService/ListTools',
    false,
    bytesOf(ListToolsRequestSchema, { sessionId: 'fuzz', pageSize: 3, pageToken: 'a' }),
  ],
  ['ophion.v1.SessionService/OpenSession', false, bytesOf(OpenSessionRequestSchema, { sessionId: 'fuzz', ttlMs: 1e6 })],
  ['ophion.v1.SessionService/CloseSession', false, bytesOf(CloseSessionRequestSchema, { sessionId: 'closed' })],
  ['ophion.v1.SessionService/ListSessions', false, bytesOf(ListSessionsRequestSchema, { pageSize: 3, pageToken: 'a' })],
  [
    'ophion.v1.VariableService/ReadVariables',
    false,
    bytesOf(ReadVariablesRequestSchema, { sessionId: 'fuzz', names: ['temperature'] }),
  ],
  [
    'ophion.v1.VariableService/CommitVariables',
    false,
    bytesOf(CommitVariablesRequestSchema, { sessionId: 'fuzz', plan }),
  ],
  [
    'ophion.v1.VariableService/WatchVariables',
    true,
    bytesOf(WatchVariablesRequestSchema, { sessionId: 'fuzz', fromRevision: 1n, epoch: 3n }),
  ],
  ['grpc.health.v1.Health/Check', false, bytesOf(HealthCheckRequestSchema, { service: 'qa' })],
  ['grpc.health.v1.Health/Watch', true, bytesOf(HealthCheckRequestSchema, { service: 'qa' })],
  [
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    true,
    bytesOf(ServerReflectionRequestSchema, {
      messageRequest: { case: 'fileContainingSymbol', value: 'ophion.v1.Value' },
    }),
  ],
].map(([path, stream, body]) => ({ path: `/${path}`, stream: stream as boolean, body: body as Uint8Array }));

const oddHeaders: readonly Record<string, string>[] = [
  { 'grpc-timeout': '99999999999S' },
  { 'grpc-timeout': '-1x' },
  { 'connect-timeout-ms': '1e99' },
  { 'connect-protocol-version': '9' },
  { 'grpc-encoding': 'gzip' },
  { 'content-type': 'application/grpc+json' },
  { 'content-type': 'application/json' },
  { traceparent: 'nonsense' },
  { authorization: `Bearer ${'\u00ff'.repeat(40)}` },
  { origin: 'null' },
];

/** Rejects when the port does not answer a right request any more. */
export async function fuzzPublicPort({ frames, seed = 1 }: FuzzOptions): Promise<PortReport> {
  const mutator = new Mutator(seed);
  const limits = { requestsPerSecond: 1e6, failuresPerMinute: 1e6 };
  const tokens = [{ name: 'me', token, scopes: ['call', 'read', 'write'] as const }];
  await using t = await startBridge({
    services: { port: 0, tokens, limits, reflection: true, graceMs: 100, aliveMs: 2_000 },
  });
  const { url } = await t.publicPort.call('address');
  const { wire } = await t.worker();
  wire.onCall = (side) => side.answer(side.args);
  const kept = await t.state.open('kept');
  await kept.commit({ declare: declare({ temperature: float({ default: 0.5 }) }) });
  const recorded = await recordings();

  const answers: Record<string, number> = {};
  const wrong: string[] = [];
  const ended: string[] = [];
  t.app.system.events.onAll((event) => {
    const { type, pid, reason } = event as { type: string; pid?: unknown; reason?: { kind: string } };
    if (
      type === 'actor.exited' &&
      reason?.kind !== 'shutdown' &&
      /app\/(public|bridge|links|vault|store)#/.test(String(pid))
    )
      ended.push(`${pid}: ${reason?.kind}`);
  });
  const count = (what: string) => {
    answers[what] = (answers[what] ?? 0) + 1;
  };

  const oneRequest = async () => {
    const { path, stream, body } = mutator.one(requests);
    const fitting = rawProtocols.filter(
      (protocol) => (protocol === 'connect-stream') === stream || protocol.startsWith('grpc'),
    );
    // Both ways at once is for HTTP/2 alone.
    const protocol: RawProtocol = path.includes('reflection') ? 'grpc' : mutator.one(fitting);
    const odd = mutator.chance(0.1) ? mutator.one(oddHeaders) : undefined;
    const bare = protocol !== 'connect' && mutator.chance(0.15);
    const sent = {
      path: mutator.chance(0.02) ? `${path}${mutator.below(9)}` : path,
      body: bare ? mutator.mutated(envelope(body)) : mutator.mutated(body),
      ...(bare ? { bare } : {}),
      // A watch that is right would go on for ever.
      headers: { authorization, 'grpc-timeout': '300m', 'connect-timeout-ms': '300', ...odd },
    };
    const { code, status } = await rawCall(url, protocol, sent);
    count(code === undefined ? `HTTP ${status}` : code === 0 ? 'ok' : Code[code]);
    // A type that is none of the protocol's is answered in HTTP's words.
    if (ours.includes(code) && !(code === undefined && odd?.['content-type'] !== undefined))
      wrong.push(`${protocol} ${path} ${JSON.stringify(odd ?? {})} ${sent.body.toString('hex')}: ${code ?? status}`);
  };
  const oneConnection = async () => {
    const bytes = mutator.mutated(mutator.one(recorded));
    await closedAfter(url, mutator.chance(0.1) ? mutator.bytes(200) : bytes);
    count('closed');
  };

  let left = frames;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      await (mutator.chance(0.8) ? oneRequest() : oneConnection());
    }
  };
  const round = async (until: number) => {
    const rest = left - until;
    left = rest;
    await Promise.all(Array.from({ length: together }, sender));
    left = until;
    await stillServes(t, url);
  };
  const rounds = 10;
  let used = 0;
  for (let i = 1; i <= rounds; i += 1) {
    await round(Math.round(frames * (1 - i / rounds)));
    if (i === 1) used = await usedBytes();
  }
  return { frames, answers, wrong, ended, grownBytes: (await usedBytes()) - used };
}

/** A session that was open before is read, and a tool is called in it, by a client that does everything right. */
async function stillServes(t: BridgeSystem, baseUrl: string): Promise<void> {
  const transport = createGrpcTransport({ baseUrl });
  const as = { headers: { authorization }, timeoutMs: 20_000 };
  const { snapshot } = await createClient(VariableService, transport).readVariables({ sessionId: 'kept' }, as);
  if (snapshot?.revision !== 1n || snapshot.variables.length !== 1) throw new Error('the open session has changed');
  const { result } = await createClient(ToolService, transport).callTool(
    { call: { ...call, sessionId: 'kept', timeoutMs: 10_000 } },
    as,
  );
  if (result?.outcome.case !== 'value') throw new Error(`the tool was not run: ${JSON.stringify(result?.outcome)}`);
  // What a request that was right has closed.
  await t.state.open('fuzz');
  await t.state.open('closed');
}

/** Writes bytes, and resolves when the connection is gone. */
function closedAfter(url: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const { port, hostname } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.once('close', () => resolve());
    socket.end(bytes);
  });
}

/** What clients of HTTP/1.1 and HTTP/2 really write when they make a request. */
async function recordings(): Promise<readonly Buffer[]> {
  const path = '/grpc.health.v1.Health/Check';
  const headers = `host: localhost\r\ncontent-type: application/json\r\nauthorization: ${authorization}`;
  const http1 = [
    `POST ${path} HTTP/1.1\r\n${headers}\r\ncontent-length: 2\r\n\r\n{}`,
    `POST ${path} HTTP/1.1\r\n${headers}\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    `GET ${path}?a=b HTTP/1.0\r\n\r\n`,
  ].map((text) => Buffer.from(text));
  return [...http1, await recordedHttp2(path)];
}

function recordedHttp2(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let open: Socket | undefined;
    const body = envelope(bytesOf(HealthCheckRequestSchema, {}));
    const server = createServer((socket) => {
      open = socket;
      socket.on('error', () => {});
      // The server's own SETTINGS: then the client says everything.
      socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        const all = Buffer.concat(chunks);
        if (!all.includes(body)) return;
        client.destroy();
        open?.destroy();
        server.close(() => resolve(all));
      });
    });
    let client: ReturnType<typeof connectHttp2>;
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      client = connectHttp2(`http://127.0.0.1:${port}`);
      client.on('error', () => {});
      const stream = client.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => {});
      stream.end(body);
    });
  });
}
