import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type Context,
  declare,
  integer,
  learnedVariable,
  type OphionRef,
  type OptimizeEvent,
  openContext,
  ophion,
  type Program,
  type ProgramRun,
  python,
  type Scored,
  StateError,
  ToolError,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

const signature = 'question -> answer';
type Qa = typeof signature;
const trainset = ['What is grass?', 'What is the sea?', 'What is coal?', 'What is snow?'].map((question, n) => ({
  question,
  answer: ['green', 'blue', 'black', 'white'][n] as string,
}));
const journal = 'ophion.optimizing.qa';

/** How long the prompt was, and what came of it. */
const told = ({ output, facts }: ProgramRun<Qa>) => ({
  answer: output.answer,
  prompt: (facts.lm_calls as readonly { prompt_tokens: number }[])[0]?.prompt_tokens as number,
});

const options = { optimizer: 'BootstrapFewShot', options: { max_labeled_demos: 2 }, save: 'always' } as const;

const pool = (size: number, env: Readonly<Record<string, string>>) =>
  ophion({
    pools: { default: python({ module: 'e2e_tools', pythonPath: [fixtures], preload: ['dspy'], size, env }) },
  });
const open = (ophion: OphionRef) =>
  openContext(ophion, { variables: declare({ max_tokens: integer({ min: 1, default: 12 }) }) });
const program = (context: Context<{ max_tokens: number }>): Program<Qa, 'max_tokens'> =>
  context.program('qa', { dspy: 'Predict', signature, bind: { max_tokens: 'max_tokens' }, idempotent: true });

/** Resolves when so many answers and scores are in the session. */
async function kept(context: Context<{ max_tokens: number }>, entries: number): Promise<void> {
  for await (const { values } of context.variables.watch()) {
    const known = (values as Record<string, unknown>)[`${journal}.0`];
    if (known instanceof Uint8Array && Buffer.from(known).toString().split('\n').length === entries) return;
  }
}

describe('what a program has learned, on the local model', function () {
  this.timeout(120_000);
  const system = useSystem(() => pool(1, {}));

  it('teaches a program once; any worker runs what was learned, also when all of them were killed since', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    const plain = told(await qa.runDetailed({ question: 'What is a rose?' }));
    const events: OptimizeEvent[] = [];
    const running = qa.optimize({
      ...options,
      trainset: trainset.slice(0, 2),
      metric: ({ prediction }) => prediction.answer.length > 0,
    });
    for await (const event of running) events.push(event);
    const outcome = await running.outcome;

    expect(events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []))).to.deep.equal([
      'before',
      'optimize',
      'after',
    ]);
    expect(events.filter(({ type }) => type === 'progress')).to.have.length(outcome.evaluations + outcome.remembered);
    expect([outcome.before, outcome.after]).to.deep.equal([1, 1]);
    expect(outcome.saved?.revision).to.equal((await context.variables.read(qa.learned.variable as never)).version);
    expect(await qa.learned.get()).to.deep.equal(outcome.learned);
    expect(outcome.learned).to.include({ module: 'Predict', signature, optimizer: 'BootstrapFewShot' });
    // Its progress and its metric have gone.
    expect(await context.variables.list(`${journal}*`)).to.deep.equal([]);
    const tools = await system.current.bridge.bridge.call('tools');
    expect(tools.map(({ description }) => description.name).join()).to.not.include('ophion.metric');

    const learned = told(await qa.runDetailed({ question: 'What is a rose?' }));
    expect(learned.prompt).to.be.above(plain.prompt + 10);
    const before = await system.current.pools.default.ready(1);
    for (const { osPid } of before.workers) process.kill(osPid as number, 'SIGKILL');
    const after = await qa.runDetailed({ question: 'What is a rose?' });
    expect(told(after)).to.deep.equal(learned);
    const { workers } = await system.current.pools.default.ready(1);
    for (const { osPid } of before.workers) expect(workers.map((one) => one.osPid)).to.not.include(osPid);
  });
});

describe('an optimizer of DSPy in a worker', function () {
  this.timeout(60_000);
  const system = useSystem(() => pool(2, { OPHION_LM: 'stand-in' }));

  it('goes on in another worker when its own is killed, and scores nothing twice', async () => {
    const scored = ({ prediction }: Scored<Qa>) => prediction.answer.length / 1_000;
    let whole = 0;
    {
      await using context = await open(system.current);
      const metric = (one: Scored<Qa>) => {
        whole += 1;
        return scored(one);
      };
      await program(context).optimize({ ...options, trainset, metric }).outcome;
    }
    await using context = await open(system.current);
    let at = '';
    const stop = system.app.system.events.onAll((event) => {
      if (event.type !== 'tool.dispatched') return;
      stop();
      at = (event as unknown as { worker: string }).worker;
    });
    const asked: string[] = [];
    const kill = async () => {
      // Three answers and the scores of two.
      await kept(context, 5);
      const { workers } = await system.current.pools.default.ready(2);
      process.kill(workers.find(({ pid }) => String(pid) === at)?.osPid as number, 'SIGKILL');
      await new Promise(() => {});
    };
    const metric = async (one: Scored<Qa>) => {
      asked.push(JSON.stringify(one));
      return asked.length === 3 ? ((await kill()) as never) : scored(one);
    };
    const events: OptimizeEvent[] = [];
    const running = program(context).optimize({ ...options, trainset, metric });
    for await (const event of running) events.push(event);
    const { remembered, evaluations } = await running.outcome;

    const began = events.flatMap((event) => (event.type === 'began' ? [[event.attempt, event.remembered]] : []));
    expect(began).to.deep.equal([
      [1, 0],
      [2, 5],
    ]);
    expect(events.filter(({ type }) => type === 'interrupted')).to.have.length(1);
    // The one that was under way is asked about again, and no other.
    expect(asked).to.have.length(whole + 1);
    expect(new Set(asked).size).to.equal(whole);
    expect(evaluations).to.equal(whole - 2);
    expect(remembered).to.be.at.least(2);
  });

  it('goes on in a later call after it was given up', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    const leaving = new AbortController();
    let asked = 0;
    const metric = async () => {
      asked += 1;
      if (asked === 4) {
        await kept(context, 7);
        leaving.abort();
        await new Promise(() => {});
      }
      return 0.5;
    };
    const running = qa.optimize({ ...options, trainset, metric, signal: leaving.signal });
    expect(await rejection(running.outcome)).to.have.property('name', 'AbortError');
    expect(await context.locks()).to.deep.equal([]);
    const { evaluations } = await qa.optimize({ ...options, trainset, metric }).outcome;
    await qa.learned.clear();
    // Another metric is another optimization.
    const anew = qa.optimize({ ...options, trainset, metric: () => 0.25 });
    for await (const event of anew) if (event.type === 'began') expect(event.remembered).to.equal(0);
    const whole = (await anew.outcome).evaluations;
    expect(evaluations).to.equal(whole - 3);
    expect(asked).to.equal(whole + 1);
  });

  it('holds the lock of the learned state all the while: another one is refused', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    let inMetric: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      inMetric = resolve;
    });
    const running = qa.optimize({
      ...options,
      trainset,
      metric: (_, signal) => {
        inMetric();
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    await begun;
    const error = (await rejection(qa.optimize({ ...options, trainset, metric: () => 1 }).outcome)) as StateError;
    expect(error).to.be.instanceOf(StateError).with.property('code', 'locked');
    expect(error.message).to.include(learnedVariable('qa'));
    const reason = new Error('enough');
    running.cancel(reason);
    expect(await rejection(running.outcome)).to.equal(reason);
    expect(await context.locks()).to.deep.equal([]);
  });

  it('ends with what its metric throws, and saves nothing', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    const metric = () => {
      throw new RangeError('out of scale');
    };
    const error = (await rejection(qa.optimize({ ...options, trainset, metric }).outcome)) as ToolError;
    expect(error).to.be.instanceOf(ToolError);
    expect(error.message).to.include('out of scale');
    expect(await qa.learned.get()).to.equal(undefined);
  });

  it('leaves the program as it is when what was learned scores less', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    let asked = 0;
    // Good before, bad after: scores fall with every one.
    const metric = () => 1 / (1 + asked++);
    const { before, after, saved } = await qa.optimize({ ...options, save: 'better', trainset, metric }).outcome;
    expect(after).to.be.below(before);
    expect(saved).to.equal(undefined);
    expect(await qa.learned.get()).to.equal(undefined);
  });

  it('refuses what does not fit before a worker is asked', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    const metric = () => 1;
    for (const [examples, says] of [
      [[], 'the trainset has no example'],
      [[{ answer: 'green' }], "example 0 of the trainset: input 'question' is missing"],
      [[{ question: 7 }], "example 0 of the trainset: input 'question' is not"],
    ] as const) {
      const error = (await rejection(
        qa.optimize({ ...options, trainset: examples as never, metric }).outcome,
      )) as StateError;
      expect(error).to.have.property('code', 'invalid');
      expect(error.message).to.include(says);
    }
    const native = context.program('native', { signature, run: () => ({ answer: '' }) });
    const refused = (await rejection(native.optimize({ ...options, trainset, metric }).outcome)) as Error;
    expect(refused.message).to.include('is no DSPy module');
  });

  it('names an optimizer and an option that there is not', async () => {
    await using context = await open(system.current);
    const qa = program(context);
    const metric = () => 1;
    const unknown = (await rejection(qa.optimize({ optimizer: 'Nothing', trainset, metric }).outcome)) as Error;
    expect(unknown.message).to.include("there is no optimizer 'Nothing'");
    const wrong = qa.optimize({ optimizer: 'BootstrapFewShot', options: { demos: 1 }, trainset, metric });
    expect(((await rejection(wrong.outcome)) as Error).message).to.include("no option 'demos'");
  });
});
