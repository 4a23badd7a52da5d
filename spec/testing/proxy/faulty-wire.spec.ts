import { expect } from 'chai';
import { grpcListen } from '../../../bridge/transport/index.ts';
import { faultyWire } from '../../../testing/index.ts';
import { startPingHost } from '../../helpers/ping-host.ts';

describe('real workers behind a faulty wire', function () {
  this.timeout(60_000);

  for (const on of ['socket_file', 'tcp'] as const) {
    it(`dial again after a reset (${on}): the same process goes on, and its calls keep their outcome`, async () => {
      await using wire = faultyWire({ carrier: grpcListen({ on }) });
      await using host = await startPingHost({ links: { listen: wire.listen } });
      const [before] = (await host.ping.ready()).workers;
      const running = host.call('later 0.3');
      await host.event('worker.state', ({ state }: { state: string }) => state === 'busy');
      const proxy = await wire.proxy();
      proxy.reset();
      await host.event('stream.resumed');
      expect((await running).answer).to.equal('at last');
      expect((await host.call('hello')).answer).to.equal('hello');
      const [after] = (await host.ping.status()).workers;
      expect(after?.osPid).to.equal(before?.osPid);
      expect(proxy.accepted).to.equal(2);
    });
  }

  it('are replaced when the wire stays half-open: their silence is what tells', async () => {
    await using wire = faultyWire();
    await using host = await startPingHost({ links: { listen: wire.listen }, pool: { livenessTimeoutMs: 600 } });
    const [before] = (await host.ping.ready()).workers;
    const proxy = await wire.proxy();
    proxy.toServer.inject({ stall: true });
    const reason = await host.reasonOf(String(before?.pid));
    expect(reason).to.have.property('value').that.includes('stuck');
    await proxy.heal();
    expect((await host.call('hello')).answer).to.equal('hello');
  });
});
