import { expect } from 'chai';
import type { ToolDescription } from '../../../bridge/protocol/gen/tools_pb.js';
import { toolDescription, workerMessage } from '../../../bridge/protocol/messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';

describe('the tools that workers offer', () => {
  let t: BridgeSystem;
  beforeEach(async () => {
    t = await startBridge();
  });
  afterEach(() => t.app.stop());

  const described = (name: string, more: Partial<ToolDescription> = {}) => toolDescription(name, '', more);
  const names = async () => (await t.names.bridge.call('tools')).map(({ description }) => description.name).sort();
  const schemaOf = async (name: string) =>
    (await t.names.bridge.call('tools')).find(({ description }) => description.name === name)?.description.inputSchema;
  const offer = (wire: ProtocolWorker, ...tools: ToolDescription[]) =>
    wire.say(0, workerMessage('catalog', { $typeName: 'ophion.v1.Catalog', tools, more: false }));
  /** The bridge handles what comes from one worker in its order, and answers a call in its turn. */
  const until = async (wanted: () => Promise<boolean>) => {
    while (!(await wanted())) await new Promise(setImmediate);
  };

  it('vanish with their worker, and not those that another one offers too', async () => {
    const first = await t.worker({ tools: ['rank', 'only_here'] });
    await t.worker({ tools: ['rank'] });
    await until(async () => (await names()).length === 2);
    t.lose(first.pid);
    await until(async () => (await names()).length === 1);
    expect(await names()).to.deep.equal(['rank']);
  });

  it('are told in several messages when one frame has no room for them', async () => {
    const { wire } = await t.worker({ tools: ['rank'] });
    offer(wire, described('rank', { inputSchema: '{"type":"object"}' }), described('late'));
    await until(async () => (await names()).includes('late'));
    expect(await names()).to.deep.equal(['late', 'rank']);
    expect(await schemaOf('rank')).to.equal('{"type":"object"}');
  });

  it('are all known still when the bridge was restarted', async () => {
    const { wire } = await t.worker({ tools: ['rank'] });
    offer(wire, described('rank', { inputSchema: '{}' }), described('late'));
    await until(async () => (await names()).includes('late'));
    t.kill('app/bridge');
    await until(() =>
      names().then(
        (found) => found.length === 2,
        () => false,
      ),
    );
    expect(await schemaOf('rank')).to.equal('{}');
  });

  it('are bounded: what is above 10,000 is dropped with a word, and the rest stays', async () => {
    const { wire, stream } = await t.worker({ tools: ['rank'] });
    const dropped = new Promise<string>((resolve) => {
      const stop = t.app.system.events.onAll((event) => {
        if (event.type !== 'bridge.dropped') return;
        stop();
        resolve((event as unknown as { error: Error }).error.message);
      });
    });
    offer(wire, ...Array.from({ length: 10_000 }, (_, n) => described(`t${n}`)));
    expect(await dropped).to.equal(`${stream}: offers more than 10000 tools; 't9999' is left out`);
    expect(await names()).to.have.length(10_000);
  });
});
