/** Numerical tools with numpy and pandas, without any language model: arrays as values and as a variable of the session. */
import { declare, integer, openContext, pythonStream, pythonTool, startSupervisor, tensor } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

const smooth = pythonTool<{ samples: number[] }, number[]>('smooth', { idempotent: true });
const summary = pythonTool<{ rows: object[]; by: string }, Record<string, { mean: number; std: number }>>('summary');
const walk = pythonStream<{ seed: number; steps: number; every: number }, { step: number; distance: number }>('walk');

await using app = await startSupervisor({ children: { ophion: demoSystem('numbers_tools') } });
await using context = await openContext(app.children.ophion, {
  variables: declare({
    window: integer({ min: 1, max: 100, default: 3 }),
    path: tensor({ dtype: 'float64', shape: [null, 2] }),
  }),
});

const samples = [1, 2, 3, 4, 9, 4, 3, 2, 1];
console.log('smoothed over 3:', await context.call(smooth, { samples }));
await context.variables.set('window', 5); // the next call uses it
const smoothed = await context.call(smooth, { samples });
console.log('smoothed over 5:', smoothed);
must(smoothed.length === samples.length - 4, `a window of 5 leaves ${smoothed.length} values`);

const rows = ['a', 'b'].flatMap((group) => [1, 2, 3].map((n) => ({ group, value: group === 'a' ? n : n * n })));
const groups = await context.call(summary, { rows, by: 'group' });
console.table(groups);
must(groups.a?.mean === 2 && groups.a.std === 1, 'the mean of 1, 2 and 3 is 2, their spread 1');

let last = { step: 0, distance: 0 };
for await (const place of context.stream(walk, { seed: 7, steps: 50_000, every: 10_000 })) {
  console.log(`after ${place.step} steps ${place.distance} away`);
  last = place;
}
// What Python left in the session: 100,000 doubles, which came as bytes.
const path = await context.variables.get('path');
const doubles = new Float64Array(path.data.buffer);
const [x = 0, y = 0] = doubles.slice(-2);
must(Math.abs(Math.hypot(x, y) - last.distance) < 1e-6, 'the end of the path is where the last item said');
console.log(`a path of ${path.shape.join(' x ')} ends at ${x.toFixed(2)}, ${y.toFixed(2)}`);
