import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { choice, declare, float, openContext, ophion, python, StateError, study, tpe } from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const declared = declare({
  temperature: float({ min: 0, max: 2, default: 0.7 }),
  style: choice(['short', 'long']),
});

describe('a study of a DSPy program', function () {
  this.timeout(60_000);
  const options = { pythonPath: [fixtures], preload: ['dspy'], env: { OPHION_LM: 'stand-in' } };
  const system = useSystem(() =>
    ophion({
      pools: {
        default: python({ ...options, module: 'e2e_tools', size: 2 }),
        bare: python({ ...options, module: 'without_optuna' }),
      },
    }),
  );

  it('asks optuna where to look, and runs trials at once, each with its own values, across the death of a worker', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const qa = context.program('qa', {
      dspy: 'Predict',
      signature: 'question -> answer',
      bind: { temperature: 'temperature', style: 'style' },
      idempotent: true,
    });
    const { workers } = await system.current.pools.default.ready(2);
    const running = study(context, {
      space: { temperature: {}, style: {} },
      sampler: tpe({ seed: 1, startupTrials: 6 }),
      trials: 14,
      parallel: 2,
      objective: async (trial) => {
        if (trial.number === 5) process.kill(workers[0]?.osPid as number, 'SIGKILL');
        const { facts } = await qa.in(trial.context).runDetailed({ question: 'Why is the sky blue?' });
        const [call] = facts.lm_calls as readonly { temperature: number }[];
        expect(call?.temperature).to.equal(trial.values.temperature);
        expect(facts.bound).to.include({ style: trial.values.style });
        return -Math.abs((call?.temperature as number) - 0.5);
      },
    });
    const { result } = await running.outcome;
    expect(result.trials.map(({ state, error }) => error?.message ?? state)).to.deep.equal(Array(14).fill('complete'));
    // Nearer than by chance, of which half would be farther than a half away.
    const late = result.trials.slice(8).map(({ scores }) => -(scores[0] as number));
    expect(late.toSorted((a, b) => a - b)[3]).to.be.below(0.5);
    expect(await context.variables.get('temperature')).to.equal(0.7);
    const { trials } = (await study(context, {
      space: { temperature: {}, style: {} },
      sampler: tpe({ seed: 1, startupTrials: 6 }),
      trials: 15,
      objective: () => 0,
    }).outcome.then((outcome) => outcome.result)) as typeof result;
    expect(trials.slice(0, 14)).to.deep.equal(result.trials);
  });

  it('says that optuna is missing, by name', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const running = study(context, {
      space: { style: {} },
      sampler: tpe(),
      trials: 1,
      pool: 'bare',
      objective: () => 0,
    });
    const error = (await rejection(running.outcome)) as StateError;
    expect(error).to.be.instanceOf(StateError).with.property('code', 'unavailable');
    expect(error.message).to.include("pip install 'ophion[optuna]'");
    expect(await context.locks()).to.deep.equal([]);
    const qa = context.program('qa', { dspy: 'Predict', signature: 'question -> answer' });
    const optimizing = qa.optimize({
      optimizer: 'MIPROv2',
      options: { auto: null, num_candidates: 2, num_trials: 1, minibatch: false },
      trainset: [{ question: '1?' }, { question: '2?' }],
      metric: () => 1,
      pool: 'bare',
    });
    const missing = (await rejection(optimizing.outcome)) as StateError;
    expect(missing).to.have.property('code', 'unavailable');
    expect(missing.message).to.include('MIPROv2').and.to.include('optuna');
  });
});
