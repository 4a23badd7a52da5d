import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { nodeRuntime, type Runtime } from '../../../actors/core/index.ts';
import { type PublicInput, publicListener } from '../../../bridge/transport/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

const answer: PublicInput['serve'] = () => (request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.end(`HTTP/${request.httpVersion} ${request.url}`);
};

async function start(options: Partial<PublicInput> = {}, runtime: Partial<Runtime> = {}) {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {}, ...runtime }),
    children: { public: { logic: publicListener, input: { port: 0, serve: answer, graceMs: 100, ...options } } },
  });
  const { port, url } = await app.children.public.call('address', { timeoutMs: Number.POSITIVE_INFINITY });
  const sockets: Socket[] = [];
  const open = () =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(socket));
      socket.once('error', reject);
      sockets.push(socket);
    });
  return {
    app,
    url,
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await app.stop();
    },
  };
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve()).resume();
  });
const heard = (socket: Socket, enough: RegExp) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (enough.test(text)) resolve(text);
    });
    socket.once('close', () => reject(new Error(`closed after: ${text}`)));
  });

/** One request over HTTP/2. */
const get2 = (url: string, path: string) =>
  new Promise<string>((resolve, reject) => {
    const session = connectHttp2(url);
    session.once('error', reject);
    const stream = session.request({ ':path': path });
    let text = '';
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
    stream.on('end', () => {
      session.close();
      resolve(text);
    });
    stream.once('error', reject);
    stream.end();
  });

describe('the public listener', () => {
  it('speaks HTTP/1.1 and HTTP/2 on one port', async () => {
    await using t = await start();
    expect(await (await fetch(`${t.url}/a`)).text()).to.equal('HTTP/1.1 /a');
    expect(await get2(t.url, '/b')).to.equal('HTTP/2.0 /b');
  });

  it('knows what is spoken however the first bytes are cut', async () => {
    await using t = await start();
    for (const request of [
      'GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n',
      'POST /p HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n',
    ]) {
      const socket = await t.open();
      socket.setNoDelay(true);
      const reply = heard(socket, /HTTP\/1\.1 \/(slow|p)/);
      for (const byte of request.slice(0, 6)) {
        socket.write(byte);
        await new Promise(setImmediate);
      }
      socket.write(request.slice(6));
      expect(await reply).to.match(/^HTTP\/1\.1 200 OK/);
    }
    const socket = await t.open();
    // A server's SETTINGS: a frame of type 4 on stream 0.
    const settings = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      socket.write(byte);
      await new Promise(setImmediate);
    }
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    expect((await settings)[3]).to.equal(4);
  });

  it('closes a connection that says nothing, or not enough', async () => {
    const clock = new ManualClock();
    await using t = await start({}, { clock });
    const silent = await t.open();
    const half = await t.open();
    half.write('PR');
    const headless = await t.open();
    headless.write('GET / HTTP/1.1\r\nhost: loc');
    const kept = await t.open();
    const reply = heard(kept, /HTTP\/1\.1 \/kept/);
    kept.write('GET /kept HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const all = Promise.all([silent, half, headless, kept].map(closed));
    await reply;
    // The server has seen them all when it answers another.
    await get2(t.url, '/');
    clock.advance(5_000);
    await all;
  });

  it('closes connections above its limit', async () => {
    await using t = await start({ maxConnections: 1 });
    const first = await t.open();
    const second = await t.open();
    await closed(second);
    const reply = heard(first, /HTTP\/1\.1 \/x/);
    first.write('GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(await reply).to.include('200 OK');
  });

  it('survives bytes that are no HTTP', async () => {
    await using t = await start();
    for (const noise of [
      '\u0000\u0001\u0002',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame',
      'GET\r\n\r\n',
      'x'.repeat(100_000),
    ]) {
      const socket = await t.open();
      socket.on('error', () => {});
      const end = closed(socket);
      socket.write(noise);
      await end;
    }
    expect(await get2(t.url, '/still')).to.equal('HTTP/2.0 /still');
  });

  it('closes a connection over HTTP/2 that broke the protocol, and keeps one that is idle', async () => {
    const clock = new ManualClock();
    await using t = await start({ aliveMs: 10_000 }, { clock });
    const idle = connectHttp2(t.url);
    const pings = { count: 0, changed: () => {} };
    idle.on('ping', () => {
      pings.count += 1;
      pings.changed();
    });
    const pinged = (count: number) =>
      new Promise<void>((resolve) => {
        pings.changed = () => void (pings.count >= count && resolve());
        pings.changed();
      });
    const broken = await t.open();
    const greeted = new Promise((resolve) => broken.once('data', resolve));
    // Preface and SETTINGS, then a DATA frame for a stream that was never opened.
    broken.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    broken.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 65]));
    await greeted;
    const end = closed(broken);
    for (let asked = 1; asked <= 3; asked += 1) {
      await pinged(asked);
      // The answer has come by then.
      await get2(t.url, '/');
      await get2(t.url, '/');
      clock.advance(10_000);
    }
    await end;
    expect(idle.destroyed).to.equal(false);
    const stream = idle.request({ ':path': '/later' });
    await new Promise((resolve) => stream.once('response', resolve));
    idle.destroy();
  });

  it('leaves no socket when it is killed', async () => {
    const t = await start();
    const socket = await t.open();
    const end = closed(socket);
    await (await fetch(t.url)).text();
    t.app.children.public.process?.kill();
    await end;
    await t.app.stop();
  });

  it('lets a running request end, and cuts off one that does not', async () => {
    let quick: () => void = () => {};
    let begun = 0;
    const t = await start({
      serve: () => (request, response) => {
        begun += 1;
        if (request.url === '/quick') quick = () => response.end('done');
      },
    });
    const quickReply = fetch(`${t.url}/quick`).then((response) => response.text());
    const slowReply = fetch(`${t.url}/slow`).then(
      () => 'answered',
      () => 'cut off',
    );
    while (begun < 2) await new Promise(setImmediate);
    const stopped = t.app.stop();
    quick();
    expect(await quickReply).to.equal('done');
    expect(await slowReply).to.equal('cut off');
    await stopped;
  });
});
