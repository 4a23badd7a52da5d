import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type Context,
  declare,
  float,
  integer,
  type LocalToolContext,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  startSupervisor,
  string,
  ToolError,
} from '../../index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));

// #region tokens
const quote = pythonTool<{ item: string; count?: number }, number>('quote');
const countDown = pythonStream<{ start: number }, number>('count_down');
const book = pythonTool<{ item: string; amount: number }, number>('book', { idempotent: true });
// #endregion

// #region expose
async function offer(context: Context<{ notes: string }>) {
  await context.expose({
    price: async ({ item }: { item: string }, { signal }: LocalToolContext) => lookUp(item, signal),
    note: async ({ text }: { text: string }, { variables }: LocalToolContext) => {
      await variables.update('notes', (notes) => `${notes}${text}; `);
    },
  });
}
// #endregion

async function lookUp(item: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  return item.length;
}

describe('the calls of docs/tools.md', function () {
  this.timeout(60_000);

  it('do what the page says', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({ pools: { default: python({ module: 'booking_tools', pythonPath: [folder], capacity: 4 }) } }),
      },
    });
    await using context = await openContext(app.children.ophion, {
      variables: declare({
        discount: float({ default: 0.5 }),
        budget: integer({ default: 100 }),
        notes: string({ default: '' }),
      }),
    });
    await offer(context as never);

    // #region call
    const price = await context.call(quote, { item: 'lamp', count: 2 }, { timeoutMs: 10_000 });
    for await (const number of context.stream(countDown, { start: 1_000 })) {
      if (number < 995) break; // the generator is closed
    }
    // #endregion
    expect(price).to.equal(4);

    // #region book
    const left = await context.call(book, { item: 'desk', amount: 70 });
    const { budget, notes } = await context.variables.getAll(); // one revision
    // #endregion
    expect([left, budget, notes]).to.deep.equal([30, 30, 'desk for 70; ']);
    expect((await context.variables.snapshot()).revision).to.equal(2);
    const above = await context.call(book, { item: 'sofa', amount: 50 }).catch((error: unknown) => error);
    expect(above).to.be.instanceOf(ToolError).with.property('message', 'book: sofa is 20 above the budget');
    expect(await context.variables.getAll()).to.deep.equal({ discount: 0.5, budget: 30, notes: 'desk for 70; ' });

    // #region settled
    const settled = await context.callSettled(book, { item: 'chair', amount: 20 }, { timeoutMs: 5_000 });
    switch (settled.kind) {
      case 'result':
        console.assert(settled.value === 10);
        break;
      case 'tool_error': // it ran, and nothing came of it
      case 'not_started': // safe to send again
      case 'unknown': // it may have run
        throw settled.error;
    }
    // #endregion

    // #region key
    const options = { idempotencyKey: 'order 4711' };
    const [first, again] = await Promise.all([
      context.call(book, { item: 'pen', amount: 1 }, options),
      context.call(book, { item: 'pen', amount: 1 }, options), // the same call: it runs once
    ]);
    // #endregion
    expect([first, again, await context.variables.get('budget')]).to.deep.equal([9, 9, 9]);
    const other = await context.call(book, { item: 'pen', amount: 2 }, options).catch((error: unknown) => error);
    expect(other).to.have.property('code', 'conflict');
  });
});
