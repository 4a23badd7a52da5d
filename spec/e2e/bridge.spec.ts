import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { callTool, streamTool } from '../../bridge/protocol/index.ts';
import { declare, integer, openContext, ophion, python } from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

describe('a bridge that crashes again and again, before real Python', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({
      // One process, so that all runs are counted in one place.
      pools: { default: python({ module: 'bridge_tools', pythonPath: [fixtures], size: 1, capacity: 8 }) },
      maxRestarts: 10_000,
    }),
  );

  /** Ends the bridge every few turns of the event loop while `work` runs; answers how often. */
  const whileCrashing = async <T>(work: () => Promise<T>): Promise<{ result: T; crashes: number }> => {
    const { bridge } = system.current.bridge;
    let working = true;
    let crashes = 0;
    const crashing = (async () => {
      while (working) {
        for (let turns = 0; turns <= crashes % 7; turns += 1) await new Promise(setImmediate);
        bridge.process?.kill();
        crashes += 1;
      }
    })();
    try {
      return { result: await work(), crashes };
    } finally {
      working = false;
      await crashing;
    }
  };

  it('loses no call and runs none twice', async () => {
    const names = system.current.bridge;
    await system.current.pools.default.ready();
    const keys = Array.from({ length: 300 }, (_, n) => `k${n}`);
    const { result, crashes } = await whileCrashing(() =>
      Promise.all(
        keys.map(async (key) => (await callTool(names, { tool: 'tally', arguments: { key } }).outcome).value),
      ),
    );
    expect(result).to.deep.equal(keys);
    expect(crashes).to.be.above(5);
    const { value } = await callTool(names, { tool: 'runs' }).outcome;
    expect(value).to.deep.equal(Object.fromEntries(keys.map((key) => [key, 1])));
  });

  it('loses no item of a stream and delivers none twice', async () => {
    const names = system.current.bridge;
    const { result } = await whileCrashing(async () => {
      const items: unknown[] = [];
      for await (const item of streamTool(
        names,
        { tool: 'numbers', arguments: { key: 's', to: 500 } },
        { window: 8 },
      )) {
        items.push(item);
      }
      return items;
    });
    expect(result).to.deep.equal(Array.from({ length: 500 }, (_, n) => n));
  });

  it('answers what Python asks in the middle of a call, once, and commits once', async () => {
    const names = system.current.bridge;
    await using context = await openContext(system.current, { variables: declare({ n: integer({ default: 0 }) }) });
    const asked: unknown[] = [];
    await context.expose({
      lookup: ({ id }: { id: string }) => {
        asked.push(id);
        return `found ${id}`;
      },
    });
    await context.ensureBridged();
    const keys = Array.from({ length: 20 }, (_, n) => `r${n}`);
    const { result } = await whileCrashing(async () => {
      const answers: unknown[] = [];
      for (const key of keys) {
        const call = callTool(
          names,
          { tool: 'relay', arguments: { key }, sessionId: context.id },
          { timeoutMs: 30_000 },
        );
        answers.push((await call.outcome).value);
      }
      return answers;
    });
    expect(result).to.deep.equal(keys.map((key, n) => [`found ${key}`, n + 1]));
    expect(asked).to.deep.equal(keys);
    expect(await context.variables.get('n')).to.equal(keys.length);
  });

  it('says of a call whose worker died that its outcome is unknown', async () => {
    const names = system.current.bridge;
    const { result } = await whileCrashing(() => rejection(callTool(names, { tool: 'die' }).outcome));
    expect(result).to.deep.include({ code: 'worker_lost', outcome: 'unknown' });
  });
});
