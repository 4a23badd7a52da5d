/** The same actors with a fault point in the handler of each message, and without. */
import { type ActorContext, faultPoint, server, startSupervisor } from '../../index.ts';
import { type Contest, ending, nowMs } from '../contest.ts';

type Handler = (left: number, ctx: ActorContext<never>) => void | Promise<void>;

/** Nanoseconds a message between two actors, each of which does this at each message. */
async function pingPong(size: number, atEach: Handler): Promise<number> {
  const end = ending();
  const goOn = (to: ReturnType<ActorContext['ref']>, left: number, ctx: ActorContext<never>) => {
    if (left === 0) end.reach();
    else ctx.send(to, left - 1);
    return to;
  };
  const player = (peer: string) =>
    server({
      init: (ctx) => ctx.ref(peer),
      info: (to, message, ctx) => {
        const left = message as number;
        const waits = atEach(left, ctx as never);
        return waits === undefined ? goOn(to, left, ctx as never) : waits.then(() => goOn(to, left, ctx as never));
      },
    });
  await using app = await startSupervisor({ children: { a: player('app/b'), b: player('app/a') } });
  const startMs = nowMs();
  app.children.a.send(size);
  await end.reached;
  return ((nowMs() - startMs) * 1e6) / size;
}

export const plainPoints: Contest = {
  unit: 'ns/message',
  size: 1_000_000,
  rounds: 9,
  ours: (size) => pingPong(size, (_, ctx) => void faultPoint(ctx, 'test.point')),
  lines: [
    {
      name: 'fault points off: time with/without',
      baseline: 'the same without fault points',
      theirs: (size) => pingPong(size, () => {}),
      target: { atMost: 1.05 },
    },
  ],
};

/** What a fault point answers while nothing is armed. */
const nothing: unknown = undefined;

export const awaitedPoints: Contest = {
  unit: 'ns/message',
  size: 200_000,
  rounds: 9,
  ours: (size) =>
    pingPong(size, async (_, ctx) => {
      await faultPoint(ctx, 'test.point');
    }),
  lines: [
    {
      name: 'awaited fault points off: time with/without',
      baseline: 'an await of nothing in their place',
      theirs: (size) =>
        pingPong(size, async () => {
          await nothing;
        }),
      target: { atMost: 1.05 },
    },
  ],
};
