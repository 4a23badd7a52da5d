import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { encodeMap } from '../../../bridge/protocol/codec.ts';
import { BadRequestSchema } from '../../../bridge/protocol/gen/error_details_pb.js';
import { ToolCallSchema, ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import { toolDescription, workerMessage } from '../../../bridge/protocol/messages.ts';
import { tool } from '../../../index.ts';
import { offerOfTool } from '../../helpers/bare-offer.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { rejection } from '../../helpers/rejection.ts';
import { idSchema, textSchema } from '../../helpers/text-schema.ts';

const token = 'a'.repeat(32);

describe('what a client is told of tools', () => {
  let t: BridgeSystem;
  let client: ReturnType<typeof createClient<typeof ToolService>>;
  beforeEach(async () => {
    t = await startBridge({ services: { port: 0, tokens: [{ name: 'all', token, scopes: ['call', 'read'] }] } });
    const { url } = await t.publicPort.call('address');
    client = createClient(ToolService, createGrpcTransport({ baseUrl: url }));
    await t.state.open('s');
  });
  afterEach(() => t.app.stop());

  const options = { headers: { authorization: `Bearer ${token}` } };
  const call = (name: string, args: object) =>
    client.callTool(
      {
        call: create(ToolCallSchema, { sessionId: 's', tool: name, arguments: encodeMap(args as never, 'arguments') }),
      },
      options,
    );

  it('is the truth: description, schemas, and whether it streams, of both languages', async () => {
    const items = tool({ description: 'Words.', input: textSchema, stream: true }, async function* () {
      yield 'a';
    });
    const handlers = [offerOfTool('items', items), offerOfTool('plain', async function* () {})];
    await t.stateNames.session('s').call('registerTools', { tools: handlers });
    const { wire } = await t.worker({ tools: ['rank'] });
    const described = toolDescription('rank', 'Ranks.', { inputSchema: '{"type":"object"}', outputSchema: '{}' });
    wire.say(0, workerMessage('catalog', { $typeName: 'ophion.v1.Catalog', tools: [described], more: false }));
    const list = async () => (await client.listTools({ sessionId: 's' }, options)).tools;
    while ((await list()).every(({ outputSchema }) => outputSchema === '')) await new Promise(setImmediate);
    const told = (await list()).map(({ name, description, stream, inputSchema, outputSchema }) =>
      [name, description, stream, inputSchema, outputSchema].join('|'),
    );
    expect(told).to.deep.equal([
      'items|Words.|true|{"type":"string","title":"draft-2020-12"}|',
      'plain||true||',
      'rank|Ranks.|false|{"type":"object"}|{}',
    ]);
  });

  it('comes by name, page by page, each tool once, whatever comes and goes meanwhile', async () => {
    const session = t.stateNames.session('s');
    const names = ['e', 'b', 'same', 'a', 'Z'];
    await session.call('registerTools', { tools: names.map((name) => offerOfTool(name, () => name)) });
    await t.worker({ tools: ['d', 'c', 'same'] });
    const pages: (readonly string[])[] = [];
    let pageToken = '';
    do {
      const page = await client.listTools({ sessionId: 's', pageSize: 2, pageToken }, options);
      pages.push(page.tools.map(({ name }) => name));
      pageToken = page.nextPageToken;
      // The one that the next page goes on behind.
      if (pageToken === 'a') await session.call('removeTools', { names: ['a'] });
    } while (pageToken !== '');
    expect(pages).to.deep.equal([['Z', 'a'], ['b', 'c'], ['d', 'e'], ['same']]);
  });

  it('has 100 tools a page when nothing is said, and at most 1,000', async () => {
    await t.worker({ tools: Array.from({ length: 1_001 }, (_, n) => `t${String(n).padStart(4, '0')}`) });
    const sizeOf = async (pageSize: number) => {
      const { tools, nextPageToken } = await client.listTools({ pageSize }, options);
      return [tools.length, nextPageToken];
    };
    expect(await sizeOf(0)).to.deep.equal([100, 't0099']);
    expect(await sizeOf(4_000)).to.deep.equal([1_000, 't0999']);
    expect(await sizeOf(1_000)).to.deep.equal([1_000, 't0999']);
    const last = await client.listTools({ pageToken: 't0999' }, options);
    expect([last.tools.map(({ name }) => name), last.nextPageToken]).to.deep.equal([['t1000'], '']);
  });

  it('names the argument that does not fit as a field of a bad request', async () => {
    const lookup = offerOfTool(
      'lookup',
      tool({ input: idSchema }, ({ id }) => id),
    );
    await t.stateNames.session('s').call('registerTools', { tools: [lookup] });
    const error = ConnectError.from(await rejection(call('lookup', { id: 'x' })));
    expect(error.code).to.equal(Code.InvalidArgument);
    expect(error.rawMessage).to.equal('lookup: argument $.id: expected digits');
    const [details] = error.findDetails(BadRequestSchema);
    expect(details?.fieldViolations[0]?.field).to.equal('$.id');
  });

  it('is that no tool has a name that breaks the rule for names', async () => {
    const error = ConnectError.from(await rejection(call('no such name', {})));
    expect(error.code).to.equal(Code.InvalidArgument);
    expect(error.rawMessage).to.match(/a name is 1 to 64 letters/);
  });
});
