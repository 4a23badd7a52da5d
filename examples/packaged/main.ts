/** A small application: all that it has of Ophion, the Python half included, is in the npm package. */
import { declare, float, openContext, ophion, python, startSupervisor } from 'ophion';
import { formatTree, inspectTree } from 'ophion/devtools';
import * as tools from './shop_tools.ts';

await using app = await startSupervisor({
  strategy: 'one_for_one',
  // Workers whose tools are others than these tokens were made of do not start.
  children: { ophion: ophion({ tools, pools: { default: python({ module: 'shop_tools', size: 1 }) } }) },
});
await app.children.ophion.pools.default.ready();

await using context = await openContext(app.children.ophion, {
  variables: declare({ discount: float({ min: 0, max: 1, default: 0 }) }),
});
const prices = new Map([
  ['lamp', 1_900],
  ['chair', 8_000],
]);
await context.expose({ price_of: ({ item }: { item: string }) => prices.get(item) ?? 0 });

const { cents } = await context.call(tools.quote, { item: 'lamp', pieces: 3 });
await context.variables.set('discount', 0.5);
const { cents: less } = await context.call(tools.quote, { item: 'lamp', pieces: 3 }); // the very next call sees it
console.log(`three lamps are ${cents} cents, then ${less}`);

for await (const { item, cents } of context.stream(tools.slips, { items: [...prices.keys()] })) {
  console.log(`a ${item} is ${cents} cents`);
}
console.error(formatTree(inspectTree(app)));
