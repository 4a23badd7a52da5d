import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { nodeRuntime, SpecError } from '../../../actors/core/index.ts';
import {
  grpcListen,
  isLoopback,
  type PublicInput,
  publicListener,
  validatePublic,
} from '../../../bridge/transport/index.ts';
import { readTls } from '../../../bridge/transport/tls.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../../helpers/certificates.ts';
import { needs } from '../../helpers/needs.ts';

describe('plain text', () => {
  it('is for addresses that no other machine reaches', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]'])
      expect(isLoopback(host), host).to.equal(true);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.0.0.1.example', 'localhost.example', ''])
      expect(isLoopback(host), host).to.equal(false);
  });

  it('is refused on all others, with the way out, unless it is meant', () => {
    for (const host of ['0.0.0.0', '::', 'workers.example']) {
      const said = /plain_text.*give it tls, or insecure: true/;
      expect(() => grpcListen({ on: 'tcp', host })).to.throw(SpecError, said);
      expect(() => validatePublic({ port: 0, host })).to.throw(SpecError, said);
      grpcListen({ on: 'tcp', host, insecure: true });
      validatePublic({ port: 0, host, insecure: true });
    }
  });

  it('has no address where a socket file is listened on', () => {
    expect(() => grpcListen({ host: '127.0.0.1' })).to.throw(SpecError, 'invalid_host');
  });
});

describe('TLS', () => {
  let pem: Certificates;
  before(function () {
    needs(this, hasOpenssl(), 'openssl');
    pem = makeCertificates();
  });
  after(() => pem?.[Symbol.dispose]());

  it('takes certificates as files and as PEM alike, and names the one that is wrong', () => {
    const text = { cert: readFileSync(pem.host.cert, 'utf8'), key: readFileSync(pem.host.key, 'utf8') };
    expect(readTls('x', text)).to.deep.equal(readTls('x', pem.host));
    for (const [given, said] of [
      [{ ...pem.host, cert: '/nowhere' }, /invalid_tls\.cert: ENOENT/],
      [{ ...pem.host, key: pem.host.cert }, /invalid_tls\.key: it cannot be read as PEM/],
      [{ ...pem.host, key: pem.worker.key }, /the key is not that of the certificate/],
      [{ ...pem.host, clientCa: '' }, /invalid_tls\.clientCa/],
    ] as const) {
      expect(() => readTls('x', given)).to.throw(SpecError, said);
      expect(() => grpcListen({ on: 'tcp', tls: given })).to.throw(SpecError, said);
    }
  });

  async function serve(options: Partial<PublicInput>) {
    const answer: PublicInput['serve'] = () => (request, response) => response.end(`HTTP/${request.httpVersion}`);
    const app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { public: { logic: publicListener, input: { port: 0, serve: answer, graceMs: 100, ...options } } },
    });
    return { app, ...(await app.children.public.call('address')), [Symbol.asyncDispose]: () => app.stop() };
  }
  type Own = { ca?: Buffer; cert?: Buffer; key?: Buffer };
  const get1 = (url: string, own: Own) =>
    new Promise<string>((resolve, reject) => {
      get(url, { ...own, agent: false }, (response) => response.on('data', (data) => resolve(String(data)))).on(
        'error',
        reject,
      );
    });
  const get2 = (url: string, own: Own) =>
    new Promise<string>((resolve, reject) => {
      const session = connectHttp2(url, own);
      const stream = session.request({ ':path': '/' });
      stream.on('data', (data) => {
        session.close();
        resolve(String(data));
      });
      for (const one of [session, stream]) one.on('error', reject).on('close', () => reject(new Error('closed')));
    });
  const failed = (promise: Promise<unknown>) =>
    promise.then(
      () => 'it went on',
      () => 'refused',
    );

  it('carries HTTP/1.1 and HTTP/2 on the public port, to clients that know its authority', async () => {
    await using t = await serve({ tls: pem.host });
    expect(t.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
    const ca = readFileSync(pem.ca);
    expect(await get1(t.url, { ca })).to.equal('HTTP/1.1');
    expect(await get2(t.url, { ca })).to.equal('HTTP/2.0');
    for (const ask of [get1, get2]) expect(await failed(ask(t.url, {}))).to.equal('refused');
    expect(await failed(fetch(t.url.replace('https', 'http')))).to.equal('refused');
  });

  it('that is mutual takes clients with a certificate of its authority alone', async () => {
    await using t = await serve({ tls: { ...pem.host, clientCa: pem.ca } });
    const ca = readFileSync(pem.ca);
    const of = ({ cert, key }: { cert: string; key: string }) => ({
      ca,
      cert: readFileSync(cert),
      key: readFileSync(key),
    });
    for (const ask of [get1, get2]) {
      expect(await ask(t.url, of(pem.worker))).to.match(/^HTTP/);
      expect(await failed(ask(t.url, { ca }))).to.equal('refused');
      expect(await failed(ask(t.url, of(pem.stranger)))).to.equal('refused');
    }
  });

  it('leaves no connection when it stops, also none whose handshake never came to its end', async () => {
    const t = await serve({ tls: pem.host });
    const ca = readFileSync(pem.ca);
    const socket = connect({ port: t.port, host: '127.0.0.1', ca });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await t.app.stop();
    await closed;
  });
});
