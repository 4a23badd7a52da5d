/**
 * An optimizer of DSPy teaches a program in a worker, which is killed in the middle: it goes on in another one and scores nothing
 * twice. Then every worker is killed, and the program still knows what it has learned.
 */
import { declare, integer, openContext, startSupervisor } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

await using app = await startSupervisor({ children: { ophion: demoSystem() } });
const { default: pool } = app.children.ophion.pools;
await using context = await openContext(app.children.ophion, {
  variables: declare({ max_tokens: integer({ min: 1, max: 512, default: 12 }) }),
});
const colors = context.program('colors', {
  dspy: 'Predict',
  signature: 'question -> answer',
  bind: { max_tokens: 'max_tokens' },
  idempotent: true,
});

const trainset = [
  { question: 'What color is grass?', answer: 'green' },
  { question: 'What color is snow?', answer: 'white' },
  { question: 'What color is blood?', answer: 'red' },
];
let scored = 0;
const optimizing = colors.optimize({
  optimizer: 'BootstrapFewShot',
  options: { max_bootstrapped_demos: 2, max_labeled_demos: 2 },
  trainset,
  save: 'always',
  metric: ({ example, prediction }) => {
    scored += 1;
    return String(prediction.answer).toLowerCase().includes(String(example.answer));
  },
});

let killed = 0;
for await (const event of optimizing) {
  if (event.type === 'progress') console.log(`${event.phase}: ${event.step} of ${event.of ?? '?'}`);
  if (event.type === 'interrupted') console.log('its worker was killed: it goes on in another one');
  if (event.type === 'progress' && scored === 2 && killed === 0) killed += await killWorkers();
}
const { before, after } = await optimizing.outcome;
console.log(`scored ${before} before and ${after} after, by ${scored} calls of the metric`);
must(killed > 0, 'no worker was killed');

const question = { question: 'What color is the sea?' };
const learned = await colors.run(question);
await killWorkers();
await pool.ready(2);
const still = await colors.run(question);
must(still.answer === learned.answer, `'${still.answer}' is not '${learned.answer}'`);
console.log(`all workers are new, and the answer is the same: ${still.answer}`);

/** Kills every Python process as `kill -9` does. Resolves to how many. */
async function killWorkers(): Promise<number> {
  const { workers } = await pool.status();
  const running = workers.flatMap(({ osPid }) => osPid ?? []);
  for (const osPid of running) process.kill(osPid, 'SIGKILL');
  return running.length;
}
