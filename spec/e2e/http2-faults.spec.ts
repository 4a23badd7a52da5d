/**
 * What happens to the HTTP/2 connections of workers and of clients of the public port, on a live system: each frame goes
 * through a proxy that may lose or hold it, or end a stream or the connection in its place.
 */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { launch } from '../../actors/worker/index.ts';
import { ToolService } from '../../bridge/protocol/gen/tools_pb.js';
import { decodeValue, encodeMap } from '../../bridge/protocol/index.ts';
import { openContext, ophion, python } from '../../index.ts';
import { catalogue, faultyWire, rejection, rules, startProxy } from '../../testing/index.ts';
import { count, look, run } from '../helpers/fault-bench.ts';
import { fixtures } from '../helpers/tool-system.ts';
import { useFolder } from '../helpers/use-folder.ts';
import type { World } from '../testing/faults/both-worlds.ts';
import { showsLive } from '../testing/faults/shows.ts';

const codes = [
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

const token = 'a-token-that-is-long-enough-to-be-one';

/** A system whose worker and whose client both go through a proxy that passes each frame by the plans of the world. */
const throughProxies =
  (test: (at: Awaited<ReturnType<typeof start>>) => Promise<void>, file: () => string) =>
  async (world: World): Promise<void> => {
    await using wire = faultyWire({ faults: world.doors, name: 'workers' });
    const at = await start(world, wire, file());
    await using proxy = await startProxy({ upstream: { port: at.port }, faults: world.doors, name: 'clients' });
    at.baseUrl = `http://${proxy.target}`;
    await test(at);
    world.doors.set.stopAll();
    await at.context.close();
    await at.app.stop();
  };

async function start(world: World, wire: ReturnType<typeof faultyWire>, file: string) {
  const app = await world.start({
    maxRestarts: 1_000,
    children: {
      ophion: ophion({
        links: { listen: wire.listen, limits: { livenessIntervalMs: 100 } },
        services: { port: 0, tokens: [{ name: 'tester', token, scopes: ['call', 'read', 'write'] }], graceMs: 100 },
        pools: {
          p: python({
            module: 'noted_tools',
            pythonPath: [fixtures],
            size: 1,
            capacity: 8,
            maxRestarts: 1_000,
            env: { OPHION_RUNS: file },
            launch,
          }),
        },
      }),
    },
  });
  const { ophion: system } = app.children;
  await system.pools.p.ready();
  const { url } = await system.servicesAddress();
  const at = {
    app,
    context: await openContext(system),
    arm: (plan: Parameters<World['arm']>[1]) => world.arm(app as never, plan),
    port: Number(new URL(url).port),
    baseUrl: '',
    osPid: async () => (await system.pools.p.status()).workers[0]?.osPid,
    /** A client of the public port, with connections of its own. */
    client: () => {
      const client = createClient(ToolService, createGrpcTransport({ baseUrl: at.baseUrl }));
      const headers = { authorization: `Bearer ${token}` };
      return async (key: string) => {
        const call = { sessionId: '', tool: 'look', arguments: encodeMap({ key }, 'arguments') };
        const { result } = await client.callTool({ call }, { headers, timeoutMs: 20_000 });
        return decodeValue(result?.outcome.value as never);
      };
    },
  };
  return at;
}

/** Every call of the worker goes as if nothing had been, and its process is the same. */
async function allIsWell({ context }: Awaited<ReturnType<typeof start>>, key: string): Promise<void> {
  const read: number[] = [];
  expect(await context.call(run, { key })).to.equal(key);
  for await (const item of context.stream(count, { to: 50 })) read.push(item);
  expect(read).to.deep.equal(Array.from({ length: 50 }, (_, index) => index));
}

describe('faults of HTTP/2', function () {
  this.timeout(60_000);
  const file = useFolder();
  const inFolder = (test: Parameters<typeof throughProxies>[0]) => throughProxies(test, () => file('runs'));

  showsLive(
    catalogue.wire.goAway,
    'a client that is told to go away has its answer, and goes on over a new connection',
    inFolder(async (at) => {
      const ask = at.client();
      expect(await ask('before')).to.equal('before');
      const active = at.arm(rules(catalogue.wire.goAway({ path: 'clients' })));
      for (const key of ['a', 'b', 'c']) expect(await ask(key)).to.equal(key);
      expect(active.status[0]?.done).to.equal(1);
    }),
  );
  showsLive(
    catalogue.wire.rstStream,
    'a worker whose stream is ended dials again, and its call is answered once',
    inFolder(async (at) => {
      const osPid = await at.osPid();
      const active = at.arm(rules(catalogue.wire.rstStream({ path: 'workers' })));
      await allIsWell(at, 'once');
      expect(active.status[0]?.done).to.equal(1);
      expect(await at.osPid()).to.equal(osPid);
    }),
  );
  showsLive(
    catalogue.wire.stalledWindow,
    'a stream that may not send more goes on when it may, in order',
    inFolder(async (at) => {
      const osPid = await at.osPid();
      const active = at.arm(rules(catalogue.wire.stalledWindow({ path: 'workers' })));
      // More than any window holds.
      const big = 'x'.repeat(12_000_000);
      const call = at.context.call(look, { key: big });
      while ((active.status[0]?.held ?? 0) === 0) await new Promise(setImmediate);
      active.heal();
      expect(await call).to.equal(big);
      await allIsWell(at, 'small');
      expect(await at.osPid()).to.equal(osPid);
    }),
  );
  showsLive(
    catalogue.wire.missingTrailers,
    'an answer without trailers is an error of that call alone',
    inFolder(async (at) => {
      const ask = at.client();
      expect(await ask('before')).to.equal('before');
      const active = at.arm(rules(catalogue.wire.missingTrailers({ path: 'clients' })));
      expect(await rejection(ask('lost'))).to.have.property('name', 'ConnectError');
      expect(active.status[0]?.done).to.equal(1);
      expect(await ask('after')).to.equal('after');
    }),
  );
  showsLive(
    catalogue.wire.status,
    'each status code reaches the client as it is, and a worker that is not refused dials again',
    inFolder(async (at) => {
      const ask = at.client();
      for (const [index, code] of codes.entries()) {
        at.arm(rules(catalogue.wire.status({ code, path: 'clients' })));
        expect(await rejection(ask(code))).to.have.property('code', index + 1);
        expect(await ask('after')).to.equal('after');
      }
      const osPid = await at.osPid();
      at.arm(rules(catalogue.wire.status({ code: 'internal', path: 'workers' })));
      await allIsWell(at, 'worker');
      expect(await at.osPid()).to.equal(osPid);
      at.arm(rules(catalogue.wire.status({ code: 'permission_denied', path: 'workers' })));
      expect(await at.context.call(look, { key: 'refused' })).to.equal('refused');
      expect(await at.osPid()).to.not.equal(osPid);
    }),
  );
});
