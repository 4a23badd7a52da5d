import { expect } from 'chai';
import { learnedVariable, openContext, ophion, StateError } from '../../../index.ts';
import { rejection, useSystem } from '../../../testing/index.ts';

const learned = {
  module: 'Predict',
  signature: 'question -> answer',
  state: { demos: [{ question: 'What is grass?', answer: 'green' }] },
  optimizer: 'BootstrapFewShot',
};
const definition = { dspy: 'Predict', signature: 'question -> answer' } as const;

describe("a program's learned state", () => {
  const system = useSystem(() => ophion());

  it('is a variable of the session, by a name that is known', async () => {
    await using context = await openContext(system.current);
    const qa = context.program('qa', definition);
    expect(await qa.learned.get()).to.equal(undefined);
    await qa.learned.set(learned);
    expect(qa.learned.variable).to.equal(learnedVariable('qa')).and.to.equal('program.qa.learned');
    expect(await context.variables.get(qa.learned.variable as never)).to.deep.equal(learned);
    expect(await qa.learned.get()).to.deep.equal(learned);
  });

  it('can be forgotten, and rolled back as any variable', async () => {
    await using context = await openContext(system.current);
    const qa = context.program('qa', definition);
    const { revision } = await qa.learned.set(learned);
    await qa.learned.clear();
    expect(await qa.learned.get()).to.equal(undefined);
    await context.variables.rollback(revision);
    expect(await qa.learned.get()).to.deep.equal(learned);
  });

  it('goes along with an export of the session', async () => {
    await using context = await openContext(system.current);
    await context.program('qa', definition).learned.set(learned);
    await using other = await openContext(system.current);
    await other.variables.import(await context.export(), { strategy: 'merge' });
    expect(await other.program('qa', definition).learned.get()).to.deep.equal(learned);
  });

  it('is refused for another module or signature, when it is set and before a worker is asked', async () => {
    await using context = await openContext(system.current);
    const qa = context.program('qa', definition);
    await qa.learned.set({ ...learned, signature: 'question: str -> answer: str' });
    for (const other of [
      { dspy: 'ChainOfThought', signature: 'question -> answer' },
      { dspy: 'Predict', signature: 'question -> answer: int' },
    ]) {
      const program = context.program('qa', other);
      for (const refused of [program.learned.set(learned), program.run({ question: 'Why?' })]) {
        const error = (await rejection(refused)) as StateError;
        expect(error).to.be.instanceOf(StateError).with.property('code', 'invalid');
        expect(error.message).to.include('program.qa.learned').and.to.include(other.dspy);
      }
    }
    const malformed = await rejection(qa.learned.set({ state: {} } as never));
    expect(malformed).to.have.property('code', 'invalid');
  });

  it('is nothing that a program has that is no DSPy module', async () => {
    await using context = await openContext(system.current);
    const program = context.program('native', {
      signature: 'question -> answer',
      run: ({ question }) => ({ answer: question }),
    });
    const error = await rejection(program.learned.set(learned));
    expect((error as Error).message).to.include("'native' is no DSPy module");
    expect(await program.run({ question: 'Why?' })).to.deep.equal({ answer: 'Why?' });
  });
});
