/** effect: fibers, and queues between them. */
import { Effect, Fiber, Queue } from 'effect';
import { nowMs, perSecond } from '../../contest.ts';

export async function effectPingPong(size: number): Promise<number> {
  const program = Effect.gen(function* () {
    const [a, b] = [yield* Queue.unbounded<number>(), yield* Queue.unbounded<number>()];
    const player = (mine: Queue.Queue<number>, other: Queue.Queue<number>) =>
      Effect.gen(function* () {
        for (;;) {
          const left = yield* Queue.take(mine);
          yield* Queue.offer(other, left - 1);
          if (left <= 1) return;
        }
      });
    yield* Queue.offer(a, size);
    yield* Effect.all([player(a, b), player(b, a)], { concurrency: 'unbounded' });
  });
  const startMs = nowMs();
  await Effect.runPromise(program);
  return perSecond(size, startMs);
}

export async function effectLives(size: number): Promise<number> {
  const program = Effect.gen(function* () {
    for (let i = 0; i < size; i += 1) yield* Fiber.await(yield* Effect.forkChild(Effect.void));
  });
  const startMs = nowMs();
  await Effect.runPromise(program);
  return perSecond(size, startMs);
}
