import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { declare, float, integer, openContext, ophion, python, pythonTool, string } from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const raise = pythonTool<{ by: number }, { before: number; after: number }>('raise_price');
const declareLabel = pythonTool<Record<never, never>, string>('declare_label');
const spend = pythonTool<{ amount: number; note?: string }, { left: number; read: number }>('spend');
const force = pythonTool<Record<never, never>, string>('force_total');

const declared = declare({
  price: float({ default: 10 }),
  budget: integer({ default: 100, max: 1_000 }),
  note: string({ default: '' }),
  total: float({ dependsOn: ['price'], computedBy: 'total' }),
  rest: float({ dependsOn: ['budget', 'total'], computedBy: 'rest' }),
});

describe('computed variables and Python', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({
      pools: { default: python({ module: 'computed_tools', pythonPath: [fixtures], size: 1 }) },
      state: {
        functions: {
          total: ({ price }: { price: number }) => price * 2,
          rest: ({ budget, total }: { budget: number; total: number }) => {
            if (total > budget) throw new RangeError('more than there is');
            return budget - total;
          },
          label: ({ total }: { total: number }) => `costs ${total}`,
        },
      },
    }),
  );

  it('are computed in the commit of a worker, which sees them in its next read', async () => {
    await using context = await openContext(system.current, { variables: declared });
    expect(await context.call(raise, { by: 5 })).to.deep.equal({ before: 20, after: 30 });
    const { revision, variables } = await context.variables.snapshot();
    expect(revision).to.equal(2);
    expect(variables.find(({ name }) => name === 'rest')).to.include({ value: 70, version: 2 });
    expect(await context.call(declareLabel, {})).to.equal('costs 30');
  });

  it('are refused to a worker as to anybody, with what their function says', async () => {
    await using context = await openContext(system.current, { variables: declared });
    expect(await context.call(force, {})).to.equal('denied');
    const refused = (await rejection(context.call(raise, { by: 100 }))) as Error & { remoteType?: string };
    expect(refused.message).to.include("'rest'").and.to.include('more than there is');
    expect((await context.variables.snapshot()).revision).to.equal(1);
  });

  it('are what they were in a transaction, and computed with its result', async () => {
    await using context = await openContext(system.current, { variables: declared });
    expect(await context.call(spend, { amount: 30 })).to.deep.equal({ left: 70, read: 80 });
    expect(await context.variables.get('rest')).to.equal(50);
  });
});
