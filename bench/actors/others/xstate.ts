/** Raw xstate: no mailbox of ours, no supervisor; an event is handled inside `send`. */
import { type ActorRefFrom, createActor, fromTransition } from 'xstate';
import { nowMs, perSecond } from '../../contest.ts';

interface Ping {
  readonly type: 'ping';
  readonly left: number;
}

export function xstatePingPong(size: number): number {
  const player = (peer: () => { send(event: Ping): void }) =>
    fromTransition((state: null, event: Ping) => {
      if (event.left > 0) peer().send({ type: 'ping', left: event.left - 1 });
      return state;
    }, null);
  const logic = player(() => b);
  const a: ActorRefFrom<typeof logic> = createActor(logic).start();
  const b: ActorRefFrom<typeof logic> = createActor(player(() => a)).start();
  const startMs = nowMs();
  a.send({ type: 'ping', left: size });
  const rate = perSecond(size, startMs);
  a.stop();
  b.stop();
  return rate;
}
