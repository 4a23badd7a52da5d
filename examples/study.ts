/** Which temperature and which style of prompt do best? Every combination, two at a time, as a table and as a picture. */
import { writeFileSync } from 'node:fs';
import { choice, declare, float, grid, integer, openContext, startSupervisor, study } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

const [picture] = process.argv.slice(2); // where the picture is to be, such as study.svg

await using app = await startSupervisor({ children: { ophion: demoSystem() } });
await using context = await openContext(app.children.ophion, {
  variables: declare({
    temperature: float({ min: 0, max: 2 }),
    style: choice(['one short sentence', 'as a pirate']),
    max_tokens: integer({ min: 1, max: 512, default: 32 }),
  }),
});
const qa = context.program('qa', {
  dspy: 'Predict',
  signature: 'question -> answer',
  bind: { temperature: 'temperature', style: 'style', max_tokens: 'max_tokens' },
});

const words = ['sky', 'blue', 'light', 'scatter', 'sun', 'air'];
const studying = study(context, {
  space: { temperature: { max: 1, step: 0.5 }, style: {} },
  sampler: grid(),
  parallel: 2,
  apply: true, // the best values become those of the context
  objective: async (trial) => {
    const { answer } = await qa.in(trial.context).run({ question: 'Why is the sky blue?' });
    return words.filter((word) => answer.toLowerCase().includes(word)).length / words.length;
  },
});
for await (const event of studying) {
  if (event.type === 'trial') console.log(`${event.done} of ${event.of}, the best has ${event.best}`);
}
const { result } = await studying.outcome;
console.log(result.table());
if (picture !== undefined) writeFileSync(picture, result.svg());

must(result.trials.length === 6, `${result.trials.length} trials, not 3 temperatures times 2 styles`);
must(result.svg().startsWith('<svg'), 'there is no picture');
const { temperature, style } = await context.variables.getAll(['temperature', 'style']);
console.log(`from now on at ${temperature}, ${style}`);
