import { expect } from 'chai';
import {
  callTool,
  type LocalToolFunction,
  type SpanBegin,
  type Tracing,
  traceCalls,
} from '../../../bridge/protocol/index.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';

const span = (n: number) => `00-0af7651916cd43dd8448eb211c80319c-${String(n).padStart(16, '0')}-01`;

describe('a tracer of calls', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  beforeEach(async () => {
    t = await startBridge();
    ({ wire } = await t.worker());
    await t.state.open('s');
  });
  afterEach(() => t.app.stop());

  const plain: Tracing = { begin: () => undefined, run: (_, work) => work() };

  it('gives each span its id: what a worker is told is that of its attempt, below that of the call', async () => {
    const begun: SpanBegin[] = [];
    traceCalls(t.app.system, { ...plain, begin: (one) => span(begun.push(one)) });
    wire.onCall = (side) => side.answer(side.call.traceparent);
    const { value } = await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    expect(value).to.equal(span(2));
    expect(begun.map(({ kind, parent }) => [kind, parent])).to.deep.equal([
      ['call', ''],
      ['attempt', span(1)],
    ]);
  });

  it('has a TypeScript tool run inside its span', async () => {
    const order: string[] = [];
    traceCalls(t.app.system, {
      begin: ({ kind }) => (kind === 'tool' ? span(7) : undefined),
      run: (traceparent, work) => {
        order.push(`in ${traceparent}`);
        return work();
      },
    });
    const handler: LocalToolFunction = (_, { traceparent }) => {
      order.push(`ran ${traceparent}`);
      return null;
    };
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'local', handler }] });
    await wire.callHost('s', 'local', {}).answer;
    expect(order).to.deep.equal([`in ${span(7)}`, `ran ${span(7)}`]);
  });

  it('does no harm when it throws, says nonsense, or is gone', async () => {
    wire.onCall = (side) => side.answer(side.call.traceparent);
    const told = async () => (await callTool(t.names, { tool: 'rank' }).outcome).value;
    const broken: Tracing[] = [
      plain,
      { ...plain, begin: () => 'nonsense' },
      {
        ...plain,
        begin: () => {
          throw new Error('broken');
        },
      },
    ];
    for (const tracing of broken) {
      const stop = traceCalls(t.app.system, tracing);
      expect(await told()).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      stop();
    }
    traceCalls(t.app.system, { ...plain, begin: () => span(1) })();
    expect(await told()).to.not.equal(span(1));
  });
});
