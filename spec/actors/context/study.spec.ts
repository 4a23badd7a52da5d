import { expect } from 'chai';
import {
  boolean,
  type Context,
  choice,
  configurationSpace,
  declare,
  float,
  grid,
  integer,
  type Lock,
  module,
  openContext,
  ophion,
  random,
  type StateError,
  type StudyEvent,
  study,
  studyVariable,
} from '../../../index.ts';
import { rejection, useSystem } from '../../../testing/index.ts';

const declared = declare({
  temperature: float({ min: 0, max: 2, default: 0.7 }),
  tokens: integer({ min: 1, max: 1_000, default: 64 }),
  style: choice(['short', 'long'], { default: 'short' }),
  strict: boolean({ default: false }),
  engine: module({ modules: ['Predict', 'ChainOfThought'] }),
  top: float({ default: 1 }),
});

describe('a study', () => {
  const system = useSystem(() => ophion());
  const open = () => openContext(system.current, { variables: declared });
  const events = async <E>(running: AsyncIterable<E>): Promise<E[]> => {
    const found: E[] = [];
    for await (const event of running) found.push(event);
    return found;
  };

  it('tries every combination of a grid, the last variable fastest, and tells the best', async () => {
    await using context = await open();
    const running = study(context, {
      space: { temperature: { min: 0, max: 1, step: 0.5 }, style: {} },
      sampler: grid(),
      objective: ({ values }) => -Math.abs(values.temperature - 0.4) + (values.style === 'long' ? 1 : 0),
    });
    const told = await events(running);
    const { result, applied } = await running.outcome;
    expect(result.trials.map(({ values }) => [values.temperature, values.style])).to.deep.equal([
      [0, 'short'],
      [0, 'long'],
      [0.5, 'short'],
      [0.5, 'long'],
      [1, 'short'],
      [1, 'long'],
    ]);
    expect(result.best?.values).to.deep.equal({ temperature: 0.5, style: 'long' });
    expect(applied).to.equal(undefined);
    expect(told.map(({ type }) => type)).to.deep.equal(['began', ...Array(6).fill(['started', 'trial']).flat()]);
    const last = told.at(-1) as StudyEvent & { type: 'trial' };
    expect([last.best, last.done, last.of]).to.deep.equal([result.best?.scores, 6, 6]);
    // What was varied is as it was.
    expect(await context.variables.get('temperature')).to.equal(0.7);
  });

  it('gives each trial a context of its own: those that run at once do not disturb each other', async () => {
    await using context = await open();
    let atOnce = 0;
    let most = 0;
    let arrived: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { result } = await study(context, {
      space: { tokens: { values: [1, 2, 3, 4] } },
      sampler: grid(),
      parallel: 4,
      objective: async (trial) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        if (atOnce === 4) arrived();
        await all;
        await trial.context.variables.set('top', trial.values.tokens);
        const native = trial.context.program('native', {
          signature: 'question -> answer: int',
          bind: { tokens: 'tokens', top: 'top', style: 'style' },
          run: (_, { parameters }) => ({ answer: Number(parameters.tokens) * 10 + Number(parameters.top) }),
        });
        return (await native.run({ question: '?' })).answer;
      },
    }).outcome;
    expect(most).to.equal(4);
    expect(result.trials.map(({ scores }) => scores[0])).to.deep.equal([11, 22, 33, 44]);
    expect(await context.variables.get('top')).to.equal(1);
  });

  it('runs the programs of the context that it studies in that of the trial', async () => {
    await using context = await open();
    const told = context.program('told', {
      signature: 'question -> answer',
      bind: { style: 'style' },
      run: ({ question }, { parameters }) => ({ answer: `${question} ${parameters.style}` }),
    });
    const answers: string[] = [];
    await study(context, {
      space: { style: {} },
      sampler: grid(),
      objective: async (trial) => {
        answers.push((await told.in(trial.context).run({ question: 'how?' })).answer);
        return 0;
      },
    }).outcome;
    expect(answers).to.deep.equal(['how? short', 'how? long']);
  });

  it('samples by chance within what was declared, always the same for the same seed', async () => {
    await using context = await open();
    const space = { temperature: {}, tokens: { log: true }, style: {}, strict: {}, engine: {} } as const;
    const points = async (seed: number, parallel: number) => {
      const options = { name: `${seed}-${parallel}`, space, sampler: random({ seed }), trials: 6, parallel };
      const { result } = await study(context, { ...options, objective: () => 0 }).outcome;
      return result.trials.map(({ values }) => values);
    };
    const in1 = await points(1, 1);
    expect(await points(1, 4)).to.deep.equal(in1);
    expect(await points(2, 4)).to.not.deep.equal(in1);
    const one = configurationSpace(context, space);
    const first = await Promise.all(Array.from({ length: 200 }, (_, seed) => one.sample({ seed })));
    for (const { temperature, tokens } of first) {
      expect(temperature).to.be.within(0, 2);
      expect(tokens).to.be.within(1, 1_000).and.to.satisfy(Number.isInteger);
    }
    const share = (is: (values: (typeof first)[number]) => boolean) => first.filter(is).length / first.length;
    expect(share(({ temperature }) => temperature < 1)).to.be.within(0.35, 0.65);
    // By orders of magnitude: a third of them in each of the three.
    expect(share(({ tokens }) => tokens <= 10)).to.be.within(0.2, 0.5);
    expect(share(({ strict }) => strict)).to.be.within(0.35, 0.65);
    expect(share(({ engine }) => engine === 'Predict')).to.be.within(0.35, 0.65);
  });

  it('goes on with the trials that are kept, in a later call too', async () => {
    await using context = await open();
    const tried: number[] = [];
    const options = {
      space: { tokens: { values: [1, 2, 3, 4, 5] } },
      sampler: grid(),
      objective: ({ values }: { values: { tokens: number } }) => {
        tried.push(values.tokens);
        return values.tokens;
      },
    } as const;
    const running = study(context, options);
    for await (const event of running) if (event.type === 'trial' && event.done === 3) break;
    expect(await rejection(running.outcome)).to.have.property('name', 'AbortError');
    expect(await context.locks()).to.deep.equal([]);
    const told = await events(study(context, options));
    expect(told[0]).to.include({ type: 'began', of: 5 });
    expect((told[0] as { kept: number }).kept).to.be.at.least(3);
    // One that had begun when it was given up is run again.
    expect(tried.length).to.be.within(5, 6);
    expect(new Set(tried).size).to.equal(5);
    const kept = (await context.variables.get(studyVariable('study') as never)) as { trials: unknown[] };
    expect(kept.trials).to.have.length(5);

    const { result } = await study(context, options).outcome;
    expect(result.trials).to.have.length(5);
    const error = (await rejection(study(context, { ...options, directions: 'minimize' }).outcome)) as StateError;
    expect(error).to.have.property('code', 'already_exists');
    expect(error.message).to.include(studyVariable('study'));
    const anew = await study(context, { ...options, directions: 'minimize', anew: true }).outcome;
    expect(anew.result.best?.scores).to.deep.equal([1]);
  });

  it('locks what it varies: another one is refused', async () => {
    await using context = await open();
    let begun: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const running = study(context, {
      space: { tokens: {}, style: {} },
      sampler: random(),
      trials: 2,
      objective: ({ signal }) => {
        begun();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    await started;
    expect((await context.locks()).map(({ name }) => name)).to.have.members(['tokens', 'style']);
    const other = { name: 'other', space: { style: {} }, sampler: grid(), objective: () => 0 } as const;
    expect(await rejection(study(context, other).outcome)).to.have.property('code', 'locked');
    const reason = new Error('enough');
    running.cancel(reason);
    expect(await rejection(running.outcome)).to.equal(reason);
    await study(context, other).outcome;
  });

  it('ends, and writes nothing more, when a lock of it was taken away', async () => {
    await using context = await open();
    let thief: Lock | undefined;
    const running = study(context, {
      space: { style: {} },
      sampler: grid(),
      objective: async () => {
        thief = await context.lock('style', { policy: 'preempt' });
        return 0;
      },
    });
    expect(await rejection(running.outcome)).to.have.property('code', 'locked');
    await thief?.release();
  });

  it('keeps a trial that failed with its error, and goes on', async () => {
    await using context = await open();
    const { result } = await study(context, {
      space: { tokens: { values: [1, 2, 3] } },
      sampler: grid(),
      objective: ({ values }) => {
        if (values.tokens === 2) throw new RangeError('two is out of range');
        return values.tokens === 3 ? Number.NaN : 1;
      },
    }).outcome;
    expect(result.trials.map(({ state }) => state)).to.deep.equal(['complete', 'failed', 'failed']);
    expect(result.trials[1]?.error).to.deep.equal({ name: 'RangeError', message: 'two is out of range' });
    expect(result.trials[2]?.error?.message).to.include('not a number');
    expect(result.table())
      .to.match(/^\* {2}0 {4,}complete/m)
      .and.to.include('RangeError: two is out of range');
  });

  it('prunes what is worse than the median of those before', async () => {
    await using context = await open();
    const { result } = await study(context, {
      space: { tokens: { values: [5, 6, 1, 7] } },
      sampler: grid(),
      prune: { afterTrials: 2, warmupSteps: 1 },
      objective: ({ values, report }) => {
        for (let step = 1; step <= 3; step += 1) report(values.tokens * step);
        return values.tokens;
      },
    }).outcome;
    expect(result.trials.map(({ state }) => state)).to.deep.equal(['complete', 'complete', 'pruned', 'complete']);
    expect(result.trials[2]?.reports).to.deep.equal([
      [1, 1],
      [2, 2],
    ]);
  });

  it('weighs several scores by nobody: its front has all that none is better than', async () => {
    await using context = await open();
    const { result } = await study(context, {
      space: { tokens: { values: [1, 2, 3, 4] } },
      sampler: grid(),
      directions: ['maximize', 'minimize'],
      // Quality and cost; 3 costs more than 4 and is worse.
      objective: ({ values }) => [
        [1, 2, 2.5, 3][values.tokens - 1] as number,
        [1, 2, 9, 4][values.tokens - 1] as number,
      ],
    }).outcome;
    expect(result.front.map(({ values }) => values.tokens)).to.deep.equal([1, 2, 4]);
    expect(result.svg()).to.include('front');
  });

  it('makes the best values those of the context when it is told to, in one commit', async () => {
    await using context = await open();
    const { applied } = await study(context, {
      space: { tokens: { values: [1, 2, 3] }, style: {} },
      sampler: grid(),
      directions: 'minimize',
      apply: true,
      objective: ({ values }) => Math.abs(values.tokens - 2) + (values.style === 'long' ? 0 : 1),
    }).outcome;
    expect(await context.variables.getAll(['tokens', 'style'])).to.deep.equal({ tokens: 2, style: 'long' });
    expect((await context.variables.read('tokens')).version).to.equal(applied?.revision);
  });

  it('tells how much each variable explains, and shows it', async () => {
    await using context = await open();
    const { result } = await study(context, {
      space: { temperature: { step: 0.1 }, style: {}, strict: {} },
      sampler: random({ seed: 3 }),
      trials: 60,
      objective: ({ values }) => values.temperature + (values.style === 'long' ? 0.1 : 0),
    }).outcome;
    const { temperature, style, strict } = result.importance() as Record<string, number>;
    expect(temperature).to.be.above(0.8);
    expect(style).to.be.below(0.2);
    expect(strict).to.be.below(0.1);
    const svg = result.svg();
    expect(svg.match(/<circle /g)).to.have.length(4 * 60);
    expect(svg)
      .to.match(/^<svg [^>]+>[\s\S]+<\/svg>$/)
      .and.to.include('>temperature<')
      .and.not.include('NaN');
    expect(result.table().split('\n')).to.have.length(61);
  });

  it('refuses what cannot be varied so, naming the variable', async () => {
    await using context = await open();
    const refused = async (space: object, says: RegExp, code = 'invalid') => {
      const error = (await rejection(
        study(context, { space, sampler: random(), trials: 1, objective: () => 0 } as never).outcome,
      )) as StateError;
      expect(error).to.have.property('code', code);
      expect(error.message).to.match(says);
    };
    await refused({ nothing: {} }, /nothing/, 'not_found');
    await refused({}, /no variable/);
    await refused({ top: {} }, /'top': needs min and max/);
    await refused({ temperature: { max: 3 } }, /'temperature': 3 is beyond/);
    await refused({ temperature: { min: 1, max: 0 } }, /min 1 is above max 0/);
    await refused({ temperature: { log: true } }, /log needs a min above 0/);
    await refused({ tokens: { step: 0.5 } }, /whole numbers/);
    await refused({ style: { values: ['bold'] } }, /'style': "bold" is no value/);
    const many = { temperature: {}, tokens: {} } as const;
    expect(
      await rejection(study(context, { space: many, sampler: grid(), objective: () => 0 }).outcome),
    ).to.have.property('code', 'quota');
    for (const wrong of [{ trials: 0 }, { trials: 1_001 }, { parallel: 0 }, { directions: [] }, {}]) {
      const options = { space: { style: {} }, sampler: random(), objective: () => 0, ...wrong } as never;
      expect(await rejection(study(context, options).outcome)).to.have.property('code', 'invalid');
    }
  });
});

describe('a configuration space', () => {
  const system = useSystem(() => ophion());
  const open = () =>
    openContext(system.current, {
      variables: declare({
        low: integer({ min: 0, max: 10, default: 1 }),
        high: integer({ min: 0, max: 10, default: 2 }),
        style: choice(['short', 'long']),
      }),
    });
  const of = (context: Context<{ low: number; high: number; style: 'short' | 'long' }>) =>
    configurationSpace(context, { low: {}, high: {}, style: {} }, [
      ({ low, high }) => low < high || 'low is not below high',
      ({ high, style }) => style === 'short' || high <= 5,
    ]);

  it('applies a configuration whole, as one commit, or says all that is wrong with it', async () => {
    await using context = await open();
    const space = of(context);
    const { revision } = await space.apply({ low: 3, high: 5, style: 'long' });
    expect(await space.current()).to.deep.equal({ low: 3, high: 5, style: 'long' });
    for (const name of ['low', 'high', 'style'] as const)
      expect((await context.variables.read(name)).version).to.equal(revision);
    const error = (await rejection(space.apply({ low: 9, high: 6, style: 'long' }))) as StateError;
    expect(error).to.have.property('code', 'invalid');
    expect(error.details.faults).to.deep.equal(['low is not below high', 'rule 2 does not allow it']);
    expect(await space.current()).to.deep.equal({ low: 3, high: 5, style: 'long' });
    expect(await space.validate({ low: 11, style: 'bold', more: 1 })).to.deep.equal([
      "'more' is not part of it",
      "'low' cannot be 11",
      "'high' is missing",
      '\'style\' cannot be "bold"',
    ]);
  });

  it('samples valid ones, the same for the same seed, and says when there are none', async () => {
    await using context = await open();
    const space = of(context);
    for (let seed = 0; seed < 20; seed += 1) {
      const values = await space.sample({ seed });
      expect(await space.validate(values)).to.deep.equal([]);
      expect(await space.sample({ seed })).to.deep.equal(values);
    }
    const none = configurationSpace(context, { low: {} }, [() => false]);
    expect(await rejection(none.sample())).to.have.property('code', 'invalid');
  });

  it('is what a study may vary: only what the rules allow is tried', async () => {
    await using context = await open();
    const space = of(context);
    for (const options of [
      { sampler: grid(), name: 'grid' },
      { sampler: random(), trials: 30, name: 'random' },
    ]) {
      const { result } = await study(context, { ...options, space, objective: ({ values }) => values.high }).outcome;
      for (const { values } of result.trials) expect(await space.validate(values)).to.deep.equal([]);
      expect(result.trials.length).to.be.above(20);
    }
  });
});
