import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type Context,
  choice,
  configurationSpace,
  declare,
  float,
  grid,
  integer,
  nodeRuntime,
  openContext,
  ophion,
  python,
  startSupervisor,
  study,
} from '../../index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));

// #region optimize
async function teach(context: Context<{ temperature: number }>) {
  const qa = context.program('qa', {
    dspy: 'Predict',
    signature: 'question -> answer',
    bind: { temperature: 'temperature' },
  });
  const optimizing = qa.optimize({
    optimizer: 'BootstrapFewShot',
    options: { max_bootstrapped_demos: 2 },
    trainset: [
      { question: 'What color is grass?', answer: 'green' },
      { question: 'What color is snow?', answer: 'white' },
    ],
    metric: ({ example, prediction }) => prediction.answer.includes(example.answer ?? ''),
  });
  for await (const event of optimizing) {
    if (event.type === 'progress') console.log(`${event.phase}: ${event.step} of ${event.of ?? '?'}`);
  }
  const { before, after, saved } = await optimizing.outcome; // also for those who read no events
  return { before, after, saved };
}
// #endregion

// #region study
async function settle(context: Context<{ temperature: number; style: 'short' | 'long' }>) {
  const qa = context.program('qa', {
    dspy: 'Predict',
    signature: 'question -> answer',
    bind: { temperature: 'temperature', style: 'style' },
  });
  const studying = study(context, {
    space: { temperature: { max: 1, step: 0.5 }, style: {} },
    sampler: grid(), // or random({ seed: 1 }), tpe({ seed: 1 }) with `trials`
    parallel: 2,
    apply: true,
    objective: async (trial) => {
      const { answer } = await qa.in(trial.context).run({ question: 'Why is the sky blue?' });
      return answer.includes('scatter') ? 1 / answer.length : 0;
    },
  });
  for await (const event of studying) {
    if (event.type === 'trial') console.log(`${event.done} of ${event.of}, best ${event.best}`);
  }
  const { result } = await studying.outcome;
  console.log(result.table(), result.importance());
  return result.svg(); // write it to a file, or show it in a page
}
// #endregion

// #region configuration
async function narrow(context: Context<{ low: number; high: number }>) {
  const band = configurationSpace(context, { low: {}, high: {} }, [
    ({ low, high }) => low < high || `low ${low} is not below high ${high}`,
  ]);
  console.log(await band.validate({ low: 5, high: 2 })); // ['low 5 is not below high 2']
  await band.apply(await band.sample({ seed: 1 })); // one commit
  return band.current();
}
// #endregion

/** What it answers, and what it wrote. */
async function told<T>(run: () => Promise<T>): Promise<[T, unknown[]]> {
  const { log } = console;
  const lines: unknown[] = [];
  console.log = (line) => lines.push(line);
  try {
    return [await run(), lines];
  } finally {
    console.log = log;
  }
}

describe('docs/optimization.md', function () {
  this.timeout(60_000);

  it('teaches, studies and configures as it says', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({
          pools: {
            default: python({ module: 'value_tools', pythonPath: [folder], env: { OPHION_LM: 'stand-in' } }),
          },
        }),
      },
    });
    await using context = await openContext(app.children.ophion, {
      variables: declare({ temperature: float({ default: 0 }) }),
    });
    const [{ before, after, saved }, lines] = await told(() => teach(context));
    expect([before, after]).to.deep.equal([0, 0]);
    expect(saved).to.not.equal(undefined);
    expect(lines).to.include.members(['before: 1 of 2', 'after: 2 of 2', 'optimize: 1 of ?']);

    await using other = await openContext(app.children.ophion, {
      variables: declare({ temperature: float({ min: 0, max: 2 }), style: choice(['short', 'long']) }),
    });
    const [svg, trials] = await told(() => settle(other));
    expect(svg).to.include('</svg>');
    expect(trials.slice(0, 2)).to.deep.equal(['1 of 6, best 0', '2 of 6, best 0']);
    expect(trials.at(-1)).to.include('complete');

    await using third = await openContext(app.children.ophion, {
      variables: declare({ low: integer({ min: 0, max: 9 }), high: integer({ min: 0, max: 9, default: 9 }) }),
    });
    const [{ low, high }, faults] = await told(() => narrow(third));
    expect(low).to.be.below(high);
    expect(faults).to.deep.equal([['low 5 is not below high 2']]);
  });
});
