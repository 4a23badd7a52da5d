/** What tokens made of Python's signatures must allow and refuse. Checked by `npm run types`; runs nothing. */
import { type Context, ophion, python, pythonTool, type Tensor } from '../../index.ts';
import * as tools from './typed-tools.ts';

export async function calling(context: Context): Promise<void> {
  const best = await context.call(tools.rank, { items: [{ name: 'a', parts: [{ name: 'b' }] }], by: 'price' });
  const price: number = best.parts[0]?.price ?? best.price;
  // @ts-expect-error an item has a name
  await context.call(tools.rank, { items: [{ price: 1 }] });
  // @ts-expect-error it is sorted by something else
  await context.call(tools.rank, { items: [], by: 'weight' });
  // @ts-expect-error there is no such argument
  await context.call(tools.rank, { items: [], order: 'up' });
  // @ts-expect-error its items are missing
  await context.call(tools.rank, {});
  // @ts-expect-error no text
  best.name.toFixed();

  const [color, when] = await context.call(tools.paint, { color: 'red', weights: { a: price }, when: null });
  const known: 'red' | 'blue' = color;
  const time: number | undefined = when?.getTime();
  // @ts-expect-error no such color
  await context.call(tools.paint, { color: 'green', weights: {} });
  // @ts-expect-error a point in time is no text
  await context.call(tools.paint, { color: known, weights: {}, when: '2026' });

  for await (const { text, score } of context.stream(tools.generate, { prompt: 'once' })) text.repeat(score ?? 1);
  for await (const number of context.stream(tools.countDown, { start: time ?? 3 })) number.toFixed();
  // @ts-expect-error it streams
  await context.call(tools.countDown, { start: 3 });

  const vectors: Tensor = await context.call(tools.embed, { texts: ['a'], image: new Uint8Array(3) });
  const packed = await context.call(tools.pack, {
    data: new Uint8Array(1),
    shape: vectors,
    rest: null,
    extra: [1, 'a'],
  });
  const bytes: Uint8Array | undefined = packed.data;
  const nothing: null = await context.call(tools.deleteTool, { pair: [1, 'a'], both: [1, 'a'] });
  // @ts-expect-error the other way round
  await context.call(tools.deleteTool, { pair: ['a', 1], both: [] });
  void [bytes, nothing];
}

export const system = ophion({ tools, pools: { default: python({ module: 'typed_tools' }) } });
export const byHand = ophion({ tools: { rank: pythonTool<{ a: number }, string>('rank') } });
// @ts-expect-error no token
export const wrong = ophion({ tools: { rank: 'rank' } });
