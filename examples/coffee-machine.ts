/**
 * An xstate machine as it is, under a supervisor, without any Python: its own delays, a crash in one of its actions, and a
 * restart from its first state. What must outlast it is kept by another actor.
 */
import { assign, setup } from 'xstate';
import { formatTree, inspectTree, nextEvent } from '../devtools/index.ts';
import { type From, reply, server, startSupervisor, worker } from '../index.ts';
import { must } from './support/report.ts';

/** How many cups there were, whatever becomes of the machine. */
const ledger = server({
  init: () => 0,
  call: { cups: (count) => reply(count, count) },
  cast: { brewed: (count) => count + 1 },
});

let beans = 2;

interface Order {
  readonly type: 'order';
  readonly from: From;
}

const coffee = setup({
  types: { context: {} as { order: Order | undefined }, events: {} as Order },
  actions: {
    take: assign({ order: ({ event }) => event }),
    grind: () => {
      if (beans === 0) throw new Error('there are no beans left');
      beans -= 1;
    },
    serve: ({ context }) => {
      app.children.ledger.cast('brewed');
      context.order?.from.reply('a cup of coffee');
    },
  },
  delays: { brewing: 50 },
}).createMachine({
  context: { order: undefined },
  initial: 'ready',
  states: {
    ready: { on: { order: { target: 'brewing', actions: 'take' } } },
    brewing: { entry: 'grind', after: { brewing: { target: 'ready', actions: 'serve' } } },
  },
});

await using app = await startSupervisor({
  strategy: 'one_for_one',
  children: { ledger, coffee: worker(coffee) },
});
const { coffee: machine, ledger: book } = app.children;

console.log(await machine.call('order')); // an event with somebody to answer to
console.log(await machine.call('order'));

// The third order finds no beans: the action throws, the actor ends, the supervisor starts it anew.
const restarted = nextEvent(app, 'child.restarted');
await machine.call('order').catch((error: Error) => console.log(error.message));
const { pid } = await restarted;
console.log(`${pid} is ${machine.getSnapshot()?.value} again`);
must(machine.getSnapshot()?.value === 'ready', 'a machine that was restarted begins at its first state');
must((await book.call('cups')) === 2, 'what was brewed is known still');
console.log(formatTree(inspectTree(app)));
