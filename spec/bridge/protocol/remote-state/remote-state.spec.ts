import { createServer as createHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { AuthError, ProtocolError, type SpecError, type StateError } from '../../../../actors/core/index.ts';
import {
  bridgedState as bridgedHere,
  integer,
  json,
  moveSession,
  type StateSession,
  string,
  type WatchEvent,
} from '../../../../actors/state/index.ts';
import { bridgedState, type RemoteStateOptions } from '../../../../bridge/protocol/index.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../../../helpers/certificates.ts';
import { needs } from '../../../helpers/needs.ts';
import { rejection } from '../../../helpers/rejection.ts';
import { hostToken, type RemoteState, startRemoteState } from '../../../helpers/remote-state.ts';
import { startState } from '../../../helpers/state-system.ts';

const codeOf = async (promise: Promise<unknown>) => ((await rejection(promise)) as StateError).code;

describe('bridgedState of another host', () => {
  let remote: RemoteState | undefined;
  afterEach(async () => {
    await remote?.stop();
    remote = undefined;
  });
  const start = async (...args: Parameters<typeof startRemoteState>) => {
    remote = await startRemoteState(...args);
    return remote;
  };

  it('refuses what is no host, no token, or readable on the way', () => {
    const refused = (options: Partial<RemoteStateOptions>) => {
      try {
        bridgedState({ url: 'http://127.0.0.1:1', token: hostToken, ...options });
      } catch (error) {
        return (error as SpecError).message;
      }
      return 'taken';
    };
    for (const url of [
      '',
      'localhost:1',
      'ftp://localhost',
      'http://localhost/path',
      'http://me@localhost',
      7 as never,
    ])
      expect(refused({ url })).to.include('invalid_url');
    expect(refused({ url: 'http://example.com:80' })).to.include('plain_text');
    expect(refused({ url: 'http://example.com:80', insecure: true })).to.equal('taken');
    expect(refused({ url: 'https://example.com' })).to.equal('taken');
    expect(refused({ token: undefined as never })).to.include('invalid_token');
    expect(refused({ url: 'https://example.com', tls: { ca: 'nowhere.pem' } })).to.include('invalid_tls.ca');
    expect(refused({ url: 'https://example.com', tls: { cert: 'alone.pem' } })).to.include('cert and key go together');
  });

  it('needs a token with the scope operate, and asks for the one of now at each request', async () => {
    const weak = 'a-token-that-may-do-all-but-operate-1';
    const tokens = [
      { name: 'other', token: hostToken, scopes: ['operate'] },
      { name: 'weak', token: weak, scopes: ['call', 'read', 'write'] },
    ] as const;
    let token = 'a-token-that-nobody-has-ever-given-out';
    const { provider, wire } = await start({}, { tokens, remote: { token: () => token } });
    expect(await codeOf(provider.open('s'))).to.equal('unauthenticated');
    token = weak;
    expect(await rejection(provider.open('s')))
      .to.be.instanceOf(AuthError)
      .and.to.include({ code: 'permission_denied' });
    token = hostToken;
    const session = await provider.open('s');
    token = weak;
    wire.reset();
    expect(await codeOf(session.watch().next())).to.equal('permission_denied');
    expect(await codeOf(session.read())).to.equal('permission_denied');
  });

  it('keeps to the sessions that its token is for', async () => {
    const tokens = [{ name: 'other', token: hostToken, scopes: ['operate'], sessions: { prefix: 'mine-' } }] as const;
    const { provider, there } = await start({}, { tokens });
    const here = bridgedHere().connect(there.host);
    await here.open('theirs');
    await provider.open('mine-1');
    expect(await codeOf(provider.open('theirs'))).to.equal('permission_denied');
    expect(await codeOf(provider.find('theirs'))).to.equal('permission_denied');
    const content = await (await here.find('theirs')).export();
    expect(await codeOf(provider.import(content))).to.equal('permission_denied');
    expect((await provider.list()).sessionIds).to.deep.equal(['mine-1']);
    expect((await provider.list({ prefix: 'mine-1' })).sessionIds).to.deep.equal(['mine-1']);
    expect(await codeOf(provider.list({ prefix: 'their' }))).to.equal('invalid');
  });

  it('says what is there instead when that is no host of ours, and that nobody is there', async () => {
    const net = createServer((socket) => socket.resume().end('HTTP/1.0 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => net.listen(0, '127.0.0.1', resolve));
    const { port } = net.address() as { port: number };
    const here = await startState();
    const provider = bridgedState({ url: `http://127.0.0.1:${port}`, token: hostToken }).connect(here.host);
    expect(await codeOf(provider.open('s', { timeoutMs: 100 }))).to.equal('unavailable');
    await new Promise((resolve) => net.close(resolve));
    const error = (await rejection(provider.open('s', { timeoutMs: 100 }))) as StateError;
    expect(error).to.include({ code: 'unavailable' });
    expect((error.cause as Error).message)
      .to.include(`http://127.0.0.1:${port}`)
      .and.to.include('ECONNREFUSED');
    await here.stop();
    // With its system it ends.
    expect(await codeOf(provider.open('s'))).to.equal('actor_down');
  });

  it('names a host that has no state for others: an older one, or none of ours', async () => {
    const app = createHttp2((_, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '12', 'grpc-message': 'what?' });
      response.end();
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(app.address() as { port: number }).port}`;
    const here = await startState();
    const session = bridgedState({ url, token: hostToken }).connect(here.host).open('s');
    const error = await rejection(session);
    expect(error).to.be.instanceOf(ProtocolError);
    expect(error.message).to.include(url).and.to.include('StateService');
    await here.stop();
    await new Promise((resolve) => app.close(resolve));
  });

  it('carries a session to the other host and back, the same in all that it has', async () => {
    const { provider, here, there } = await start();
    const mine = bridgedHere().connect(here.host);
    const begun = await mine.open('m');
    await begun.commit({ declare: { a: integer(), note: string({ secret: true }), more: json() } });
    await begun.commit({ set: { a: 1, note: 'hidden', more: { deep: [1, null, { x: 'ß' }] } }, idempotencyKey: 'k' });
    await begun.commit({ remove: ['a'] });
    const content = await begun.export();
    const moved = await moveSession(begun, provider);
    expect(await moved.export()).to.deep.equal(content);
    expect(await codeOf(begun.read())).to.equal('not_found');
    expect((await bridgedHere().connect(there.host).find('m')).id).to.equal('m');
    const back = await moveSession(moved, mine);
    expect(await back.export()).to.deep.equal(content);
    expect(await codeOf(moved.read())).to.equal('not_found');
  });

  it('takes a session of more than one message of other clients, in and out', async function () {
    this.timeout(60_000);
    const { provider } = await start();
    const session = await provider.open('large');
    const part = 'x'.repeat(9 * 1024 * 1024);
    const timeoutMs = 15_000;
    await session.commit({ declare: { a: string({ default: '' }), b: string({ default: '' }) } });
    await session.commit({ set: { a: part, b: part } }, { timeoutMs });
    const content = await session.export({ timeoutMs });
    await session.close();
    const again = await provider.import(content, { timeoutMs });
    expect((await again.read(['b'], { timeoutMs })).variables[0]?.value).to.equal(part);
    expect(await again.export({ timeoutMs })).to.deep.equal(content);
  });

  it('has each watch go on where it was, whatever is cut, and tells each commit once', async () => {
    const { provider, wire, there, killPort } = await start();
    const sessions: StateSession[] = [];
    for (let n = 0; n < 8; n += 1) sessions.push(await provider.open(`s${n}`));
    for (const session of sessions) await session.commit({ declare: { a: integer() } });
    const count = 30;
    const follow = async (session: StateSession): Promise<number[]> => {
      const seen: number[] = [];
      for await (const event of session.watch({ from: 1 })) {
        seen.push(revisionOf(event));
        if (seen.at(-1) === count + 1) break;
      }
      return seen;
    };
    const following = Promise.all(sessions.map(follow));
    for (let a = 1; a <= count; a += 1) {
      if (a % 10 === 0) wire.reset();
      if (a === 15) killPort();
      if (a === 25) there.kill(there.names.observers.path);
      await Promise.all(sessions.map((session) => session.commit({ set: { a } })));
    }
    const whole = Array.from({ length: count }, (_, n) => n + 2);
    for (const seen of await following) expect(seen).to.deep.equal(whole);
  });

  it('sends a commit whose answer was lost again, and has it once', async () => {
    const { provider, wire, there } = await start();
    const session = await provider.open('s');
    await session.commit({ declare: { a: integer() } });
    // It arrives; what is answered does not.
    wire.toClient.inject({ stall: true });
    const committing = session.commit({ set: { a: 1 } });
    const asThere = await bridgedHere().connect(there.host).find('s');
    for await (const event of asThere.watch({ from: 1 })) if (revisionOf(event) === 2) break;
    wire.toClient.heal();
    wire.reset();
    expect(await committing).to.include({ revision: 2 });
    expect((await session.read()).revision).to.equal(2);
  });

  it('refuses what is sent again when nobody knows any more whether it was done', async () => {
    const { provider } = await start({ limits: { outcomesMax: 2 } });
    const session = await provider.open('s');
    const { epoch, revision } = await session.commit({ declare: { a: integer() } });
    const since = { epoch, revision };
    await session.commit({ set: { a: 1 }, idempotencyKey: 'first' });
    expect(await session.commit({ set: { a: 1 }, idempotencyKey: 'first', since })).to.include({ revision: 2 });
    for (const key of ['x', 'y', 'z']) await session.commit({ set: { a: 2 }, idempotencyKey: key });
    expect(await codeOf(session.commit({ set: { a: 1 }, idempotencyKey: 'first', since }))).to.equal('compacted');
    expect(await codeOf(session.commit({ set: { a: 1 }, since }))).to.equal('invalid');
    expect((await session.read()).revision).to.equal(5);
  });

  describe('over TLS', () => {
    let made: Certificates | undefined;
    before(function () {
      needs(this, hasOpenssl(), 'openssl');
      made = makeCertificates();
    });
    after(() => made?.[Symbol.dispose]());

    it('takes the host that its authority vouches for, shows its own certificate, and takes no other', async () => {
      const { ca, host, worker, stranger } = made as Certificates;
      const tls = { ...host, clientCa: ca };
      const tokens = [{ name: 'other', token: hostToken, scopes: ['operate'] }] as const;
      const there = await startState({}, { services: { port: 0, tokens, tls } });
      const here = await startState();
      const url = `https://127.0.0.1:${await there.port()}`;
      const opened = (client: RemoteStateOptions['tls']) =>
        bridgedState({ url, token: hostToken, ...(client === undefined ? {} : { tls: client }) })
          .connect(here.host)
          .open('s', { timeoutMs: 1_000 });
      expect((await opened({ ca, ...worker })).id).to.equal('s');
      expect(await codeOf(opened({ ca: stranger.ca, ...worker }))).to.equal('unavailable');
      expect(await codeOf(opened({ ca }))).to.equal('unavailable');
      await here.stop();
      await there.stop();
    });
  });
});

const revisionOf = (event: WatchEvent): number =>
  event.type === 'snapshot' ? event.snapshot.revision : event.commit.revision;
