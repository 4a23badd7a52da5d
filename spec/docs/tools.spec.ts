import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import {
  type Context,
  isActorError,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  type StateError,
  startSupervisor,
  tool,
} from '../../index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));
const prices: Readonly<Record<string, number>> = { a7: 12 };

// #region lookup
const lookup = tool(
  {
    description: 'Finds an item by its id.',
    input: z.object({ id: z.string().regex(/^[a-z]\d+$/) }),
    output: z.object({ id: z.string(), price: z.number() }),
  },
  ({ id }) => ({ id, price: prices[id] ?? 0 }),
);

async function offer(context: Context) {
  await context.expose({ lookup, now: () => new Date() });
  await context.unexpose('now');
}
// #endregion

describe('the tools of docs/tools.md', function () {
  this.timeout(60_000);

  it('do what the page says', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion({ pools: { default: python({ module: 'value_tools', pythonPath: [folder] }) } }) },
    });
    await using context = await openContext(app.children.ophion);
    await offer(context);
    const ask = pythonTool<{ id: string }, unknown>('look_up');
    expect(await context.call(ask, { id: 'a7' })).to.deep.equal({ id: 'a7', price: 12 });
    const refused = await context.call(ask, { id: 'A7' }).catch((error: unknown) => error);
    expect(isActorError(refused) && (refused as StateError).details).to.include({ code: 'invalid', path: '$.id' });

    const move = pythonTool<object, unknown>('move');
    expect(await context.call(move, { points: [{ x: 1 }], by: 2, axis: 'y' })).to.deep.equal([{ x: 1, y: 2 }]);
    const wrong = await context.call(move, { points: [{ x: -1 }], by: 2 }).catch((error: unknown) => error);
    expect(isActorError(wrong) && wrong.code).to.equal('invalid');
    const tools = await app.children.ophion.bridge.bridge.call('tools');
    const described = tools.find(({ description }) => description.name === 'move')?.description;
    expect(JSON.parse(described?.inputSchema ?? '').properties).to.deep.equal({
      points: { type: 'array', items: { $ref: '#/$defs/Point' } },
      by: { type: 'number', description: 'in meters' },
      axis: { enum: ['x', 'y'], default: 'x' },
    });
  });
});
