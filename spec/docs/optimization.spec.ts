import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type Context,
  declare,
  float,
  nodeRuntime,
  openContext,
  ophion,
  python,
  startSupervisor,
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

describe('docs/optimization.md', function () {
  this.timeout(60_000);

  it('teaches a program as it says', async () => {
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
    const { log } = console;
    const lines: unknown[] = [];
    console.log = (line) => lines.push(line);
    try {
      const { before, after, saved } = await teach(context);
      expect([before, after]).to.deep.equal([0, 0]);
      expect(saved).to.not.equal(undefined);
    } finally {
      console.log = log;
    }
    expect(lines).to.include.members(['before: 1 of 2', 'after: 2 of 2', 'optimize: 1 of ?']);
  });
});
