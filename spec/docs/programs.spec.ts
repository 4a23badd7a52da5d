import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import {
  type Context,
  declare,
  float,
  integer,
  module,
  nodeRuntime,
  openContext,
  ophion,
  ProgramError,
  python,
  startSupervisor,
  string,
  tool,
  type Values,
} from '../../index.ts';
import { rejection } from '../../testing/index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));

// #region variables
const variables = declare({
  temperature: float({ min: 0, max: 2, default: 0 }),
  strategy: module({ modules: ['Predict', 'ChainOfThought'] }),
  model: string({ default: 'local' }),
  limit: integer({ default: 2 }),
});
// #endregion

type Session = Context<Values<typeof variables>>;

// #region dspy
function askingIn(context: Session) {
  return context.program('qa', {
    dspy: 'Predict',
    signature: "question, context: list[str], hint: str | None -> answer, tone: Literal['kind', 'stern']",
    instructions: 'Answer from the context alone.',
    describe: { context: 'sentences, the most important first' },
    bind: { temperature: 'temperature', module: 'strategy', lm: 'model' },
    idempotent: true,
  });
}

async function ask(context: Session): Promise<string> {
  const { answer, tone } = await askingIn(context).run({ question: 'Who?', context: ['Ophion is a serpent.'] });
  return `${tone}: ${answer}`; // both are typed by the signature
}
// #endregion

// #region agent
async function agentIn(context: Session) {
  await context.expose({
    price_of: tool(
      {
        description: 'The price of a fruit in cents.',
        input: z.object({ fruit: z.enum(['apple', 'pear']), pieces: z.int().min(1).max(9) }),
      },
      ({ pieces }) => 12 * pieces,
    ),
  });
  return context.program('shopper', {
    dspy: 'ReAct',
    signature: 'question -> answer',
    options: { max_iters: 1 },
    tools: ['price_of'],
    bind: { lm: 'model' },
  });
}
// #endregion

// #region python
function rankingIn(context: Session) {
  return context.program('rank', {
    python: 'program_tools:rank',
    signature: 'items: list[str] -> best: list[str], count: int',
    bind: { limit: 'limit' },
  });
}
// #endregion

// #region pipeline
function pipelineIn(context: Session) {
  const qa = askingIn(context);
  const rank = rankingIn(context);
  return context.program('careful', {
    signature: 'questions: list[str], notes: list[str] -> answers: list[str]',
    run: async ({ questions, notes }, { signal }) => {
      if (notes.length === 0) return { answers: questions.map(() => 'nothing is known') };
      const { best } = await rank.run({ items: notes }, { signal });
      const outcomes = await qa.batch(
        questions.map((question) => ({ question, context: best })),
        { concurrency: 2, signal },
      );
      return { answers: outcomes.map((one) => (one.kind === 'run' ? one.run.output.answer : String(one.error))) };
    },
  });
}
// #endregion

// #region native
function shoutingIn(context: Session) {
  return context.program('shout', {
    signature: 'text -> loud',
    bind: { heat: 'temperature' },
    run: async function* ({ text }, { parameters }) {
      const mark = parameters.heat > 1 ? '!!' : '!'; // `heat` has the type of the variable
      yield text.toUpperCase();
      yield mark;
      return { loud: text.toUpperCase() + mark };
    },
  });
}
// #endregion

// #region stream
async function told(context: Session): Promise<string> {
  let text = '';
  const question = { question: 'Who?', context: [] };
  for await (const event of askingIn(context).stream(question, { field: 'answer', status: true })) {
    if (event.type === 'token') text += event.text;
    if (event.type === 'status') console.error(event.text); // 'Predict began', 'asking local/...', ...
    if (event.type === 'run' && text !== event.run.output.answer) throw new Error('never');
    if (text.length > 2_000) break; // stops the generation
  }
  return text;
}
// #endregion

// #region batch
async function answers(context: Session, questions: readonly string[], signal: AbortSignal): Promise<number> {
  const inputs = questions.map((question) => ({ question, context: [] }));
  const outcomes = await askingIn(context).batch(inputs, {
    concurrency: 8,
    signal,
    onProgress: ({ done, failed, total }) => console.error(`${done} of ${total}, ${failed} failed`),
  });
  return outcomes.filter(({ kind }) => kind === 'run').length;
}
// #endregion

describe('the programs of docs/programs.md', function () {
  this.timeout(60_000);
  let app: Awaited<ReturnType<typeof start>>;
  let context: Session;
  const cache = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
  const log = console.error;
  const start = () =>
    startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({
          pools: {
            default: python({ module: 'program_tools', pythonPath: [folder], env: { DSPY_CACHEDIR: cache } }),
          },
        }),
      },
    });
  before(async () => {
    app = await start();
    context = await openContext(app.children.ophion, { variables });
    await context.variables.set('model', 'stand-in');
    console.error = () => {};
  });
  after(async () => {
    console.error = log;
    await context?.close();
    await app?.stop();
    rmSync(cache, { recursive: true, force: true });
  });

  it('ask, by the module and the language model that the variables name', async () => {
    expect(await ask(context)).to.match(/^(kind|stern): /);
    await context.variables.set('strategy', 'ChainOfThought');
    const run = await askingIn(context).runDetailed({ question: 'Who?', context: [] });
    expect(run.facts).to.include({ program: 'ChainOfThought' });
    await context.variables.set('strategy', 'Predict');
  });

  it('are agents with TypeScript tools', async () => {
    const agent = await agentIn(context);
    expect((await agent.run({ question: 'What do three apples cost?' })).answer).to.be.a('string');
  });

  it('are Python functions, and pipelines of others', async () => {
    expect(await rankingIn(context).run({ items: ['a', 'ccc', 'bb'] })).to.deep.equal({
      best: ['ccc', 'bb'],
      count: 3,
    });
    const pipeline = pipelineIn(context);
    expect((await pipeline.run({ questions: ['a', 'b'], notes: ['x', 'yy'] })).answers).to.have.lengthOf(2);
    expect(await pipeline.run({ questions: ['a'], notes: [] })).to.deep.equal({ answers: ['nothing is known'] });
  });

  it('stream, and run in batches', async () => {
    expect(await shoutingIn(context).run({ text: 'hi' })).to.deep.equal({ loud: 'HI!' });
    expect(await told(context)).to.include('stand-in');
    expect(await answers(context, ['a', 'b', 'c'], new AbortController().signal)).to.equal(3);
  });

  it('are refused by name', async () => {
    const bad = context.program('bad', { dspy: 'no_such:Module', signature: 'a -> b' });
    const error = (await rejection(bad.run({ a: '' }))) as ProgramError;
    expect(error).to.be.instanceOf(ProgramError).with.property('code', 'bad_module');
    expect(error.message).to.equal(
      "program 'bad': the module 'no_such' does not import: ModuleNotFoundError: No module named 'no_such'",
    );
  });
});
