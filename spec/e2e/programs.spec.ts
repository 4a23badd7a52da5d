import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { nextEvent } from '../../devtools/index.ts';
import {
  type AnyEvent,
  boolean,
  CallTimeoutError,
  choice,
  declare,
  embedding,
  float,
  integer,
  type LmCall,
  module,
  nodeRuntime,
  openContext,
  ophion,
  ProgramError,
  python,
  startSupervisor,
  string,
  ToolError,
  tool,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';
import { lmProvider } from '../helpers/lm-provider.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const question = 'Why is the sky blue?';
const declared = declare({
  temperature: float({ default: 0 }),
  max_tokens: integer({ default: 40 }),
  loud: boolean({ default: true }),
  strategy: module({ modules: ['Predict', 'ChainOfThought'] }),
  model: string({ default: 'local' }),
  place: embedding({ dimensions: 2, default: [0.5, 0.25] }),
  style: choice(['short', 'long'], { default: 'short' }),
});
const cheap = { temperature: 'temperature', max_tokens: 'max_tokens' } as const;

const start = (cache: string) =>
  startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        pools: {
          default: python({
            ...{ module: 'program_tools', pythonPath: [fixtures], size: 1, capacity: 4 },
            env: { DSPY_CACHEDIR: cache },
          }),
        },
      }),
    },
  });

describe('programs in real Python workers', function () {
  this.timeout(120_000);
  let app: Awaited<ReturnType<typeof start>>;
  let context: Awaited<ReturnType<typeof open>>;
  const events: AnyEvent[] = [];
  const open = () => openContext(app.children.ophion, { variables: declared });
  const told = <T>(type: string): T[] => events.filter((event) => event.type === type) as T[];

  let cache = '';
  before(async () => {
    cache = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
    app = await start(cache);
    app.system.events.onAll((event) => events.push(event));
    context = await open();
  });
  beforeEach(() => {
    events.length = 0;
  });
  after(async () => {
    await context?.close();
    await app?.stop();
    rmSync(cache, { recursive: true, force: true });
  });

  describe('that are Python functions', () => {
    it('take inputs and bound variables by name, and answer their outputs', async () => {
      const rank = context.program('rank', {
        python: 'program_tools:rank',
        signature: 'items: list[str] -> best: list[str], count: int',
        bind: { limit: 'max_tokens' },
      });
      await context.variables.set('max_tokens', 2);
      const run = await rank.runDetailed({ items: ['a', 'ccc', 'bb'] });
      expect(run.output).to.deep.equal({ best: ['ccc', 'bb'], count: 3 });
      expect(run.facts).to.deep.include({ program: 'program_tools:rank', bound: { limit: 2 } });
      expect(run.revision).to.equal(run.facts.revision);
      await context.variables.set('max_tokens', 40);
    });

    it('may be async, see the session, and answer one output without its name', async () => {
      const upper = context.program('upper', { python: 'program_tools:slow_upper', signature: 'text -> loud' });
      expect(await upper.run({ text: 'hi' })).to.deep.equal({ loud: 'HI' });
      await context.variables.set('loud', false);
      expect(await upper.run({ text: 'hi' })).to.deep.equal({ loud: 'hi' });
    });

    for (const name of ['spell', 'spell_slowly']) {
      it(`stream what a generator yields: ${name}`, async () => {
        const spell = context.program('spell', { python: `program_tools:${name}`, signature: 'text -> spelled' });
        const got: string[] = [];
        for await (const event of spell.stream({ text: 'abc' })) {
          got.push(
            event.type === 'token'
              ? `${event.field}:${event.text}`
              : JSON.stringify(event.type === 'run' && event.run.output),
          );
        }
        expect(got).to.deep.equal(['spelled:a', 'spelled:b', 'spelled:c', '{"spelled":"abc"}']);
        expect(await spell.run({ text: 'xy' })).to.deep.equal({ spelled: 'xy' });
      });
    }

    it('are cancelled when their stream is left, or their time is over', async () => {
      const given = context.program('given', {
        python: 'program_tools:has_given_up',
        signature: 'x: int | None -> up: bool',
      });
      const endless = context.program('endless', { python: 'program_tools:endless', signature: 'x: int | None -> y' });
      let pieces = 0;
      for await (const _ of endless.stream({})) if (++pieces === 3) break;
      expect(await given.run({})).to.deep.equal({ up: true });
      const hang = context.program('hang', {
        python: 'program_tools:hang',
        signature: 'x: int | None -> y',
        timeoutMs: 200,
      });
      expect(await rejection(hang.run({}))).to.be.instanceOf(CallTimeoutError);
      expect(await given.run({})).to.deep.equal({ up: true });
    });

    it('fail as what they raise, with their traceback', async () => {
      const fail = context.program('fail', { python: 'program_tools:fail', signature: 'x: int | None -> y' });
      const error = (await rejection(fail.run({}))) as ToolError;
      expect(error).to.be.instanceOf(ToolError).with.property('remoteType', 'LookupError');
      expect(error.remoteTraceback).to.include('in fail');
    });

    for (const [what, definition, code, message] of [
      [
        'a module that is not there',
        { python: 'no_such.thing:f' },
        'bad_module',
        /'no_such.thing'.*No module named 'no_such'/,
      ],
      [
        'a module that does not import',
        { python: 'not_importing:f' },
        'bad_module',
        /'not_importing' does not import: RuntimeError: it needs a key/,
      ],
      ['a function that is not there', { python: 'program_tools:ranc' }, 'bad_module', /has no 'ranc'; it has rank/],
      ['an argument that it does not take', { python: 'program_tools:rank' }, 'bad_option', /unknown argument 'x'/],
      ['an output of another type', { python: 'program_tools:misfit' }, 'bad_output', /output 'n' is not int: "seven"/],
    ] as const) {
      it(`are refused by name: ${what}`, async () => {
        const program = context.program('p', { signature: 'x: int | None -> n: int', ...definition });
        const error = (await rejection(program.run(what.startsWith('an argument') ? { x: 1 } : {}))) as ProgramError;
        expect(error).to.be.instanceOf(ProgramError).with.property('code', code);
        expect(error.message).to.match(message);
        expect(told('program.ended')).to.have.lengthOf(1);
      });
    }
  });

  describe('that are DSPy modules', () => {
    it('are chosen by a variable, as is the language model, at the very next run', async () => {
      const qa = context.program('qa', {
        dspy: 'Predict',
        signature: 'question -> answer',
        bind: { ...cheap, module: 'strategy', lm: 'model' },
      });
      await context.variables.set('model', 'stand-in');
      const first = await qa.runDetailed({ question });
      expect(first.facts.program).to.equal('Predict');
      await context.variables.set('strategy', 'ChainOfThought');
      const second = await qa.runDetailed({ question });
      expect(second.facts.program).to.equal('ChainOfThought');
      expect(second.facts.language_model).to.include({ model: 'stand-in' });
      await context.variables.batch({ model: 'local', strategy: 'Predict' });
      expect((await qa.runDetailed({ question })).facts.language_model).to.not.include({ model: 'stand-in' });
    });

    it('take constructor arguments from variables, an embedding, too', async () => {
      const grounded = context.program('grounded', {
        dspy: 'program_tools:Grounded',
        signature: 'question -> answer',
        bind: { ...cheap, place: 'place' },
        lm: 'stand-in',
      });
      expect((await grounded.runDetailed({ question })).facts.place).to.deep.equal([0.5, 0.25]);
    });

    it('have the types of their signature, and what they are told of its fields', async () => {
      const kinds = context.program('kinds', {
        dspy: 'Predict',
        signature: "text -> kind: Literal['praise', 'blame'], words: list[str], sure: bool, n: int | None",
        instructions: 'Sort what people say.',
        describe: { text: 'what somebody said' },
        bind: { temperature: 'temperature' },
      });
      const { kind, words, sure } = await kinds.run({ text: 'Well done!' });
      expect(['praise', 'blame']).to.include(kind);
      expect(words.every((word) => typeof word === 'string') && typeof sure).to.equal('boolean');
    });

    it('compare chains of thought, each of another seed', async () => {
      const compared = context.program('compared', {
        dspy: 'MultiChainComparison',
        signature: 'question -> answer',
        options: { M: 2, temperature: 0.5 },
        lm: 'stand-in',
      });
      const run = await compared.runDetailed({ question });
      const calls = run.facts.lm_calls as unknown as { seed: number; temperature: number }[];
      expect(calls.map(({ seed }) => seed).slice(0, 2)).to.deep.equal([1, 2]);
      expect(calls).to.have.lengthOf(3);
      expect(run.output.answer).to.be.a('string');
    });

    for (const model of ['local', 'stand-in']) {
      it(`call TypeScript tools by their schemas, as agents, whatever the model writes: ${model}`, async () => {
        const asked: unknown[] = [];
        await context.expose({
          price_of: tool(
            {
              description: 'The price of a fruit in cents.',
              input: z.object({ fruit: z.enum(['apple', 'pear']), pieces: z.int().min(1).max(9) }),
              output: z.int(),
            },
            (args) => {
              asked.push(args);
              return 12 * args.pieces;
            },
          ),
        });
        const agent = context.program('agent', {
          dspy: 'ReAct',
          signature: 'question -> answer',
          tools: ['price_of'],
          options: { max_iters: 1 },
          trace: true,
          bind: { temperature: 'temperature' },
          lm: model,
        });
        const run = await agent.runDetailed({ question: 'What do three apples cost?' });
        expect(run.output.answer).to.be.a('string');
        // A language model may think that it knows without asking; the stand-in asks.
        if (model === 'stand-in') expect(asked).to.have.lengthOf(1);
        const steps = told<{ kind: string; name: string; error: unknown }>('program.step');
        const called = steps.filter(({ kind, name }) => kind === 'tool' && name === 'price_of');
        // None was refused for its arguments.
        expect(called.map(({ error }) => error)).to.deep.equal(asked.map(() => undefined));
        expect(steps.at(-1)).to.include({ kind: 'module', name: 'ReAct' });
      });
    }

    it('are refused when a tool that they are to call is not exposed, naming those that are', async () => {
      await context.unexpose('price_of');
      await context.expose({ other: () => 1 });
      const agent = context.program('agent', { dspy: 'ReAct', signature: 'question -> answer', tools: ['price_of'] });
      const error = await rejection(agent.run({ question }));
      expect(error).to.have.property('code', 'unknown_tool');
      expect((error as Error).message).to.match(/'price_of' is not exposed; exposed are other/);
    });

    it('stream an output of choice, with status messages between', async () => {
      const thinker = context.program('thinker', {
        dspy: 'ChainOfThought',
        signature: 'question -> verse, answer',
        bind: cheap,
        lm: 'stand-in',
      });
      const seen: string[] = [];
      let text = '';
      let verse = '';
      for await (const event of thinker.stream({ question }, { field: 'verse', status: true })) {
        if (event.type === 'status') seen.push(event.text);
        else if (event.type === 'token') text += event.text;
        else verse = event.run.output.verse;
      }
      expect(text).to.equal(verse);
      expect(seen).to.include.members(['ChainOfThought began', 'asking local/stand-in', 'the language model answered']);
    });

    it('have their status worded by a class of their own', async () => {
      const worded = context.program('worded', {
        dspy: 'Predict',
        signature: 'question -> answer',
        status: 'program_tools:Worded',
        lm: 'stand-in',
      });
      const seen: string[] = [];
      for await (const event of worded.stream({ question }, { status: true }))
        if (event.type === 'status') seen.push(event.text);
      expect(seen).to.deep.equal(['thinking']);
    });

    it('stop generating when their stream is left, or their signal aborts', async () => {
      const story = context.program('story', {
        dspy: 'Predict',
        signature: 'question -> answer',
        bind: { temperature: 'temperature' },
        lm: { model: 'local', max_tokens: 900 },
      });
      const long = { question: 'Tell a very long story.' };
      let pieces = 0;
      for await (const _ of story.stream(long)) if (++pieces === 5) break;
      const stop = new AbortController();
      const dispatched = nextEvent(app, 'tool.dispatched');
      const running = rejection(story.run(long, { signal: stop.signal }));
      await dispatched;
      const reason = new Error('enough');
      stop.abort(reason);
      expect(await running).to.equal(reason);
      // The engine runs one call at a time: the next one would wait for 900 tokens, twice.
      const short = context.program('short', { dspy: 'Predict', signature: 'question -> answer', bind: cheap });
      const { facts } = await short.runDetailed({ question });
      expect(facts.ms).to.be.below(20_000);
    });

    for (const [what, definition, code, message] of [
      ['a module that dspy does not have', { dspy: 'Predikt' }, 'bad_module', /no module 'Predikt'; it has .*Predict/],
      [
        'an option that there is not',
        { dspy: 'ReAct', options: { rounds: 1 } },
        'bad_option',
        /no option 'rounds'.*max_iters/,
      ],
      ['a value that it does not take', { dspy: 'MultiChainComparison', options: { M: 1 } }, 'bad_option', /not 1/],
      ['tools where there are none', { dspy: 'Predict', tools: ['x'] }, 'bad_option', /takes no tools/],
    ] as const) {
      it(`are refused by name: ${what}`, async () => {
        const program = context.program('p', {
          signature: 'question -> answer',
          lm: 'stand-in',
          ...definition,
        } as never);
        const error = (await rejection(
          (program as { run(i: object): Promise<unknown> }).run({ question }),
        )) as ProgramError;
        expect(error).to.be.instanceOf(ProgramError).with.property('code', code);
        expect(error.message).to.match(message);
        expect(error.cause).to.be.instanceOf(ToolError).with.property('remoteType', 'ProgramError');
      });
    }

    it('run many inputs at once, each settled by itself', async () => {
      const qa = context.program('qa', { dspy: 'Predict', signature: 'n: int -> answer', lm: 'stand-in' });
      const outcomes = await qa.batch(
        [1, 2, 3, 4, 5, 6].map((n) => ({ n: n === 4 ? ('x' as never) : n })),
        { concurrency: 3 },
      );
      expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['run', 'run', 'run', 'error', 'run', 'run']);
    });
  });

  describe('whose language model is a service', () => {
    const over = (url: string, more: object = {}) => ({
      ...{ dspy: 'Predict', signature: 'question -> answer' as const, bind: cheap },
      lm: { model: 'openai/gpt-4o-mini', api_base: url, api_key: 'none', num_retries: 0, ...more },
    });
    const ask = (url: string, more: object = {}, lm: object = {}) =>
      context.program('asked', { ...over(url, lm), ...more }).runDetailed({ question });

    it('tell of each call its tokens, its cost, its time, and whether the cache had it', async () => {
      await using provider = await lmProvider();
      const run = await ask(provider.url, {}, { cache: true });
      expect(run.output).to.deep.equal({ answer: 'four' });
      expect(provider.asked[0]).to.include({ model: 'gpt-4o-mini', temperature: 0 });
      await ask(provider.url, {}, { cache: true });
      const calls = told<{ call: LmCall; program: string }>('program.lm_called');
      expect(calls.map(({ program }) => program)).to.deep.equal(['asked', 'asked']);
      expect(calls[0]?.call).to.include({
        model: 'openai/gpt-4o-mini',
        promptTokens: 100,
        completionTokens: 10,
        cached: false,
      });
      expect(calls[0]?.call.cost).to.be.within(1e-6, 1e-3);
      expect(calls[1]?.call).to.include({ promptTokens: 0, completionTokens: 0, cost: 0, cached: true });
      expect(provider.asked).to.have.lengthOf(1);
      expect((run.facts.lm_calls as object[])[0]).to.include({
        prompt_tokens: 100,
        completion_tokens: 10,
        cached: false,
      });
    });

    it('are refused as rate-limited, with how long to wait, when they may not be run again', async () => {
      await using provider = await lmProvider({ status: 429, headers: { 'retry-after': '7' } });
      const error = (await rejection(ask(provider.url))) as ProgramError;
      expect(error).to.be.instanceOf(ProgramError).with.property('code', 'lm_rate_limited');
      expect(error.retryAfterMs).to.equal(7_000);
      expect(provider.asked).to.have.lengthOf(1);
      expect(told<{ call: LmCall }>('program.lm_called')[0]?.call.error).to.equal('LMRateLimitError');
    });

    it('are run again after as long as the provider says, when that does no harm', async () => {
      await using provider = await lmProvider();
      provider.next({ status: 429, headers: { 'retry-after': '0.05' } }, { status: 503 });
      const run = await ask(provider.url, { idempotent: true, retry: { pauseMs: 10 } });
      expect([run.output.answer, run.attempts, provider.asked.length]).to.deep.equal(['four', 3, 3]);
      const retried = told<{ attempt: number; pauseMs: number }>('program.retried');
      expect(retried.map(({ attempt, pauseMs }) => [attempt, pauseMs])).to.deep.equal([
        [1, 50],
        [2, 20],
      ]);
    });

    it('are not run again when the wait is longer than the time that is left', async () => {
      await using provider = await lmProvider({ status: 429, headers: { 'retry-after': '60' } });
      const error = await rejection(ask(provider.url, { idempotent: true, timeoutMs: 20_000 }));
      expect(error).to.have.property('code', 'lm_rate_limited');
      expect(provider.asked).to.have.lengthOf(1);
    });

    it('are unavailable when nobody listens there, and refused for a key that is not taken', async () => {
      const provider = await lmProvider({ status: 401 });
      expect(await rejection(ask(provider.url))).to.have.property('code', 'lm_refused');
      await provider[Symbol.asyncDispose]();
      expect(await rejection(ask(provider.url))).to.have.property('code', 'lm_unavailable');
    });

    it('have the code that it writes run in a process beside the worker, when they say so', async () => {
      await using provider = await lmProvider();
      provider.next(
        { outputs: { reasoning: 'add them', generated_code: "SUBMIT({'answer': sum(range(5))})" } },
        { outputs: { reasoning: 'read it', answer: 'ten' } },
      );
      const options = { interpreter: 'local', max_iters: 1 };
      const run = await ask(provider.url, { dspy: 'ProgramOfThought', options });
      expect(run.output).to.deep.equal({ answer: 'ten' });
      // What the code gave is what the model was then asked about.
      expect(JSON.stringify(provider.asked[1]))
        .to.include('code_output')
        .and.to.match(/answer[^}]*10/);
    });

    it('fail by name when the answer has not the outputs', async () => {
      await using provider = await lmProvider();
      const typed = context.program('typed', { ...over(provider.url), signature: 'question -> n: int' });
      expect(await rejection(typed.run({ question }))).to.have.property('code', 'lm_answer');
    });
  });
});

describe('a DSPy program whose workers have no DSPy', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ pools: { default: python({ module: 'without_dspy', pythonPath: [fixtures] }) } }),
  );

  it('is refused by name, with what to install', async () => {
    await using context = await openContext(system.current);
    const program = context.program('p', { dspy: 'Predict', signature: 'a -> b' });
    for (const failure of [program.run({ a: '' }), program.stream({ a: '' }).next()]) {
      const error = await rejection(failure);
      expect(error).to.be.instanceOf(ProgramError).with.property('code', 'bad_module');
      expect((error as Error).message).to.include("pip install 'ophion[dspy]'");
    }
  });

  it('leaves Python functions to run', async () => {
    await using context = await openContext(system.current);
    const length = context.program('length', {
      python: 'builtins:sorted',
      signature: 'iterable: list[int] -> sorted: list[int]',
    });
    expect(await rejection(length.run({ iterable: [1] }))).to.have.property('code', 'bad_module');
    const dumped = context.program('dumped', { python: 'json:dumps', signature: 'obj: list[int] -> text' });
    expect(await dumped.run({ obj: [1, 2] })).to.deep.equal({ text: '[1, 2]' });
  });
});
