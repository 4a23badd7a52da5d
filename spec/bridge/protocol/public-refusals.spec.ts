import { create, toBinary } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { expect } from 'chai';
import { encodeMap } from '../../../bridge/protocol/codec.ts';
import { HealthCheckRequestSchema } from '../../../bridge/protocol/gen/health_pb.js';
import { CallToolRequestSchema, StreamToolRequestSchema } from '../../../bridge/protocol/gen/tools_pb.js';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { type RawProtocol, rawCall, rawProtocols } from '../../helpers/raw-rpc.ts';

const token = 'x'.repeat(40);
const authorization = `Bearer ${token}`;
const tokens = [{ name: 'me', token, scopes: ['call', 'read', 'write'] }] as const;

/** A Connect client asks for streams in another way than for single answers. */
const methodOf = (protocol: RawProtocol) =>
  protocol === 'connect-stream' ? '/ophion.v1.ToolService/StreamTool' : '/ophion.v1.ToolService/CallTool';
const callOf = (protocol: RawProtocol, tool: string, args: Readonly<Record<string, unknown>> = {}) => {
  const call = { tool, sessionId: 's', arguments: encodeMap(args, 'arguments') };
  return protocol === 'connect-stream'
    ? toBinary(StreamToolRequestSchema, create(StreamToolRequestSchema, { call }))
    : toBinary(CallToolRequestSchema, create(CallToolRequestSchema, { call }));
};
const health = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema));

describe('what the public port refuses, and how it says so', () => {
  let t: BridgeSystem;
  let url: string;
  before(async () => {
    t = await startBridge({ services: { port: 0, tokens, graceMs: 200, origins: ['http://localhost:5173'] } });
    ({ url } = await t.publicPort.call('address'));
    await t.state.open('s');
    const { wire } = await t.worker();
    wire.onCall = (side) => side.answer('ok');
  });
  after(() => t.app.stop());

  for (const protocol of rawProtocols) {
    describe(`to a client that speaks ${protocol}`, () => {
      const send = (body: Uint8Array, more: { path?: string; headers?: Record<string, string>; bare?: boolean } = {}) =>
        rawCall(url, protocol, {
          path: methodOf(protocol),
          body,
          ...more,
          headers: { authorization, ...more.headers },
        });
      const codeOf = async (...args: Parameters<typeof send>) => (await send(...args)).code;

      it('nothing that is right', async () => {
        expect(await codeOf(callOf(protocol, 'rank'))).to.equal(0);
      });

      it('is an invalid argument when the message is no protobuf', async () => {
        const whole = callOf(protocol, 'rank', { items: ['a', 'b'] });
        for (const body of [
          whole.subarray(0, whole.length - 1),
          Buffer.from('ffffffffffff', 'hex'),
          Buffer.from([0x0a, 0x7f, 1]),
        ])
          expect(await codeOf(body)).to.equal(Code.InvalidArgument);
        const answer = await send(Buffer.from([0x0a, 0x7f, 1]));
        const said = answer.headers['grpc-status-details-bin'] ?? answer.body.toString('utf8');
        expect(said).to.have.length.above(10);
        expect(`${answer.headers['grpc-message'] ?? ''}${answer.body.toString('utf8')}`).to.match(
          /ophion\.v1\.(Call|Stream)ToolRequest/,
        );
      });

      it('is an invalid argument when an envelope promises more than comes', async () => {
        if (protocol === 'connect') return;
        expect(await codeOf(Buffer.from([0, 0, 0, 0, 9, 1, 2]), { bare: true })).to.equal(Code.InvalidArgument);
      });

      it('is a resource exhausted when the message is above the limit, with the limit', async () => {
        const answer = await send(Buffer.alloc(17 * 1024 * 1024));
        expect(answer.code).to.equal(Code.ResourceExhausted);
        const text = decodeURIComponent(`${answer.headers['grpc-message'] ?? ''}${answer.body.toString('latin1')}`);
        expect(text).to.match(/16777216 bytes/);
      });

      it('is unimplemented when there is no such method', async () => {
        for (const path of [
          '/ophion.v1.ToolService/Nothing',
          '/nothing',
          '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        ])
          expect(await codeOf(callOf(protocol, 'rank'), { path })).to.equal(Code.Unimplemented);
      });

      it('is unauthenticated without a token, and tells nobody else anything', async () => {
        for (const said of ['', 'Bearer wrong', `Bearer ${'y'.repeat(40)}`]) {
          const answer = await send(callOf(protocol, 'rank'), { headers: { authorization: said } });
          expect(answer.code).to.equal(Code.Unauthenticated);
        }
      });

      it('is permission denied for pages of other origins and other names of this host', async () => {
        const body = callOf(protocol, 'rank');
        expect(await codeOf(body, { headers: { origin: 'http://evil.example' } })).to.equal(Code.PermissionDenied);
        expect(await codeOf(body, { headers: { host: 'evil.example' } })).to.equal(Code.PermissionDenied);
        expect(await codeOf(body, { headers: { origin: 'http://localhost:5173' } })).to.equal(0);
      });
    });
  }

  it('answers what is no call at all as HTTP does', async () => {
    const plain = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init).then(({ status }) => status);
    expect(await plain('/favicon.ico')).to.equal(404);
    expect(
      await plain('/grpc.health.v1.Health/Check', { method: 'POST', headers: { 'content-type': 'text/html' } }),
    ).to.equal(415);
    expect(await plain('/grpc.health.v1.Health/Check')).to.equal(405);
    const checked = await rawCall(url, 'connect', { path: '/grpc.health.v1.Health/Check', body: health });
    expect(checked.code).to.equal(0);
  });

  it('refuses compressed messages, which may be larger than they look', async () => {
    const answer = await rawCall(url, 'grpc', {
      path: methodOf('grpc'),
      body: callOf('grpc', 'rank'),
      headers: { authorization, 'grpc-encoding': 'gzip' },
    });
    expect(answer.code).to.equal(Code.Unimplemented);
  });
});
