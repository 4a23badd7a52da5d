/** What the types of optimizations and studies must allow and refuse. Checked by `npm run types`; runs nothing. */
import {
  type Context,
  configurationSpace,
  type OptimizeExample,
  type Program,
  random,
  type Scored,
  study,
  type TrialRecord,
} from '../../index.ts';

type Qa = 'question, hints: list[str] -> answer, sure: float';
type Studied = {
  readonly temperature: number;
  readonly style: 'short' | 'long';
  readonly strict: boolean;
  readonly notes: readonly string[];
};

export async function optimizing(qa: Program<Qa>): Promise<void> {
  const trainset: OptimizeExample<Qa>[] = [
    { question: 'Why?', hints: [], answer: 'so', sure: 1 },
    // Outputs that nobody knows may be left out.
    { question: 'How?', hints: ['slowly'] },
  ];
  const running = qa.optimize({
    optimizer: 'GEPA',
    trainset,
    metric: ({ example, prediction }) => ({
      score: prediction.sure,
      feedback: `${example.answer ?? 'anything'}, not ${prediction.answer.toUpperCase()}`,
    }),
  });
  for await (const event of running) {
    if (event.type === 'candidate') event.best satisfies number;
    // @ts-expect-error only a candidate has one
    void event.best;
  }
  const { before, saved } = await running.outcome;
  before satisfies number;
  saved satisfies { readonly revision: number } | undefined;

  const metric = (_: Scored<Qa>) => true;
  // @ts-expect-error an input is missing
  qa.optimize({ optimizer: 'GEPA', trainset: [{ question: 'Why?' }], metric });
  // @ts-expect-error an output of another type
  qa.optimize({ optimizer: 'GEPA', trainset: [{ question: 'Why?', hints: [], sure: 'yes' }], metric });
  // @ts-expect-error no score
  qa.optimize({ optimizer: 'GEPA', trainset, metric: () => 'good' });
  // @ts-expect-error there is no such output
  qa.optimize({ optimizer: 'GEPA', trainset, metric: ({ prediction }) => prediction.answers });
  // @ts-expect-error a metric is needed
  qa.optimize({ optimizer: 'GEPA', trainset });
}

export async function studying(context: Context<Studied>, qa: Program<Qa>): Promise<void> {
  const running = study(context, {
    space: { temperature: { min: 0, max: 1, log: false }, style: { values: ['long'] }, strict: {} },
    sampler: random(),
    trials: 3,
    objective: async ({ values, context: own, report }) => {
      values.temperature satisfies number;
      values.style satisfies 'short' | 'long';
      // @ts-expect-error it is not varied
      void values.notes;
      await own.variables.set('strict', values.strict);
      report(1);
      const { sure } = await qa.in(own).run({ question: 'Why?', hints: [] });
      return sure;
    },
  });
  const { result } = await running.outcome;
  result.best satisfies TrialRecord<Pick<Studied, 'temperature' | 'style' | 'strict'>> | undefined;

  const options = { sampler: random(), trials: 1, objective: () => 0 } as const;
  // @ts-expect-error there is no such variable
  study(context, { ...options, space: { heat: {} } });
  // @ts-expect-error no value of it
  study(context, { ...options, space: { style: { values: ['bold'] } } });
  // @ts-expect-error a choice has no range
  study(context, { ...options, space: { style: { min: 0 } } });
  // @ts-expect-error an objective answers numbers
  study(context, { ...options, space: { style: {} }, objective: () => 'good' });

  const space = configurationSpace(context, { temperature: {}, style: {} }, [
    ({ temperature, style }) => style === 'short' || temperature < 1 || 'long and hot',
  ]);
  await space.apply({ temperature: 1, style: 'short' });
  // @ts-expect-error one is missing
  await space.apply({ temperature: 1 });
  // @ts-expect-error there is no such variable in it
  configurationSpace(context, { temperature: {} }, [({ style }) => style === 'short']);
}
