import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { unixListen } from '../../bridge/transport/index.ts';
import { faultyWire } from '../../testing/index.ts';
import { startPingHost } from '../helpers/ping-host.ts';
import { rejection } from '../helpers/rejection.ts';

describe('real workers over the Unix-socket carrier', function () {
  this.timeout(60_000);

  it('answer, stream and ask back; the socket is private, and gone with the host', async () => {
    await using host = await startPingHost({ links: { carrier: 'unix' }, pool: { size: 2 } });
    await host.ping.ready(2);
    expect((await host.call('echo hello')).answer).to.equal('echo hello');
    expect((await host.call('items 3')).items).to.deep.equal(['0', '1', '2']);
    expect((await host.call('ask what')).answer).to.equal('you said what');
    const { address = '' } = await host.links.call('status');
    expect(address).to.match(/^ophion\+unix:\//);
    const folder = dirname(address.replace('ophion+unix:', ''));
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    await host.app.stop();
    expect(existsSync(folder)).to.equal(false);
  });

  it('never load gRPC', async () => {
    await using host = await startPingHost({ links: { carrier: 'unix' } });
    expect((await host.call('imported grpc')).answer).to.equal('False');
    expect((await host.call('imported google.protobuf')).answer).to.equal('True');
  });

  it('carry payloads of many frames both ways, and larger ones than the window', async () => {
    await using host = await startPingHost({ links: { carrier: 'unix' } });
    const long = 'x'.repeat(12_000_000);
    expect((await host.call(long)).answer).to.equal(long);
  });

  it('are refused without the token, and do not come again', async () => {
    await using host = await startPingHost({ links: { carrier: 'unix' }, mode: ['wrong token'] });
    const { worker } = await host.event('pool.worker_lost');
    const reason = await host.reasonOf(worker);
    expect(reason).to.have.nested.property('error.reason').that.deep.includes({ kind: 'os_exit', code: 4 });
  });

  it('dial again after their connection was lost, and go on where they were', async () => {
    await using wire = faultyWire({ carrier: unixListen() });
    await using host = await startPingHost({ links: { listen: wire.listen } });
    const [before] = (await host.ping.ready()).workers;
    const running = host.call('later 0.3');
    await host.event('worker.state', ({ state }: { state: string }) => state === 'busy');
    (await wire.proxy()).reset();
    await host.event('stream.resumed');
    expect((await running).answer).to.equal('at last');
    const [after] = (await host.ping.status()).workers;
    expect(after?.osPid).to.equal(before?.osPid);
  });

  it('are chosen by name, or not at all', async () => {
    expect((await rejection(startPingHost({ links: { carrier: 'pigeon' as 'unix' } }))).message).to.include(
      'invalid_carrier',
    );
  });
});

describe('a worker that says more than its host has handled', function () {
  this.timeout(60_000);

  for (const carrier of ['grpc', 'unix'] as const) {
    it(`is held back by its credit, and ends in full (${carrier})`, async () => {
      const windowBytes = 256 * 1024;
      await using host = await startPingHost({ links: { carrier, limits: { windowBytes } } });
      const count = 5_000;
      expect(count * 64).to.be.greaterThan(windowBytes);
      const { items, answer } = await host.call(`items ${count}`);
      expect(items).to.deep.equal(Array.from({ length: count }, (_, i) => String(i)));
      expect(answer).to.equal('done');
    });
  }
});
