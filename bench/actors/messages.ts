/** Messages between two actors, casts to one, calls from one awaiting caller. */
import { reply, server, startSupervisor } from '../../index.ts';
import { type Contest, ending, nowMs, perSecond } from '../contest.ts';
import { effectPingPong } from './others/effect.ts';
import { floorPingPong } from './others/floor.ts';
import { nactPingPong } from './others/nact.ts';
import { xstatePingPong } from './others/xstate.ts';

export const pingPong: Contest = {
  unit: 'messages/s',
  size: 2_000_000,
  async ours(size) {
    const end = ending();
    const player = (peer: string) =>
      server({
        init: (ctx) => ctx.ref(peer),
        info: (to, left, ctx) => {
          if (left === 0) end.reach();
          else ctx.send(to, (left as number) - 1);
          return to;
        },
      });
    await using app = await startSupervisor({ children: { a: player('app/b'), b: player('app/a') } });
    const startMs = nowMs();
    app.children.a.send(size);
    await end.reached;
    return perSecond(size, startMs);
  },
  lines: [
    {
      name: 'ping-pong messages/s vs BEAM',
      baseline: 'BEAM, two processes',
      theirs: { beam: 'ping_pong' },
      target: { atLeast: 2 },
    },
    { name: 'ping-pong messages/s vs closures and an array', baseline: 'closures and an array', theirs: floorPingPong },
    { name: 'ping-pong messages/s vs raw xstate', baseline: 'xstate fromTransition', theirs: xstatePingPong },
    { name: 'ping-pong messages/s vs nact', baseline: 'nact', theirs: nactPingPong, size: 200_000 },
    { name: 'ping-pong messages/s vs effect', baseline: 'effect, two fibers', theirs: effectPingPong, size: 100_000 },
  ],
};

const counter = server({
  init: () => 0,
  call: { get: (count) => reply(count, count) },
  cast: { add: (count, by: number) => count + by },
});

/** How many casts are sent before a call waits until they are handled. */
const burst = 1_000;

export const casts: Contest = {
  unit: 'casts/s',
  size: 2_000_000,
  async ours(size) {
    await using app = await startSupervisor({ children: { counter } });
    const ref = app.children.counter;
    const startMs = nowMs();
    for (let left = size; left > 0; left -= burst) {
      for (let i = Math.min(left, burst); i > 0; i -= 1) ref.cast('add', 1);
      await ref.call('get');
    }
    return perSecond(size, startMs);
  },
  lines: [{ name: 'casts/s vs BEAM', baseline: 'BEAM, gen_server', theirs: { beam: 'casts' }, target: { atLeast: 2 } }],
};

export const calls: Contest = {
  unit: 'calls/s',
  size: 200_000,
  async ours(size) {
    await using app = await startSupervisor({ children: { counter } });
    const ref = app.children.counter;
    const startMs = nowMs();
    for (let i = 0; i < size; i += 1) await ref.call('get');
    return perSecond(size, startMs);
  },
  lines: [
    {
      name: 'calls/s, one awaiting caller, vs BEAM',
      baseline: 'BEAM, gen_server',
      theirs: { beam: 'calls' },
      target: { atLeast: 1.5 },
    },
  ],
};
