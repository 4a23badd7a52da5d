/** The floor: two closures that hand each other messages through one array, with no isolation, limit or fairness. */
import { nowMs, perSecond } from '../../contest.ts';

export function floorPingPong(size: number): number {
  let queue: { readonly to: number; readonly message: number }[] = [{ to: 0, message: size }];
  const players = [0, 1].map((me) => (message: number) => {
    if (message > 0) queue.push({ to: 1 - me, message: message - 1 });
  });
  const startMs = nowMs();
  while (queue.length > 0) {
    const turn = queue;
    queue = [];
    for (const { to, message } of turn) players[to]?.(message);
  }
  return perSecond(size, startMs);
}
