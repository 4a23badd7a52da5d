import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { SessionService } from '../../bridge/protocol/gen/sessions_pb.js';
import { ToolService } from '../../bridge/protocol/gen/tools_pb.js';
import { VariableService } from '../../bridge/protocol/gen/variables_pb.js';
import { decodeValue, encodeMap, encodeValue } from '../../bridge/protocol/index.ts';
import { nodeRuntime, ophion, python, startSupervisor } from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const token = 'a-token-that-is-long-enough-to-be-one';
type Headed = { readonly header: Headers };
const services = { port: 0, tokens: [{ name: 'tester', token, scopes: ['call', 'read', 'write'] as const }] };

describe('the public services with real Python', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ services, pools: { default: python({ module: 'e2e_tools', pythonPath: [fixtures] }) } }),
  );

  for (const [protocol, transport] of [
    ['Connect', createConnectTransport],
    ['gRPC', createGrpcTransport],
    ['gRPC-Web', createGrpcWebTransport],
  ] as const) {
    it(`let a ${protocol} client open a session, write a variable and call a tool that reads it`, async () => {
      const { url: baseUrl } = await system.current.servicesAddress();
      await system.current.pools.default.ready();
      const client = transport({
        baseUrl,
        httpVersion: protocol === 'gRPC' ? '2' : '1.1',
        interceptors: [
          (next: (request: Headed) => unknown) => (request: Headed) => {
            request.header.set('authorization', `Bearer ${token}`);
            return next(request);
          },
        ],
      } as never);
      const options = { timeoutMs: 20_000 };
      const { sessionId } = await createClient(SessionService, client).openSession({}, options);
      const declared = { name: 'word', type: 'string', initial: encodeValue('hello') };
      await createClient(VariableService, client).commitVariables(
        { sessionId, plan: { declarations: [declared] } },
        options,
      );
      const call = { sessionId, tool: 'read', arguments: encodeMap({ name: 'word' }, 'arguments') };
      const { result } = await createClient(ToolService, client).callTool({ call }, options);
      expect(result?.outcome.case).to.equal('value');
      expect(decodeValue(result?.outcome.value as never)).to.deep.equal({ value: 'hello', revision: 1 });
      await createClient(SessionService, client).closeSession({ sessionId }, options);
    });
  }
});

describe('a port that is taken', () => {
  it('fails the start with one error that names the port and the way out, and leaves nothing running', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    try {
      const runtime = nodeRuntime({ log: () => {} });
      const starting = startSupervisor({ runtime, children: { ophion: ophion({ services: { ...services, port } }) } });
      const error = (await rejection(starting)) as Error;
      expect(error.message).to.match(new RegExp(`port ${port}.*is taken.*choose another port`));
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });
});
