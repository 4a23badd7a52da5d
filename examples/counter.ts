import { ActorDownError, reply, server, startSupervisor, supervisor } from '../index.ts';

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
  },
  cast: {
    reset: () => 0,
    boom: () => {
      throw new Error('boom');
    },
  },
});

await using app = await startSupervisor({
  strategy: 'one_for_one',
  maxRestarts: 3,
  periodMs: 5_000,
  children: {
    counter,
    jobs: supervisor({ strategy: 'rest_for_one', children: { first: counter, second: counter } }),
  },
});

const main = app.children.counter; // a name for the place in the tree, valid over restarts
await main.call('add', 2); // 2; argument and reply are typed from the handlers
const down = main.monitor();
main.cast('boom'); // the actor exits and its supervisor starts a new one
console.log((await down).reason.kind); // 'error'
try {
  console.log(await main.call('value', { timeoutMs: 100 })); // 0: it started again from init
} catch (error) {
  if (!(error instanceof ActorDownError)) throw error; // it was still restarting
}
