import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { redisState } from '../../actors/state/redis/index.ts';
import { SessionService } from '../../bridge/protocol/gen/sessions_pb.js';
import { ToolService } from '../../bridge/protocol/gen/tools_pb.js';
import { decodeValue, encodeMap } from '../../bridge/protocol/index.ts';
import {
  declare,
  float,
  nodeRuntime,
  type OphionRef,
  openContext,
  ophion,
  python,
  pythonTool,
  startSupervisor,
  string,
  type ToolError,
} from '../../index.ts';
import { findRedis, rejection, type SingleRedis, startRedis, untilPasses } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const read = pythonTool<{ name: string }, { value: unknown; revision: number }>('read');
const write = pythonTool<{ name: string; value: unknown }, unknown>('write');
const ask = pythonTool<{ question: string }, { answer: string; confidence: number }>('ask');

const variables = declare({
  temperature: float({ min: 0, max: 2, default: 0.7 }),
  model: string({ default: 'small' }),
});

describe('the same Python on state that hosts share', function () {
  this.timeout(60_000);
  let redis: SingleRedis;
  const hosts: AsyncDisposable[] = [];

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host[Symbol.asyncDispose]();
  });
  after(() => redis?.stop());

  async function host(options: Parameters<typeof ophion>[0] = {}): Promise<OphionRef> {
    const app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({
          ...options,
          pools: { default: python({ module: 'e2e_tools', pythonPath: [fixtures], size: 1 }) },
        }),
      },
    });
    hosts.push(app);
    return app.children.ophion as unknown as OphionRef;
  }

  const open = async (on: OphionRef, id: string) =>
    openContext(on, { state: redisState({ url: redis.url }), id, variables });

  it('sees in a call what any host has committed before it, and what the tool writes is seen by all', async () => {
    const [a, b] = await Promise.all([host(), host()]);
    const [here, there] = [await open(a, 'shared'), await open(b, 'shared')];
    expect([here.state, there.state]).to.deep.equal(['redis', 'redis']);
    for (let n = 1; n <= 10; n += 1) {
      const [writer, caller] = n % 2 === 0 ? [here, there] : [there, here];
      const { revision } = await writer.variables.set('temperature', n / 10);
      expect(await caller.call(read, { name: 'temperature' })).to.deep.equal({ value: n / 10, revision });
    }
    expect(await here.call(write, { name: 'model', value: 'large' })).to.equal('large');
    expect(await there.variables.get('model')).to.equal('large');
    expect((await there.call(read, { name: 'model' })).value).to.equal('large');
    await here.close();
  });

  it('is called by clients of any host, in sessions that were opened on another', async () => {
    const token = 'a-token-that-is-long-enough-to-be-one';
    const services = { port: 0, tokens: [{ name: 'tester', token, scopes: ['call', 'read', 'write'] as const }] };
    const [a, b] = await Promise.all([host(), host({ provider: redisState({ url: redis.url }), services })]);
    await using here = await open(a, 'clients');
    const { revision } = await here.variables.set('model', 'from elsewhere');
    const { url: baseUrl } = await b.servicesAddress();
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          request.header.set('authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    });
    const call = { sessionId: 'clients', tool: 'read', arguments: encodeMap({ name: 'model' }, 'arguments') };
    const { result } = await createClient(ToolService, transport).callTool({ call }, { timeoutMs: 20_000 });
    expect(decodeValue(result?.outcome.value as never)).to.deep.equal({ value: 'from elsewhere', revision });
    const { sessionId } = await createClient(SessionService, transport).openSession({});
    expect(
      (await redisState({ url: redis.url }).connect({ system: a.system, root: a.path }).find(sessionId)).id,
    ).to.equal(sessionId);
  });

  it('calls the TypeScript functions of its host, which end with the session, wherever that is closed', async () => {
    const [a, b] = await Promise.all([host(), host()]);
    const [here, there] = [await open(a, 'tools'), await open(b, 'tools')];
    await here.expose({ lookup: async ({ id }: { id: string }) => `known here: ${id}` });
    expect((await here.call(ask, { question: 'x' })).answer).to.equal('known here: x');
    // Functions are a host's own: the other one has none yet.
    expect(((await rejection(there.call(ask, { question: 'x' }))) as ToolError).message).to.match(/lookup/);
    await there.expose({ lookup: async ({ id }: { id: string }) => `known there: ${id}` });
    expect((await there.call(ask, { question: 'y' })).answer).to.equal('known there: y');
    expect((await here.call(ask, { question: 'z' })).answer).to.equal('known here: z');
    const session = (on: OphionRef) => on.system.lookup(`${on.path}/sessions/tools`);
    expect(session(a)).to.not.equal(undefined);
    // Its crash takes no function away.
    session(a)?.kill();
    expect((await here.call(ask, { question: 'z' })).answer).to.equal('known here: z');
    await there.close();
    await untilPasses(() => expect([session(a), session(b)]).to.deep.equal([undefined, undefined]));
    expect(((await rejection(here.call(read, { name: 'model' }))) as ToolError).message).to.match(/tools/);
  });
});
