import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { ConnectError, type ConnectOptions, connectDevtools, listRunFiles } from '../../../devtools/client/index.ts';
import type { HostMessage, ViewerMessage } from '../../../devtools/protocol/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { ScriptedHost, type ScriptedHostOptions } from '../../helpers/scripted-host.ts';
import { useFolder } from '../../helpers/use-folder.ts';

describe('connectDevtools', () => {
  const path = useFolder();
  const folder = () => path('run');
  const env = () => ({ OPHION_RUN_DIR: folder() });
  let hosts: ScriptedHost[] = [];
  afterEach(async () => {
    for (const host of hosts) await host.stop();
    hosts = [];
  });
  const start = async (options: Partial<ScriptedHostOptions> = {}) => {
    const host = await ScriptedHost.start({ folder: folder(), ...options });
    hosts.push(host);
    return host;
  };
  const refused = async (options: ConnectOptions = {}) => {
    const error = await rejection(connectDevtools({ env: env(), timeoutMs: 2_000, ...options }));
    expect(error).to.be.instanceOf(ConnectError);
    return error as ConnectError;
  };
  const answers = (message: ViewerMessage): HostMessage[] =>
    'get' in message ? [{ id: message.id, result: { head: null, rows: [], total: 7 } }] : [];

  it('finds the one system that runs, by its run file, and asks it', async () => {
    await start({ answer: answers });
    await using connection = await connectDevtools({ env: env() });
    expect(connection.hello.name).to.equal('app');
    expect((await connection.viewer.get({ view: 'workers' })).total).to.equal(7);
  });

  it('connects to an address with a token, given or from the environment', async () => {
    const { url } = await start();
    await using given = await connectDevtools({ url, token: 'secret', env: {} });
    await using found = await connectDevtools({ url: `${url}/`, env: { OPHION_TOKEN: 'secret' } });
    expect([given.hello.run, found.hello.run]).to.deep.equal(['r1', 'r1']);
  });

  it('says when no system runs, and how to turn its dev tools on', async () => {
    const error = await refused();
    expect(error.code).to.equal('no_system');
    expect(error.message).to.match(/no system runs here with its dev tools on .*startDevtools/);
  });

  it('lists the systems when several run, and takes one by name', async () => {
    await start();
    await start({ name: 'other' });
    const error = await refused();
    expect(error.code).to.equal('several_systems');
    expect(error.message)
      .to.include(`--name app --pid ${process.pid}`)
      .and.include(`--name other --pid ${process.pid}`);
    await using connection = await connectDevtools({ env: env(), name: 'other', pid: process.pid });
    expect(connection.hello.name).to.equal('other');
  });

  it('lists what runs when none has that name', async () => {
    await start();
    const error = await refused({ name: 'else' });
    expect(error.code).to.equal('no_system');
    expect(error.message).to.equal(`no system named else runs; there are:\n  --name app --pid ${process.pid}`);
  });

  it('says that a token was refused', async () => {
    const { url } = await start();
    expect((await refused({ token: 'wrong' })).code).to.equal('refused');
    expect((await refused({ url, token: 'wrong' })).message).to.include(`${url} refused the token`);
  });

  it('says that a URL is none, or lacks its token', async () => {
    expect((await refused({ url: 'nonsense' })).code).to.equal('usage');
    expect((await refused({ url: 'http://127.0.0.1:1' })).message).to.include(
      'needs a token: --token, or OPHION_TOKEN',
    );
  });

  it('refuses another major version, and says which speaks which', async () => {
    await start({ hello: { version: '2.3', ophion: '9.0.0' } });
    const error = await refused();
    expect(error.code).to.equal('version');
    expect(error.message).to.include('speaks version 2.3').and.include('(ophion 9.0.0), this command 1.0');
  });

  it('gives up on a host that does not greet', async () => {
    await start({ greeting: null });
    const error = await refused({ timeoutMs: 100 });
    expect([error.code, error.message]).to.deep.equal([
      'gone',
      `app (process ${process.pid}) does not answer within 100 ms`,
    ]);
  });

  it('gives up on a host that speaks something else', async () => {
    await start({ greeting: 'hello?' });
    const error = await refused();
    expect(error.code).to.equal('gone');
    expect(error.message).to.include('does not speak the protocol');
  });

  it('sweeps the run file of a process whose number is of another by now', async () => {
    const [host] = [await start()];
    await host.stop({ leavesRunFile: true });
    hosts = [];
    const [left] = listRunFiles(folder()).systems;
    expect((await refused()).code).to.equal('gone');
    expect(existsSync(left?.file ?? '')).to.equal(false);
    expect((await refused()).code).to.equal('no_system');
  });

  it('is over when the system goes, and fails what was asked', async () => {
    const host = await start();
    await using connection = await connectDevtools({ env: env() });
    const asked = rejection(connection.viewer.get({ view: 'workers' }));
    host.cut();
    expect((await asked).message).to.match(/closed/);
    expect((await connection.ended)?.code).to.equal('gone');
  });

  it('connects again when it is told to, and resumes what it follows', async () => {
    let resumed = (_after: number | undefined) => {};
    const isResumed = new Promise<number | undefined>((resolve) => {
      resumed = resolve;
    });
    const host = await start({
      answer: (message) => {
        if (!('watch' in message)) return [];
        if (message.after === undefined)
          return [{ id: message.id, n: 5, snapshot: { head: null, rows: [], total: 1 } }];
        resumed(message.after);
        return [];
      },
    });
    const news: string[] = [];
    await using connection = await connectDevtools({
      env: env(),
      reconnect: true,
      changed: ({ state }) => news.push(state),
    });
    await new Promise<void>((resolve) => connection.viewer.watch({ view: 'workers' }, () => resolve()));
    host.cut();
    expect(await isResumed).to.equal(5);
    expect(news).to.deep.equal(['lost', 'back']);
    connection.close();
    expect(await connection.ended).to.equal(undefined);
  });

  it('gives up when the system does not come back', async () => {
    const host = await start();
    await using connection = await connectDevtools({ env: env(), reconnect: true, reconnectMs: 150 });
    await host.stop();
    hosts = [];
    const error = await connection.ended;
    expect(error?.code).to.equal('gone');
    expect(error?.message).to.include('app is gone and did not come back: no system runs here');
  });
});
