import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openContext, ophion, python, pythonStream, pythonTool } from '../../index.ts';
import { useSystem } from '../../testing/index.ts';
import { Signal } from '../helpers/signal.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const upTo = (to: number) => Array.from({ length: to }, (_, n) => n);

describe('a stream between TypeScript and real Python', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ pools: { default: python({ module: 'stream_tools', pythonPath: [fixtures] }) } }),
  );

  for (const name of ['step_by_step', 'step_by_step_async']) {
    it(`brings each item before Python makes the next one (${name})`, async () => {
      await using context = await openContext(system.current);
      const read = new Set<number>();
      const changed = new Signal();
      await context.expose({ read: ({ item }: { item: number }) => changed.until(() => read.has(item)) });
      const seen: number[] = [];
      for await (const item of context.stream(pythonStream<{ to: number }, number>(name), { to: 20 })) {
        seen.push(item);
        read.add(item);
        changed.fire();
      }
      expect(seen).to.deep.equal(upTo(20));
    });
  }

  for (const name of ['follow', 'follow_async']) {
    it(`brings Python each item before TypeScript makes the next one (${name})`, async () => {
      await using context = await openContext(system.current);
      const got = new Set<number>();
      const changed = new Signal();
      await context.expose({
        got: ({ item }: { item: number }) => {
          got.add(item);
          changed.fire();
        },
        steps: async function* ({ to }: { to: number }) {
          for (let n = 0; n < to; n += 1) {
            yield n;
            await changed.until(() => got.has(n));
          }
        },
      });
      expect(await context.call(pythonTool<{ to: number }, number[]>(name), { to: 20 })).to.deep.equal(upTo(20));
    });
  }

  it('ends the generator in TypeScript when Python leaves its loop, and not long after what it has read', async () => {
    await using context = await openContext(system.current);
    let made = 0;
    let ended = false;
    const changed = new Signal();
    await context.expose({
      steps: async function* () {
        try {
          for (;;) {
            yield made;
            made += 1;
          }
        } finally {
          ended = true;
          changed.fire();
        }
      },
    });
    expect(await context.call(pythonTool<{ after: number }, number>('leave'), { after: 100 })).to.equal(100);
    await changed.until(() => ended);
    // What Python has room for, beside what it has read.
    expect(made).to.be.within(100, 200);
  });

  it('has one end, also when it fails: the items that came before, then the error', async () => {
    await using context = await openContext(system.current);
    await context.expose({
      breaks: async function* ({ at }: { at: number }) {
        for (let n = 0; ; n += 1) {
          if (n === at) throw new RangeError('no more of them');
          yield n;
        }
      },
    });
    const read = await context.call(pythonTool<{ fails_at: number }, unknown[]>('follow_to_the_error'), {
      fails_at: 3,
    });
    expect(read.slice(0, 3)).to.deep.equal([0, 1, 2]);
    expect(read.slice(3)).to.have.length(1);
    expect(read[3]).to.match(/^ToolError: .*no more of them/);
  });
});
