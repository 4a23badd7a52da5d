import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { equalValues } from '../../actors/state/index.ts';
import { TransferRequestSchema } from '../../bridge/transport/gen/workers_pb.js';
import { grpcListen } from '../../bridge/transport/index.ts';
import {
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  startSupervisor,
  type Value,
  WorkerLostError,
} from '../../index.ts';
import { rejection, startProxy } from '../../testing/index.ts';
import { RemoteWorker } from '../helpers/remote-worker.ts';
import { spilledFiles } from '../helpers/spilled-files.ts';

const mib = 1024 * 1024;
const large = new Uint8Array(17 * mib).map((_, at) => at * 31);

const echo = pythonTool<{ value: unknown }, Value>('echo');
const look = pythonTool<{ data: Uint8Array }, { size: number; readonly: boolean; copied: boolean }>('look');
const blobs = pythonStream<{ sizes: number[] }, Uint8Array>('blobs');
const ask = pythonTool<{ size: number }, { answered: boolean; items: boolean[] }>('ask');

/** A host with one pool, of workers that join. */
async function startHost() {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
  const tokenFile = join(folder, 'join');
  const remote = { max: 2, tokenFile };
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        links: { listenForJoins: grpcListen({ on: 'tcp' }) },
        pools: { default: python({ module: 'large_tools', size: 0, remote }) },
      }),
    },
  });
  let address: string | undefined;
  while (address === undefined) address = await app.children.ophion.joinAddress();
  return {
    port: Number(address.split(':').at(-1)),
    pool: app.children.ophion.pools.default,
    open: () => openContext(app.children.ophion),
    join: (target: string) =>
      new RemoteWorker(['--join', `http://${target}`, '--token-file', tokenFile], { module: 'large_tools' }),
    async [Symbol.asyncDispose]() {
      await app.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Proxy = Awaited<ReturnType<typeof startProxy>>;

/** Resolves when so many bytes have passed on one connection. */
async function passed(proxy: Proxy, way: 'toServer' | 'toClient', bytes: number): Promise<void> {
  while (!proxy.connections.some((one) => one[way].passedBytes > bytes)) await new Promise(setImmediate);
}

describe('a payload above what goes in frames, to a worker that joined from elsewhere', function () {
  this.timeout(120_000);
  afterEach(() => expect(spilledFiles()).to.deep.equal([]));

  it('goes beside its stream, both ways', async () => {
    await using host = await startHost();
    await using _worker = host.join(`127.0.0.1:${host.port}`);
    await host.pool.ready();
    await using context = await host.open();
    const value = { a: [large], text: 'x'.repeat(mib) };
    expect(equalValues(await context.call(echo, { value }), value)).to.equal(true);
    expect(await context.call(look, { data: large })).to.deep.equal({
      size: large.length,
      readonly: true,
      copied: false,
    });
    const items: number[] = [];
    for await (const { length } of context.stream(blobs, { sizes: [17 * mib, 3] })) items.push(length);
    expect(items).to.deep.equal([17 * mib, 3]);
    await context.expose({
      back: ({ data }: { data: Uint8Array }) => data,
      async *back_in_items({ data }: { data: Uint8Array }) {
        yield data;
      },
    });
    expect(await context.call(ask, { size: 17 * mib })).to.deep.equal({ answered: true, items: [true] });
  });

  for (const way of ['toServer', 'toClient'] as const) {
    it(`goes on where it was when its connection is cut in the middle (${way})`, async () => {
      await using host = await startHost();
      await using proxy = await startProxy({ upstream: { port: host.port } });
      await using _worker = host.join(proxy.target);
      const [before] = (await host.pool.ready()).workers;
      await using context = await host.open();
      await context.call(echo, { value: 1 });
      const done = context.call(echo, { value: large });
      for (let cuts = 1; cuts <= 2; cuts += 1) {
        await passed(proxy, way, 3 * mib);
        proxy.reset();
      }
      expect(equalValues(await done, large)).to.equal(true);
      expect((await host.pool.status()).workers[0]?.osPid).to.equal(before?.osPid);
    });
  }

  it('is lost with its worker when it cannot go on, not started', async () => {
    await using host = await startHost();
    await using proxy = await startProxy({ upstream: { port: host.port } });
    await using worker = host.join(proxy.target);
    await host.pool.ready();
    await using context = await host.open();
    await context.call(echo, { value: 1 });
    const lost = rejection(context.call(echo, { value: large }, { maxAttempts: 1 }));
    await passed(proxy, 'toClient', mib);
    proxy.toClient.inject({ stall: true });
    worker.child.kill('SIGKILL');
    expect(await lost)
      .to.be.instanceOf(WorkerLostError)
      .with.property('outcome', 'not_started');
  });

  it('is given to nobody without the token of its worker', async () => {
    await using host = await startHost();
    await using _worker = host.join(`127.0.0.1:${host.port}`);
    const { workers } = await host.pool.ready();
    const client = new Client(`127.0.0.1:${host.port}`, credentials.createInsecure());
    const workerId = workers[0]?.pid.path as string;
    for (const body of [
      { case: 'hello', value: { workerId, incarnation: 1, token: 'f'.repeat(32) } },
      { case: 'hello', value: { workerId: 'nobody', incarnation: 1, token: '' } },
      { case: 'dropped', value: { transfer: 1n } },
    ] as const) {
      const call = client.makeBidiStreamRequest(
        '/ophion.v1.WorkerService/Transfer',
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => bytes,
      );
      call.write(toBinary(TransferRequestSchema, create(TransferRequestSchema, { body })));
      const error = await new Promise<{ code?: number }>((resolve) => call.on('error', resolve));
      expect(error.code).to.equal(status.UNAUTHENTICATED);
    }
    client.close();
  });
});
