/** What the types of programs must allow and refuse. Checked by `npm run types`; runs nothing. */
import { type Context, choice, declare, embedding, float, integer, type Program, type Values } from '../../index.ts';

const declared = declare({
  temperature: float({ default: 0.5 }),
  rounds: integer({ default: 2 }),
  style: choice(['short', 'long'], { default: 'short' }),
  place: embedding({ dimensions: 2 }),
});
declare const context: Context<Values<typeof declared>>;
declare const plain: Context;

export async function dspy(): Promise<void> {
  const qa = context.program('qa', {
    dspy: 'Predict',
    signature: "question, n: int, hint: str | None -> answer, tone: Literal['kind', 'stern'], scores: dict[str, float]",
    bind: { temperature: 'temperature', n: 'rounds' },
    describe: { question: 'what is asked', tone: 'of the answer' },
    lm: { model: 'openai/gpt-4o-mini', cache: true },
  });
  // What is bound and what may be null may be left out.
  const { answer, tone, scores } = await qa.run({ question: 'why' });
  const typed: [string, 'kind' | 'stern', Record<string, number>] = [answer, tone, scores];
  await qa.run({ question: 'why', n: 1, hint: null });
  // @ts-expect-error an input is missing
  await qa.run({ n: 1 });
  // @ts-expect-error it is a number
  await qa.run({ question: 'why', n: 'one' });
  // @ts-expect-error there is no such input
  await qa.run({ question: 'why', quest: 'why' });
  // @ts-expect-error there is no such output
  await qa.run({ question: 'why' }).then(({ reply }) => reply);
  // @ts-expect-error there is no such output to stream
  qa.stream({ question: 'why' }, { field: 'reply' });
  for await (const event of qa.stream({ question: 'why' }, { field: 'answer', status: true })) {
    if (event.type === 'token' || event.type === 'status') typed[0] = event.text;
    else typed[1] = event.run.output.tone;
  }
  for (const outcome of await qa.batch([{ question: 'a' }, { question: 'b' }], { concurrency: 2 })) {
    if (outcome.kind === 'run') typed[1] = outcome.run.output.tone;
    // @ts-expect-error a run that failed has no output
    else typed[1] = outcome.run.output.tone;
  }
  // @ts-expect-error inputs of another name
  await qa.batch([{ quest: 'a' }]);
  // @ts-expect-error a batch has no key: each of its runs is a call of its own
  await qa.batch([{ question: 'a' }], { idempotencyKey: 'k' });
}

export function definitions(): void {
  // @ts-expect-error there is no such variable
  context.program('p', { dspy: 'Predict', signature: 'a -> b', bind: { temperature: 'heat' } });
  // @ts-expect-error it says what it is by no name
  context.program('p', { signature: 'a -> b' });
  // @ts-expect-error there is no such field to describe
  context.program('p', { dspy: 'Predict', signature: 'a -> b', describe: { c: 'x' } });
  // @ts-expect-error a module is named by a text
  context.program('p', { dspy: class {}, signature: 'a -> b' });
  // @ts-expect-error a language model has a name
  context.program('p', { dspy: 'Predict', signature: 'a -> b', lm: { cache: true } });
  // @ts-expect-error options are data
  context.program('p', { dspy: 'ReAct', signature: 'a -> b', options: { fn: () => 1 } });
  plain.program('p', {
    dspy: 'Predict',
    signature: 'a -> b',
    bind: { temperature: 'any of a context of unknown variables' },
  });
  plain.program('p', { python: 'my_module:function', signature: 'a -> b' });
}

export function native(): void {
  const program = context.program('p', {
    signature: 'question, n: int | None -> answer, sure: bool',
    bind: { heat: 'temperature', at: 'place', style: 'style' },
    run: ({ question, n }, { parameters, signal }) => {
      const typed: [string, number | null, number, readonly number[], 'short' | 'long', AbortSignal] = [
        question,
        n,
        parameters.heat,
        parameters.at,
        parameters.style,
        signal,
      ];
      // @ts-expect-error there is no such parameter
      void parameters.temperature;
      return { answer: typed[0], sure: true };
    },
  });
  const named: Program<'question, n: int | None -> answer, sure: bool', 'heat' | 'at' | 'style'> = program;
  void named;
  context.program('streams', {
    signature: 'question -> answer',
    run: async function* ({ question }) {
      yield question;
      yield { field: 'answer', text: '!' };
      return { answer: question };
    },
  });
  // @ts-expect-error an output is missing
  context.program('p', { signature: 'a -> b, c', run: ({ a }) => ({ b: a }) });
  // @ts-expect-error an output is of another type
  context.program('p', { signature: 'a -> b: int', run: ({ a }) => ({ b: a }) });
  // @ts-expect-error an input is of another type
  context.program('p', { signature: 'a: int -> b', run: ({ a }) => ({ b: a.toUpperCase() }) });
}
