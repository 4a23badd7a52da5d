/** xstate machines in our processes beside the same machines in raw xstate. */
import { assign, createActor, setup } from 'xstate';
import { type ActorContext, reply, server, startSupervisor, worker } from '../../index.ts';
import { type Contest, ending, nowMs, once, perSecond } from '../contest.ts';

type PingEvent = { readonly type: 'ping'; readonly left: number } | { readonly type: 'peer'; readonly peer: Peer };
interface Peer {
  send(event: PingEvent): void;
}

/** Changes its state at each ping, and answers it until none are left. */
const player = (end: () => void) =>
  setup({
    types: { context: {} as { peer: Peer | undefined }, events: {} as PingEvent },
    actions: {
      answer: ({ context, event }) => {
        if (event.type !== 'ping') return;
        if (event.left === 0) end();
        else context.peer?.send({ type: 'ping', left: event.left - 1 });
      },
    },
  }).createMachine({
    context: { peer: undefined },
    initial: 'even',
    on: { peer: { actions: assign({ peer: ({ event }) => event.peer }) } },
    states: {
      even: { on: { ping: { target: 'odd', actions: 'answer' } } },
      odd: { on: { ping: { target: 'even', actions: 'answer' } } },
    },
  });

async function play(a: Peer, b: Peer, size: number, end: Promise<void>): Promise<number> {
  a.send({ type: 'peer', peer: b });
  b.send({ type: 'peer', peer: a });
  const startMs = nowMs();
  a.send({ type: 'ping', left: size });
  await end;
  return perSecond(size, startMs);
}

export const machinePingPong: Contest = {
  unit: 'messages/s',
  size: 50_000,
  rounds: 9,
  async ours(size) {
    const end = ending();
    const logic = worker(player(end.reach));
    await using app = await startSupervisor({ children: { a: logic, b: logic } });
    return await play(app.children.a, app.children.b, size, end.reached);
  },
  lines: [
    {
      name: 'machine behaviour ping-pong vs raw xstate',
      baseline: 'xstate, two machines',
      async theirs(size) {
        const end = ending();
        const logic = player(end.reach);
        const [a, b] = [createActor(logic).start(), createActor(logic).start()];
        const rate = await play(a, b, size, end.reached);
        a.stop();
        b.stop();
        return rate;
      },
      target: { atLeast: 0.9 },
    },
  ],
};

const machine = player(() => {});

/** A tree that runs before the first sample and after the last one, as an application's does. */
const spawner = once(() => {
  const logic = worker(machine);
  const boss = server({
    init: () => 0,
    call: {
      start: (count, size: number, ctx: ActorContext) => {
        const startMs = nowMs();
        for (let i = 0; i < size; i += 1) void ctx.spawn(logic);
        return reply(perSecond(size, startMs), count);
      },
    },
  });
  return startSupervisor({ maxRestarts: 1_000, children: { boss } });
});

export const machineSpawn: Contest = {
  unit: 'machines/s',
  size: 10_000,
  rounds: 9,
  async ours(size) {
    const { boss } = (await spawner()).children;
    const rate = await boss.call('start', size);
    // Its machines are linked with it, and end with it.
    const ended = boss.monitor();
    boss.exit();
    await ended;
    return rate;
  },
  lines: [
    {
      name: 'machine spawn vs raw createActor',
      baseline: 'xstate createActor and start',
      theirs(size) {
        const machines: unknown[] = [];
        const startMs = nowMs();
        for (let i = 0; i < size; i += 1) machines.push(createActor(machine).start());
        return perSecond(size, startMs);
      },
      target: { atLeast: 0.9 },
    },
  ],
};
