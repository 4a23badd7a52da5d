/** One question to a real local language model, at temperatures that change while the program is registered. */
import { declare, float, integer, openContext, type ProgramRun, startSupervisor } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

await using app = await startSupervisor({ children: { ophion: demoSystem() } });
await using context = await openContext(app.children.ophion, {
  variables: declare({
    temperature: float({ min: 0, max: 2 }),
    max_tokens: integer({ min: 1, max: 512, default: 40 }),
  }),
});
const qa = context.program('qa', {
  dspy: 'Predict',
  signature: 'question -> answer',
  bind: { temperature: 'temperature', max_tokens: 'max_tokens' },
  idempotent: true,
});

/** What the engine was really asked for. */
const received = (run: ProgramRun<'question -> answer'>): unknown =>
  (run.facts.lm_calls as readonly { readonly temperature: number }[])[0]?.temperature;

const question = 'Why is the sky blue?';
const cold = await qa.runDetailed({ question });
const again = await qa.runDetailed({ question });
console.log(`at ${received(cold)}: ${cold.output.answer}`);
must(cold.output.answer === again.output.answer, 'the same question at temperature 0 has the same answer');

for (const temperature of [0.5, 1, 1.5]) {
  await context.variables.set('temperature', temperature);
  const run = await qa.runDetailed({ question });
  must(received(run) === temperature, `the engine ran at ${received(run)}, not at ${temperature}`);
  console.log(`at ${temperature}: ${run.output.answer}`);
}
