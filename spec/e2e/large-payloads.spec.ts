import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { equalValues } from '../../actors/state/index.ts';
import {
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  StateError,
  Tensor,
  type Value,
  WorkerLostError,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';
import { Signal } from '../helpers/signal.ts';
import { spilledFiles } from '../helpers/spilled-files.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const mib = 1024 * 1024;
const large = new Uint8Array(randomBytes(17 * mib));

const echo = pythonTool<{ value: unknown }, Value>('echo');
const echoAsync = pythonTool<{ value: unknown }, Value>('echo_async');
const digest = pythonTool<{ data: Uint8Array }, string>('digest');
const look = pythonTool<{ data: Uint8Array }, { size: number; readonly: boolean; copied: boolean }>('look');
const total = pythonTool<{ array: Tensor }, { total: number; dtype: string; writeable: boolean }>('total');
const ones = pythonTool<{ shape: number[] }, Tensor>('ones');
const blobs = pythonStream<{ sizes: number[] }, Uint8Array>('blobs');
const blobsAsync = pythonStream<{ sizes: number[] }, Uint8Array>('blobs_async');
const ask = pythonTool<{ size: number }, { answered: boolean; items: boolean[] }>('ask');
const askAsync = pythonTool<{ size: number }, boolean>('ask_async');
const hold = pythonTool<{ data: Uint8Array }, null>('hold');

const pool = () => python({ module: 'large_tools', pythonPath: [fixtures], size: 1, capacity: 4 });

for (const carrier of ['grpc', 'unix'] as const) {
  describe(`a payload above what goes in frames, over ${carrier}`, function () {
    this.timeout(120_000);
    const system = useSystem(() => ophion({ links: { carrier }, pools: { default: pool() } }));
    afterEach(() => expect(spilledFiles()).to.deep.equal([]));

    it('crosses both ways, whatever it is in, to sync and to async tools', async () => {
      await using context = await openContext(system.current);
      const nested = { a: [large, { b: new Uint8Array([1, 2]) }], c: large.subarray(0, 70_000) };
      for (const value of [nested, 'é'.repeat(9 * mib)])
        expect(equalValues(await context.call(echo, { value }), value)).to.equal(true);
      expect(equalValues(await context.call(echoAsync, { value: large }), large)).to.equal(true);
    });

    it('is bytes for who asks for bytes, and else a read-only view of where it lies', async () => {
      await using context = await openContext(system.current);
      const sum = createHash('sha256').update(large).digest('hex');
      expect(await context.call(digest, { data: large })).to.equal(sum);
      expect(await context.call(look, { data: large })).to.deep.equal({
        size: large.length,
        readonly: true,
        copied: false,
      });
      const array = new Tensor('float32', [5, mib], new Uint8Array(new Float32Array(5 * mib).fill(0.5).buffer));
      expect(await context.call(total, { array })).to.deep.equal({
        total: 2.5 * mib,
        dtype: 'float32',
        writeable: false,
      });
      const answered = await context.call(ones, { shape: [6, mib] });
      expect([answered.dtype, answered.shape, answered.byteLength]).to.deep.equal(['float32', [6, mib], 24 * mib]);
      expect(new Float32Array(answered.data.buffer).every((one) => one === 1)).to.equal(true);
    });

    it('is an item of a stream as well, in its order', async () => {
      await using context = await openContext(system.current);
      const sizes = [17 * mib, 10, 18 * mib, 17 * mib, 5];
      for (const tool of [blobs, blobsAsync]) {
        const items: [number, number][] = [];
        for await (const item of context.stream(tool, { sizes })) items.push([item[0] as number, item.length]);
        expect(items).to.deep.equal(sizes.map((size, number) => [number, size]));
      }
    });

    it('goes to TypeScript tools and comes back from them', async () => {
      await using context = await openContext(system.current);
      await context.expose({
        back: ({ data }: { data: Uint8Array }) => data,
        async *back_in_items({ data }: { data: Uint8Array }) {
          yield data;
          yield data;
        },
      });
      expect(await context.call(ask, { size: 17 * mib })).to.deep.equal({ answered: true, items: [true, true] });
      expect(await context.call(askAsync, { size: 17 * mib })).to.equal(true);
    });

    it('is lost with its worker, outcome unknown, and leaves no file', async () => {
      await using context = await openContext(system.current);
      const runs = new Signal();
      let started = 0;
      await context.expose({
        started: () => {
          started += 1;
          runs.fire();
        },
      });
      const lost = rejection(context.call(hold, { data: large }));
      await runs.until(() => started === 1);
      const [worker] = (await system.current.pools.default.status()).workers;
      process.kill(worker?.osPid as number, 'SIGKILL');
      const error = await lost;
      expect(error).to.be.instanceOf(WorkerLostError).with.property('outcome', 'unknown');
      await system.current.pools.default.ready();
    });
  });
}

describe('a payload above the limit', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ links: { limits: { maxPayloadBytes: 24 * mib } }, pools: { default: pool() } }),
  );

  it('is refused before anything is sent, in both directions, and the worker goes on', async () => {
    await using context = await openContext(system.current);
    const data = new Uint8Array(25 * mib);
    const refused = await rejection(context.call(digest, { data }));
    expect(refused).to.be.instanceOf(StateError).with.property('code', 'too_large');
    const { osPid } = (await system.current.pools.default.ready()).workers[0] as { osPid: number };
    const answer = await rejection(context.call(ones, { shape: [7, mib] }));
    expect(answer).to.be.instanceOf(StateError).with.property('code', 'too_large');
    expect((await context.call(ones, { shape: [5, mib] })).byteLength).to.equal(20 * mib);
    expect((await system.current.pools.default.status()).workers[0]).to.include({ osPid });
    expect(spilledFiles()).to.deep.equal([]);
  });
});
