import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { pythonTool } from '../../index.ts';
import { rejection, startProxy, untilPasses } from '../../testing/index.ts';
import { freePorts } from '../../testing/redis/server-process.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../helpers/certificates.ts';
import { needs } from '../helpers/needs.ts';
import { joining, startRemoteHost } from '../helpers/remote-host.ts';
import { RemoteWorker } from '../helpers/remote-worker.ts';
import { useFolder } from '../helpers/use-folder.ts';

const echo = pythonTool<{ value: unknown }, unknown>('echo');
const [token, next] = ['shared-token-of-all-hosts'.repeat(2), 'the-token-that-comes-after-it'.repeat(2)] as const;

describe('a worker that joins through an address of several hosts', function () {
  this.timeout(60_000);
  const file = useFolder();

  it('goes on at the host itself that has admitted it, when that advertises its own address', async () => {
    const [port] = (await freePorts(1)) as [number];
    await using host = await startRemoteHost({ port, links: { advertise: `127.0.0.1:${port}` } });
    const balancer = await startProxy({ upstream: { port } });
    await using _worker = new RemoteWorker(joining(`http://${balancer.target}`, host.tokenFile));
    await host.pool.ready();
    // From now on the balancer may lead anywhere.
    await balancer[Symbol.asyncDispose]();
    await using context = await host.open();
    expect(await context.call(echo, { value: 1 })).to.equal(1);
    expect(host.events.map(({ type }) => type)).to.not.include('stream.lost');
  });

  it('has the certificate there checked for the name that it dialled', async function () {
    needs(this, hasOpenssl(), 'openssl');
    using pem: Certificates = makeCertificates();
    const [port] = (await freePorts(1)) as [number];
    // The certificate names localhost and 127.0.0.1 alone.
    const other = { port, tls: pem.host, links: { advertise: `127.0.0.2:${port}` } };
    await using host = await startRemoteHost({ ...other, listenOn: '0.0.0.0' });
    await using _worker = new RemoteWorker(joining(`https://localhost:${port}`, host.tokenFile, '--ca', pem.ca));
    await host.pool.ready();
    await using context = await host.open();
    expect(await context.call(echo, { value: 1 })).to.equal(1);
  });

  it('shows its tokens in plain text to no other machine that a host advertises', async () => {
    await using host = await startRemoteHost({ links: { advertise: 'workers.example:7443' } });
    await using worker = new RemoteWorker(host.join());
    expect((await worker.ended).code).to.equal(2);
    expect(worker.said).to.match(/http:\/\/ to workers\.example would show the tokens/);
  });

  it('is taken by every host that has its token in a file, until it is no more there', async () => {
    const shared = file('tokens');
    const own = file('own');
    writeFileSync(shared, `${token}\n`);
    writeFileSync(own, `${token}\n`, { mode: 0o600 });
    const remote = { tokensFrom: shared };
    await using one = await startRemoteHost({ remote });
    await using other = await startRemoteHost({ remote });
    for (const host of [one, other]) {
      await using _worker = new RemoteWorker(joining(`http://127.0.0.1:${host.port}`, own));
      expect((await host.pool.ready()).workers[0]).to.include({ remote: true, state: 'idle' });
    }
    writeFileSync(shared, `${next}\n`);
    await using late = new RemoteWorker(joining(`http://127.0.0.1:${one.port}`, own));
    expect((await late.ended).code).to.equal(4);
    expect(late.said).to.include('this join token is not known here').and.not.include(token);
    // A file that is not there at the moment takes nobody's place away.
    rmSync(shared);
    writeFileSync(own, `${next}\n`);
    await using _last = new RemoteWorker(joining(`http://127.0.0.1:${one.port}`, own));
    expect((await one.pool.ready()).ready).to.equal(1);
  });

  it('is refused with its file named when that holds no tokens', async () => {
    for (const [text, why] of [
      ['', /holds no token/],
      ['short', /holds something else than tokens/],
      [`${token}\n`.repeat(101), /holds more than 100 tokens/],
    ] as const) {
      writeFileSync(file('tokens'), text);
      const error = await rejection(startRemoteHost({ remote: { tokensFrom: file('tokens') } }));
      expect(String(error)).to.match(why).and.not.include(token);
    }
    const error = await rejection(startRemoteHost({ remote: { tokensFrom: file('nowhere') } }));
    expect(String(error)).to.match(/invalid_tokensFrom: .*nowhere cannot be read/);
  });

  it('says by a file that it serves, for who looks after its health', async () => {
    await using host = await startRemoteHost();
    const ready = file('ready');
    writeFileSync(ready, 'of an earlier run');
    await using worker = new RemoteWorker(host.join('--ready-file', ready));
    await host.pool.ready();
    // Its own process writes it, once it is welcome.
    await untilPasses(() => expect(readFileSync(ready, 'utf8')).to.equal(''));
    process.kill((await host.pool.status()).workers[0]?.osPid as number, 'SIGKILL');
    await worker.ended;
    expect(() => readFileSync(ready)).to.throw('ENOENT');
  });
});

describe('links', () => {
  for (const advertise of ['', 'host', 'host:', 'host:70000', 'host:0', 'https://host:1', '::1:7443', 7]) {
    it(`advertise no such address as ${JSON.stringify(advertise)}`, async () => {
      const error = await rejection(startRemoteHost({ links: { advertise: advertise as string } }));
      expect(String(error)).to.include('invalid_advertise');
    });
  }
});
