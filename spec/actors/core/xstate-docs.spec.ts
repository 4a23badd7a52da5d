import { expect } from 'chai';
import { assign, createMachine, fromPromise, setup } from 'xstate';
import { nodeRuntime, worker } from '../../../actors/core/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';

// Machines as xstate's documentation shows them, supervised with no change.

const toggleMachine = createMachine({
  id: 'toggle',
  initial: 'Inactive',
  states: {
    Inactive: { on: { toggle: 'Active' } },
    Active: { on: { toggle: 'Inactive' } },
  },
});

const feedbackMachine = setup({
  types: {
    context: {} as { feedback: string; rating: number },
    events: {} as
      | { type: 'feedback.good' }
      | { type: 'feedback.bad' }
      | { type: 'feedback.update'; value: string }
      | { type: 'submit' }
      | { type: 'close' }
      | { type: 'back' }
      | { type: 'restart' },
  },
  guards: { feedbackValid: ({ context }) => context.feedback.length > 0 },
}).createMachine({
  id: 'feedback',
  initial: 'prompt',
  context: { feedback: '', rating: 5 },
  states: {
    prompt: { on: { 'feedback.good': 'thanks', 'feedback.bad': 'form' } },
    form: {
      on: {
        'feedback.update': { actions: assign({ feedback: ({ event }) => event.value }) },
        back: { target: 'prompt' },
        submit: { guard: 'feedbackValid', target: 'thanks' },
      },
    },
    thanks: {},
    closed: { on: { restart: 'prompt' } },
  },
  on: { close: '.closed' },
});

const fetchMachine = setup({
  types: { context: {} as { user: string | null; error: unknown } },
  actors: {
    fetchUser: fromPromise(async ({ input }: { input: { userId: string } }) => {
      if (input.userId === '') throw new Error('no user');
      return `user ${input.userId}`;
    }),
  },
}).createMachine({
  id: 'fetchUser',
  initial: 'idle',
  context: { user: null, error: undefined },
  states: {
    idle: { on: { FETCH: { target: 'loading' } } },
    loading: {
      invoke: {
        src: 'fetchUser',
        input: { userId: '42' },
        onDone: { target: 'success', actions: assign({ user: ({ event }) => event.output }) },
        onError: { target: 'failure', actions: assign({ error: ({ event }) => event.error }) },
      },
    },
    success: {},
    failure: { on: { RETRY: { target: 'loading' } } },
  },
});

describe("machines of xstate's documentation", () => {
  const start = () =>
    startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        toggle: worker(toggleMachine),
        feedback: worker(feedbackMachine),
        fetch: worker(fetchMachine),
      },
    });

  it('toggle: goes to and fro, and begins again when it was killed', async () => {
    await using app = await start();
    const { toggle } = app.children;
    toggle.send({ type: 'toggle' });
    await app.countChildren();
    expect(toggle.getSnapshot()).to.have.property('value', 'Active');
    toggle.exit();
    await app.countChildren();
    expect(toggle.getSnapshot()).to.have.property('value', 'Inactive');
    toggle.send({ type: 'toggle' });
    toggle.send({ type: 'toggle' });
    await app.countChildren();
    expect(toggle.getSnapshot()).to.have.property('value', 'Inactive');
  });

  it('feedback: guards and assigns', async () => {
    await using app = await start();
    const { feedback } = app.children;
    feedback.send({ type: 'feedback.bad' });
    feedback.send({ type: 'submit' });
    await app.countChildren();
    expect(feedback.getSnapshot()).to.have.property('value', 'form');
    feedback.send({ type: 'feedback.update', value: 'slow' });
    feedback.send({ type: 'submit' });
    await app.countChildren();
    expect(feedback.getSnapshot()).to.deep.include({ value: 'thanks', context: { feedback: 'slow', rating: 5 } });
  });

  it('fetch: invokes a promise and takes its result', async () => {
    await using app = await start();
    const { fetch } = app.children;
    fetch.send({ type: 'FETCH' });
    do await app.countChildren();
    while ((fetch.getSnapshot() as { value: string }).value !== 'success');
    expect(fetch.getSnapshot()).to.have.nested.property('context.user', 'user 42');
  });
});
