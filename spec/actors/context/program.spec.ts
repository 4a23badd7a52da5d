import { expect } from 'chai';
import type { ProgramSystemEvent } from '../../../actors/context/index.ts';
import {
  CallTimeoutError,
  type Context,
  choice,
  declare,
  embedding,
  float,
  integer,
  json,
  openContext,
  ophion,
  ProgramError,
  type ProgramEvent,
  SignatureError,
  string,
} from '../../../index.ts';
import { rejection, useSystem } from '../../../testing/index.ts';

const declared = declare({
  temperature: float({ min: 0, max: 2, default: 0.7 }),
  rounds: integer({ default: 2 }),
  style: choice(['short', 'long'], { default: 'short' }),
  notes: json({ default: ['a'] }),
  question: string({ default: 'Why?' }),
  place: embedding({ dimensions: 2 }),
});

const thrown = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Opens a gate once, for whoever waits at it. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open: () => void = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('a program that is registered', () => {
  const system = useSystem(() => ophion());
  const open = () => openContext(system.current, { variables: declared });
  const run = () => ({ b: '' });

  it('shows where its signature goes wrong', async () => {
    await using context = await open();
    const error = thrown(() => context.program('p', { signature: 'a -> b: strange', run }));
    expect(error).to.be.instanceOf(SignatureError).with.property('position', 8);
  });

  for (const [what, definition, code, message] of [
    ['says not what it is', { signature: 'a -> b' }, 'bad_program', /one of dspy, python and run.*none of them/],
    ['says it twice', { signature: 'a -> b', dspy: 'Predict', run }, 'bad_program', /not dspy and run/],
    ['has an option that there is not', { signature: 'a -> b', run, idempotant: true }, 'bad_option', /'idempotant'/],
    ['has an option of another kind', { signature: 'a -> b', run, pool: 'x' }, 'bad_option', /no option 'pool'/],
    ['names no function', { signature: 'a -> b', python: 'my_module' }, 'bad_module', /package.module:function/],
    ['names no module', { signature: 'a -> b', dspy: 'no-name' }, 'bad_module', /no-name/],
    ['has no function', { signature: 'a -> b', run: 'x' }, 'bad_program', /no function/],
    ['describes no field', { signature: 'a -> b', dspy: 'Predict', describe: { c: 'x' } }, 'bad_option', /'c'/],
    ['has a model without a name', { signature: 'a -> b', dspy: 'Predict', lm: {} }, 'bad_program', /lm has no name/],
    ['is bound to no name', { signature: 'a -> b', run, bind: { x: 1 } }, 'bad_program', /'x' is bound to 1/],
    ['has no time', { signature: 'a -> b', run, timeoutMs: 0 }, 'bad_option', /timeoutMs/],
    ['never tries', { signature: 'a -> b', run, retry: { attempts: 0 } }, 'bad_option', /attempts.*0/],
  ] as const) {
    it(`is refused at once when it ${what}`, async () => {
      await using context = await open();
      const error = thrown(() => context.program('p', definition as never));
      expect(error).to.be.instanceOf(ProgramError).with.property('code', code);
      expect((error as Error).message)
        .to.match(/^program 'p': /)
        .and.to.match(message);
      expect(context.state).to.equal('local');
    });
  }
});

describe("a program's bindings", () => {
  const system = useSystem(() => ophion());
  const open = () => openContext(system.current, { variables: declared });
  /** What a program of a worker answers that nobody has: the checks before it are what is tested. */
  const refusal = async (context: Context<never>, definition: object) =>
    rejection(context.program('p', { signature: 'question -> answer', ...definition } as never).run({} as never));

  for (const [bind, message] of [
    [
      { temperature: 'style' },
      /'style' is bound to parameter 'temperature', which takes a number, .* a choice .*short/,
    ],
    [{ max_tokens: 'temperature' }, /takes a whole number.*float.*0\.7/],
    [{ temperature: 'notes' }, /takes a number.*json.*\["a"\]/],
    [{ lm: 'rounds' }, /takes a name.*an integer variable with the value 2/],
    [{ module: 'question' }, /takes a module or choice variable, but it is a string variable/],
    [{ question: 'rounds' }, /takes str.*2/],
  ] as const) {
    it(`are refused before a worker is touched where the variable does not fit: ${JSON.stringify(bind)}`, async () => {
      await using context = await open();
      const error = await refusal(context as never, {
        dspy: 'Predict',
        bind: { question: 'question', ...bind },
      });
      expect(error).to.be.instanceOf(ProgramError).with.property('code', 'bad_binding');
      expect((error as ProgramError).details).to.have.keys('name', 'parameter');
      expect((error as Error).message).to.match(message);
    });
  }

  it('are refused when a variable is not there, naming those that are', async () => {
    await using context = await open();
    const error = await refusal(context as never, { dspy: 'Predict', bind: { question: 'nope' } });
    expect(error).to.have.property('code', 'not_found');
    expect((error as Error).message).to.match(/'question' is bound to variable 'nope'.*temperature, rounds/);
  });

  it('take a variable as it was when the program first ran: another type is refused', async () => {
    await using context = await open();
    const told = context.program('told', {
      signature: 'a -> b',
      bind: { style: 'style', rounds: 'rounds' },
      run: ({ a }, { parameters }) => ({ b: `${a} ${parameters.style} ${parameters.rounds}` }),
    });
    expect(await told.run({ a: 'x' })).to.deep.equal({ b: 'x short 2' });
    // A number may become another kind of number.
    await context.variables.remove('rounds');
    await context.declare({ rounds: float({ default: 2.5 }) });
    expect(await told.run({ a: 'x' })).to.deep.equal({ b: 'x short 2.5' });
    await context.variables.remove('style');
    await context.declare({ style: integer({ default: 7 }) });
    const error = await rejection(told.run({ a: 'x' }));
    expect(error).to.have.property('code', 'bad_binding');
    expect((error as Error).message).to.match(/'style'.*a choice variable when.*first ran; now it is an integer/);
  });

  it('give an input that is bound, and what may be null when it is left out', async () => {
    await using context = await open();
    const told = context.program('told', {
      signature: 'question, hint: str | None, n: int -> answer',
      bind: { question: 'question' },
      run: ({ question, hint, n }) => ({ answer: `${question} ${hint} ${n}` }),
    });
    expect(await told.run({ n: 1 })).to.deep.equal({ answer: 'Why? null 1' });
    expect(await told.run({ n: 1, question: 'Who?', hint: 'x' })).to.deep.equal({ answer: 'Who? x 1' });
    expect(await rejection(told.run({} as never))).to.have.property('code', 'invalid');
  });
});

describe('a program in TypeScript', () => {
  const system = useSystem(() => ophion());
  const open = () => openContext(system.current, { variables: declared });
  const told = (type: ProgramSystemEvent['type']) =>
    system.events.filter((event) => event.type === type) as ProgramSystemEvent[];

  for (const [what, answer, message] of [
    ['is missing', {}, /output 'b' is missing/],
    ['is of another type', { b: '1' }, /output 'b' is not int: "1"/],
    ['is no object', 7, /it answered 7, not an object with b/],
  ] as const) {
    it(`has its outputs held against its signature: what ${what}`, async () => {
      await using context = await open();
      const program = context.program('p', { signature: 'a -> b: int', run: () => answer as never });
      const error = await rejection(program.run({ a: '' }));
      expect(error).to.be.instanceOf(ProgramError).with.property('code', 'bad_output');
      expect((error as Error).message).to.match(message);
      expect(told('program.started')).to.have.lengthOf(1);
      expect(told('program.ended')).to.have.lengthOf(1);
      expect(told('program.ended')[0]).to.include({ program: 'p', attempts: 1, error });
    });
  }

  it('runs once, whatever it throws, and that is what its run rejects with', async () => {
    await using context = await open();
    const failure = new Error('its own');
    let runs = 0;
    const program = context.program('p', {
      signature: 'a -> b',
      idempotent: true,
      run: () => {
        runs += 1;
        throw failure;
      },
    });
    expect(await rejection(program.run({ a: '' }))).to.equal(failure);
    expect(runs).to.equal(1);
  });

  it('is given up when its time is over, and hears of it', async () => {
    await using context = await open();
    const heard = gate();
    const program = context.program('p', {
      signature: 'a -> b',
      timeoutMs: 20,
      run: (_, { signal }) => {
        signal.addEventListener('abort', heard.open);
        return new Promise<never>(() => {});
      },
    });
    const error = await rejection(program.run({ a: '' }));
    expect(error).to.be.instanceOf(CallTimeoutError).with.property('timeoutMs', 20);
    await heard.passed;
  });

  it('is given up with the reason of its signal, before it begins, too', async () => {
    await using context = await open();
    let runs = 0;
    const begun = gate();
    const program = context.program('p', {
      signature: 'a -> b',
      run: () => {
        runs += 1;
        begun.open();
        return new Promise<never>(() => {});
      },
    });
    const stop = new AbortController();
    const running = rejection(program.run({ a: '' }, { signal: stop.signal }));
    await begun.passed;
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await running).to.equal(reason);
    expect(await rejection(program.run({ a: '' }, { signal: stop.signal }))).to.equal(reason);
    expect(runs).to.equal(1);
  });

  it('has a signal that does not abort when it has answered', async () => {
    await using context = await open();
    const signals: AbortSignal[] = [];
    const program = context.program('p', {
      signature: 'a -> b',
      run: ({ a }, { signal }) => {
        signals.push(signal);
        return { b: a };
      },
    });
    await program.run({ a: 'x' });
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false]);
  });

  it('streams what an async generator yields, then the run', async () => {
    await using context = await open();
    const program = context.program('p', {
      signature: 'a -> thought, b',
      run: async function* ({ a }) {
        yield { field: 'thought', text: 'hm' };
        yield a;
        yield '!';
        return { thought: 'hm', b: `${a}!` };
      },
    });
    const events = await all(program.stream({ a: 'x' }));
    expect(events.slice(0, -1)).to.deep.equal([
      { type: 'token', field: 'thought', text: 'hm' },
      { type: 'token', field: 'b', text: 'x' },
      { type: 'token', field: 'b', text: '!' },
    ]);
    expect(events.at(-1)).to.have.nested.property('run.output.b', 'x!');
    expect(await program.run({ a: 'y' })).to.deep.equal({ thought: 'hm', b: 'y!' });
    expect(await rejection(program.stream({ a: 'x' }, { field: 'c' as 'b' }).next())).to.have.property(
      'code',
      'bad_option',
    );
  });

  it('is stopped when its stream is left: its `finally` runs, its signal aborts, and the run is told as ended', async () => {
    await using context = await open();
    const cleaned = gate();
    let aborted = false;
    const program = context.program('p', {
      signature: 'a -> b',
      run: async function* (_, { signal }) {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        try {
          for (;;) yield 'more ';
        } finally {
          cleaned.open();
        }
      },
    });
    const seen: ProgramEvent<'a -> b'>[] = [];
    for await (const event of program.stream({ a: '' })) {
      seen.push(event);
      if (seen.length === 3) break;
    }
    await cleaned.passed;
    expect([seen.length, aborted]).to.deep.equal([3, true]);
    expect(told('program.ended')).to.have.lengthOf(1);
  });
});

describe('a batch', () => {
  const system = useSystem(() => ophion());
  const open = () => openContext(system.current);

  /** Doubles a number, one step at a time; counts how many are at it. */
  function doubling(context: Context) {
    const at = { now: 0, most: 0, begun: [] as number[] };
    const program = context.program('double', {
      signature: 'n: int -> twice: int',
      run: async ({ n }, { signal }) => {
        at.begun.push(n);
        at.now += 1;
        at.most = Math.max(at.most, at.now);
        try {
          // The first ones take longest.
          for (let turns = 0; turns < 30 - n; turns += 1) await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
          if (n % 5 === 3) throw new Error(`no ${n}`);
          return { twice: 2 * n };
        } finally {
          at.now -= 1;
        }
      },
    });
    return { at, program };
  }
  const inputs = Array.from({ length: 12 }, (_, n) => ({ n }));

  it('answers outcomes in the order of its inputs, each settled by itself, so many at a time, and tells its progress', async () => {
    await using context = await open();
    const { at, program } = doubling(context);
    const progress: number[][] = [];
    const outcomes = await program.batch(inputs, {
      concurrency: 3,
      onProgress: ({ done, failed, total }) => progress.push([done, failed, total]),
    });
    expect(outcomes.map(({ index }) => index)).to.deep.equal(inputs.map(({ n }) => n));
    for (const outcome of outcomes) {
      if (outcome.kind === 'run') expect(outcome.run.output).to.deep.equal({ twice: 2 * outcome.index });
      else expect(outcome.error).to.have.property('message', `no ${outcome.index}`);
    }
    expect(outcomes.filter(({ kind }) => kind === 'error').map(({ index }) => index)).to.deep.equal([3, 8]);
    expect(at.most).to.equal(3);
    expect(progress.map(([done]) => done)).to.deep.equal(inputs.map(({ n }) => n + 1));
    expect(progress.at(-1)).to.deep.equal([12, 2, 12]);
  });

  it('yields outcomes as they come, the quick ones first', async () => {
    await using context = await open();
    const { program } = doubling(context);
    const order = (await all(program.batchStream(inputs, { concurrency: 12 }))).map(({ index }) => index);
    expect([...order].sort((a, b) => a - b)).to.deep.equal(inputs.map(({ n }) => n));
    expect(order.indexOf(11)).to.be.lessThan(order.indexOf(0));
  });

  it('begins nothing more once its signal has aborted: the rest has its reason for an outcome', async () => {
    await using context = await open();
    const { at, program } = doubling(context);
    const stop = new AbortController();
    const reason = new Error('enough');
    const outcomes = await program.batch(inputs, {
      concurrency: 2,
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done === 4) stop.abort(reason);
      },
    });
    expect(outcomes).to.have.lengthOf(12);
    expect(at.begun.length).to.be.within(4, 7);
    expect(outcomes.at(-1)).to.deep.equal({ index: 11, kind: 'error', error: reason });
  });

  it('gives up what is under way when its loop is left', async () => {
    await using context = await open();
    const { at, program } = doubling(context);
    for await (const { index } of program.batchStream(inputs, { concurrency: 4 })) {
      expect(index).to.be.below(4);
      break;
    }
    expect(at.begun.length).to.be.within(4, 5);
  });

  it('of nothing is nothing, and a bad concurrency is refused by name', async () => {
    await using context = await open();
    const { program } = doubling(context);
    expect(await program.batch([])).to.deep.equal([]);
    const error = await rejection(program.batch(inputs, { concurrency: 0 }));
    expect(error).to.have.property('code', 'invalid');
    expect((error as Error).message).to.include('not 0');
  });
});
