import { request } from 'node:http';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { reply, server } from '../../../index.ts';
import { useDevtools } from '../../helpers/use-devtools.ts';

const counter = server({ init: () => 0, call: { value: (count) => reply(count, count) } });

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

/** `open`, or the status with which the socket was refused. */
function dial(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    socket.on('open', () => socket.close());
    socket.on('close', () => resolve('open'));
    socket.on('unexpected-response', (_request, response) => {
      resolve(String(response.statusCode));
      socket.terminate();
    });
    socket.on('error', (error) => {
      if (!String(error).includes('closed before')) reject(error);
    });
  });
}

describe('the doors of the dev tools', () => {
  const test = useDevtools(() => ({ counter }));
  const url = () => test.devtools.url as string;
  const socketUrl = () => `${url().replace('http', 'ws')}/ws`;

  async function signedIn(): Promise<string> {
    const { headers } = await get(test.devtools.newLink() as string);
    const [cookie = ''] = headers['set-cookie'] as string[];
    return cookie.split(';')[0] as string;
  }

  it('open the page for who brings a code, once, by a cookie that no script reads', async () => {
    const link = test.devtools.newLink() as string;
    const first = await get(link);
    expect(first.status).to.equal(303);
    expect(first.headers.location).to.equal('/');
    expect((first.headers['set-cookie'] as string[])[0]).to.match(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect((await get(link)).status).to.equal(401);
  });

  it('answer 401 to who brings nothing, a wrong code or a wrong token', async () => {
    expect((await get(url())).status).to.equal(401);
    expect((await get(`${url()}/?code=${'0'.repeat(32)}`)).status).to.equal(401);
    expect((await get(url(), { authorization: 'Bearer wrong' })).status).to.equal(401);
    expect((await get(`${url()}/metrics`)).status).to.equal(401);
  });

  it('refuse a name that is not theirs, as of a page that points it here', async () => {
    const token = { authorization: `Bearer ${test.devtools.token}` };
    expect((await get(url(), { ...token, host: 'evil.example' })).status).to.equal(403);
    expect(await dial(socketUrl(), { ...token, host: 'evil.example' })).to.equal('403');
  });

  it('refuse pages of other sites, also with the cookie', async () => {
    const cookie = await signedIn();
    expect(await dial(socketUrl(), { cookie, origin: 'http://evil.example' })).to.equal('403');
    expect(await dial(socketUrl(), { cookie, origin: url() })).to.equal('open');
  });

  it('take a socket with the token or the cookie alone', async () => {
    expect(await dial(socketUrl(), {})).to.equal('401');
    expect(await dial(socketUrl(), { authorization: 'Bearer wrong' })).to.equal('401');
    expect(await dial(socketUrl(), { authorization: `Bearer ${test.devtools.token}` })).to.equal('open');
  });

  it('send what they serve with headers that let nothing else run', async () => {
    const { headers } = await get(url(), { cookie: await signedIn() });
    expect(headers['content-security-policy']).to.include("default-src 'none'");
    expect(headers['x-content-type-options']).to.equal('nosniff');
  });

  it('serve nothing but the files of the page', async () => {
    const cookie = await signedIn();
    for (const path of ['/../package.json', '/..%2f..%2fpackage.json', '/index.ts', '/%00.html']) {
      expect((await get(`${url()}${path}`, { cookie })).status, path).to.equal(404);
    }
  });

  it('give metrics to who brings the token', async () => {
    const { status, text } = await get(`${url()}/metrics`, { authorization: `Bearer ${test.devtools.token}` });
    expect(status).to.equal(200);
    expect(text).to.match(/# EOF\n$/);
    expect(text).to.include('ophion_actors');
  });

  it('hold no token in what the page is told, nor in its address', async () => {
    const viewer = await test.connect();
    expect(JSON.stringify(viewer.hello)).to.not.include(test.devtools.token);
    expect(test.devtools.newLink()).to.not.include(test.devtools.token);
  });

  it('are gone when the system has ended', async () => {
    const address = url();
    await test.app.stop();
    await test.devtools.stop();
    const refused = await get(address).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).to.equal('ECONNREFUSED');
  });
});

describe('what viewers may do', () => {
  const test = useDevtools(() => ({ counter }));

  it('is nothing unless it is enabled, and what was asked for stands in the audit', async () => {
    const { viewer } = await test.connect();
    const refused = await viewer
      .act({ do: 'kill', path: 'app/counter' })
      .catch((error: { code: string }) => error.code);
    expect(refused).to.equal('disabled');
    expect(test.app.children.counter.pid?.incarnation).to.equal(1);
    const { rows } = await viewer.get({ view: 'audit' });
    expect(rows.map(([, { action, target, outcome }]) => [action, target, outcome])).to.deep.equal([
      ['kill', 'app/counter', 'disabled'],
    ]);
  });

  it('may be some of it', async () => {
    const { viewer } = await test.connect();
    expect(viewer.hello?.scopes).to.deep.equal(['read']);
  });
});
