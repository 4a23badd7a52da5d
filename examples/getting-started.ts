/** A context with two Python tools, and a TypeScript function that one of them calls. */
import { fileURLToPath } from 'node:url';
import {
  declare,
  float,
  integer,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  startSupervisor,
} from '../index.ts';

const greet = pythonTool<{ name: string }, string>('greet');
const spell = pythonStream<{ word: string }, string>('spell');

// Two Python processes under a supervisor: one that dies is replaced.
await using app = await startSupervisor({
  strategy: 'one_for_one',
  children: {
    ophion: ophion({
      pools: {
        default: python({
          module: 'greetings',
          pythonPath: [fileURLToPath(new URL('python', import.meta.url))],
          size: 2,
        }),
      },
    }),
  },
});

// Variables that both languages share.
await using context = await openContext(app.children.ophion, {
  variables: declare({ warmth: float({ min: 0, max: 1 }), greeted: integer() }),
});
await context.expose({ whoIs: ({ name }: { name: string }) => `who has ${name.length} letters` });

console.log(await context.call(greet, { name: 'Ada' })); // Hello Ada, who has 3 letters
await context.variables.set('warmth', 0.9);
console.log(await context.call(greet, { name: 'Ada' })); // Dear Ada, who has 3 letters: the very next call sees it
console.log(await context.variables.get('greeted')); // 2: Python has counted

const letters: string[] = [];
for await (const letter of context.stream(spell, { word: 'serpent' })) {
  letters.push(letter);
  if (letters.length === 3) break; // leaving the loop ends the Python generator
}
console.log(letters.join('-')); // s-e-r
