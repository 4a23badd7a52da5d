import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  declare,
  integer,
  type LocalToolContext,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  string,
  ToolError,
  WorkerLostError,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

type Spend = { amount: number; note?: string; fails?: boolean };
const spend = pythonTool<Spend, { left: number; read: number }>('spend');
const spendSurely = pythonTool<{ amount: number }, number>('spend_surely');
const spendAtTheEnd = pythonStream<{ amounts: number[] }, number>('spend_at_the_end');
const order = pythonTool<{ amount: number; fails?: boolean }, { answer: string; note: string }>('order');
const book = pythonTool<{ amount: number }, string>('book');
const spendAndHang = pythonTool<Record<never, never>, null>('spend_and_hang');

describe('a Python tool that writes with its result', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ pools: { default: python({ module: 'transaction_tools', pythonPath: [fixtures], size: 1 }) } }),
  );
  const open = () =>
    openContext(system.current, {
      variables: declare({ budget: integer({ default: 100, min: 0 }), note: string({ default: '' }) }),
    });

  it('has all of it committed in one revision, and reads its own writes before', async () => {
    await using context = await open();
    expect(await context.call(spend, { amount: 30, note: 'books' })).to.deep.equal({ left: 70, read: 70 });
    expect((await context.variables.snapshot()).revision).to.equal(2);
    expect(await context.variables.getAll()).to.deep.equal({ budget: 70, note: 'books' });
    expect(await context.call(spend, { amount: 30 })).to.deep.equal({ left: 40, read: 40 });
  });

  it('has written nothing when it raises, when a constraint forbids it, and when its worker is lost', async () => {
    await using context = await open();
    expect(await rejection(context.call(spend, { amount: 30, fails: true }))).to.be.instanceOf(ToolError);
    const refused = await rejection(context.call(spend, { amount: 101, note: 'too much' }));
    expect(refused).to.have.property('code', 'invalid');
    const { workers } = await system.current.pools.default.ready();
    await context.expose({ between: () => process.kill(workers[0]?.osPid as number, 'SIGKILL') });
    const lost = await rejection(context.call(spendAndHang, {}));
    expect(lost).to.be.instanceOf(WorkerLostError).with.property('outcome', 'unknown');
    expect((await context.variables.snapshot()).revision).to.equal(1);
    expect(await context.variables.getAll()).to.deep.equal({ budget: 100, note: '' });
  });

  it('is run again when somebody else came first, if it says so, and loses nobody’s write', async () => {
    await using context = await open();
    const seen: number[] = [];
    await context.expose({
      between: async ({ left }: { left: number }) => {
        seen.push(left);
        if (seen.length === 1) await context.variables.set('budget', 90);
      },
    });
    expect(await context.call(spendSurely, { amount: 30 })).to.equal(60);
    expect(seen).to.deep.equal([100, 90]);
    expect(await context.variables.get('budget')).to.equal(60);
  });

  it('takes along what it calls, in both languages: all of it is one commit, or none', async () => {
    await using context = await open();
    const seen: unknown[] = [];
    await context.expose({
      confirm: async ({ amount }: { amount: number }, tool: LocalToolContext) => {
        seen.push(await tool.variables.get('budget'), await context.variables.get('budget'));
        await tool.variables.update('budget', (budget) => (budget as number) - 1);
        await tool.call(book, { amount });
        return tool.variables.get('note');
      },
    });
    const note = 'booked 30, left 69';
    expect(await context.call(order, { amount: 30 })).to.deep.equal({ answer: note, note });
    expect(seen).to.deep.equal([70, 100]);
    expect(await context.variables.getAll()).to.deep.equal({ budget: 69, note });
    expect((await context.variables.snapshot()).revision).to.equal(2);
    await rejection(context.call(order, { amount: 9, fails: true }));
    expect(await context.variables.getAll()).to.deep.equal({ budget: 69, note });
    // The same tool by itself writes at once.
    await context.call(book, { amount: 5 });
    expect(await context.variables.get('note')).to.equal('booked 5, left 69');
  });

  it('commits a stream at its end, and nothing of one that is left early', async () => {
    await using context = await open();
    const left: number[] = [];
    for await (const item of context.stream(spendAtTheEnd, { amounts: [10, 20, 30] })) {
      left.push(item);
      // Once the last one is taken it may be committed.
      if (left.length < 3) expect(await context.variables.get('budget')).to.equal(100);
    }
    expect(left).to.deep.equal([90, 70, 40]);
    expect(await context.variables.get('budget')).to.equal(40);
    for await (const item of context.stream(spendAtTheEnd, { amounts: [1, 1, 1] })) if (item === 38) break;
    expect(await context.call(spend, { amount: 0 })).to.deep.equal({ left: 40, read: 40 });
  });
});
