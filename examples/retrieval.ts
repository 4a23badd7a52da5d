/**
 * Retrieval with real embeddings: texts and their vectors are variables of the session, a DSPy module in Python looks for the
 * nearest and answers from them, and an `embedding` variable turns what it looks for, from the very next question on.
 */
import { declare, embedding, integer, json, openContext, pythonTool, startSupervisor, tensor } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

const remember = pythonTool<{ texts: string[] }, number>('remember');
const focus = pythonTool<{ on: string }, null>('focus');

await using app = await startSupervisor({ children: { ophion: demoSystem('library', 1) } });
await using context = await openContext(app.children.ophion, {
  variables: declare({
    texts: json({ schema: { type: 'array', items: { type: 'string' } }, default: [] }),
    vectors: tensor({ dtype: 'float32', shape: [null, null] }),
    interest: embedding(),
    max_tokens: integer({ min: 1, max: 512, default: 40 }),
  }),
});

const count = await context.call(
  remember,
  {
    texts: [
      'Ophion is a serpent who coiled around the egg of the world.',
      'Apples are harvested in autumn and kept in a cool cellar.',
      'The violin has four strings, which are tuned in fifths.',
      'A supervisor restarts the actors that have crashed.',
    ],
  },
  { timeoutMs: 120_000 },
);
console.log(`${count} texts, vectors of ${(await context.variables.get('vectors')).shape.join(' x ')}`);

const answerer = context.program('answerer', {
  dspy: 'library:Answerer',
  signature: 'question -> answer, sources: list[str]',
  options: { count: 1 },
  bind: { max_tokens: 'max_tokens' },
});
async function ask(question: string): Promise<string> {
  const { answer, sources } = await answerer.run({ question }, { timeoutMs: 120_000 });
  console.log(`${question}\n  from: ${sources.join(' ')}\n  answer: ${answer}`);
  return sources.join();
}

must((await ask('Which serpent coiled around the egg of the world?')).includes('serpent'), 'it looked elsewhere');
await ask('What is it tuned in?');
await context.call(focus, { on: 'Actors that have crashed are restarted by a supervisor.' });
must((await ask('Who starts it again?')).includes('supervisor'), 'what it is interested in does not count');
