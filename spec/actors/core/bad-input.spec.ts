import { expect } from 'chai';
import { setup } from 'xstate';
import {
  type ActorContext,
  type ExitReason,
  isActorError,
  nodeRuntime,
  reply,
  server,
  worker,
} from '../../../actors/core/index.ts';
import { type SystemRef, startSupervisor } from '../../../supervisors/index.ts';
import { rejection } from '../../helpers/rejection.ts';

/** Does what it is told, whatever that is. */
const fool = server({
  init: () => 0,
  call: { run: (_state, act: (ctx: ActorContext) => unknown, ctx: ActorContext) => act(ctx) as never },
  cast: {
    run: (_state, act: (ctx: ActorContext) => unknown, ctx: ActorContext) => act(ctx) as never,
  },
  info: (state) => state,
});

/** None of these ends the Node process: mocha would fail the test that runs when an error reaches it. */
describe('bad input', () => {
  const machine = setup({}).createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } });
  const children = { fool, machine: worker(machine) };
  let app: SystemRef<typeof children>;
  let logged: string[];

  beforeEach(async () => {
    logged = [];
    const runtime = { ...nodeRuntime(), log: (_level: string, text: string) => void logged.push(text) };
    app = await startSupervisor({ runtime, maxRestarts: 100, children });
  });
  afterEach(() => app.stop());

  async function reasonOf(act: (ctx: ActorContext) => unknown): Promise<ExitReason> {
    const down = app.children.fool.monitor();
    app.children.fool.cast('run', act);
    return (await down).reason;
  }

  for (const [what, thrown] of [
    ['a string', 'boom'],
    ['undefined', undefined],
    ['null', null],
    ['a function', () => 0],
    ['an object without a prototype', Object.create(null)],
  ] as const) {
    it(`thrown or rejected as ${what} ends the actor with bad_return_value`, async () => {
      const acts = {
        throws: () => {
          throw thrown;
        },
        rejects: async () => {
          throw thrown;
        },
      };
      for (const act of Object.values(acts)) {
        const reason = await reasonOf(act);
        expect(reason.kind).to.equal('error');
        if (reason.kind !== 'error') throw new Error('not reached');
        expect(isActorError(reason.error) && reason.error.code).to.equal('bad_return_value');
      }
    });
  }

  it('answered by a call handler that is neither reply, noreply nor stop ends the actor, and fails the call', async () => {
    for (const nonsense of [undefined, 42, {}, Promise.resolve('late nonsense')]) {
      const error = await rejection(app.children.fool.call('run', () => nonsense));
      expect(String(error)).to.match(/bad_return_value|answered neither/);
    }
  });

  it('an actor that calls itself is refused at once', async () => {
    const error = await rejection(
      app.children.fool
        .call('run', async (ctx: ActorContext) => {
          const self = app.children.fool;
          const refused = await rejection(self.call('run', () => reply(0, 0), { caller: ctx }));
          return reply(refused, 0);
        })
        .then((refused) => Promise.reject(refused)),
    );
    expect(isActorError(error) && error.code).to.equal('calling_self');
  });

  it('a message to the dead is a dead letter, and a call to it fails at once', async () => {
    const dead = app.children.fool.pid;
    await reasonOf(() => {
      throw new Error('boom');
    });
    await app.children.fool.call('run', (ctx: ActorContext) => {
      ctx.send(dead as never, 'hello');
      return reply(0, 0);
    });
    expect(app.system.deadLetters.at(-1)).to.deep.equal({ path: String(dead), message: 'hello' });
  });

  it('a listener that throws is logged and taken away, and harms nobody', async () => {
    app.events.on('actor.exited', () => {
      throw new Error('bad listener');
    });
    for (const _ of [1, 2]) {
      await reasonOf(() => {
        throw new Error('boom');
      });
    }
    await app.children.fool.call('run', () => reply(0, 0));
    expect(logged.filter((line) => line.includes('bad listener'))).to.have.length(1);
  });

  it('an xstate inspector that throws is logged and detached, and harms no machine', async () => {
    app.system.xstate.inspect(() => {
      throw new Error('bad inspector');
    });
    app.children.machine.send({ type: 'go' });
    await app.children.fool.call('run', () => reply(0, 0));
    expect(app.children.machine.getSnapshot()?.value).to.equal('b');
    expect(logged.filter((line) => line.includes('bad inspector'))).to.have.length(1);
  });
});
