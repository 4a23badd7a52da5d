/** nact: actors with mailboxes, JavaScript all the way. */
import { dispatch, type Ref, spawnStateless, start, stop } from 'nact';
import { ending, nowMs, perSecond } from '../../contest.ts';

export async function nactPingPong(size: number): Promise<number> {
  const end = ending();
  const system = start();
  const players: Ref<number>[] = [0, 1].map((me) =>
    spawnStateless(system, (left: number) => {
      const peer = players[1 - me];
      if (left === 0 || peer === undefined) end.reach();
      else dispatch(peer, left - 1);
    }),
  );
  const startMs = nowMs();
  dispatch(players[0] as Ref<number>, size);
  await end.reached;
  const rate = perSecond(size, startMs);
  stop(system);
  return rate;
}
