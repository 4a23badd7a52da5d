/** What the types of isolated actors must allow and refuse. Checked by `npm run types`; runs nothing. */
import { type ActorRef, isolated, startSupervisor, sys } from '../../index.ts';
import type { counter, door, lamp } from '../fixtures/isolated-actors.ts';

const module = new URL('../fixtures/isolated-actors.ts', import.meta.url);

export async function isolation(): Promise<void> {
  const app = await startSupervisor({
    children: {
      counter: { logic: isolated<typeof counter>(module, 'counter', { watchdogMs: 10_000 }), input: 3 },
      door: isolated<typeof door>(module, 'door'),
      lamp: isolated<typeof lamp>(module, 'lamp', { isolate: 'none' }),
      unknown: isolated(module, 'counter'),
    },
  });
  const { children } = app;

  const value: number = await children.counter.call('add', 2, { timeoutMs: 1 });
  children.counter.cast('set', 3);
  // @ts-expect-error there is no such call
  await children.counter.call('subtract', 2);
  // @ts-expect-error the argument is a number
  await children.counter.call('add', 'two');
  // @ts-expect-error the argument is a number
  children.counter.cast('set', '3');

  const text: string = await children.door.call('push', 3);
  // @ts-expect-error there is no such cast
  children.door.cast('push', 3);

  children.lamp.send({ type: 'toggle' });
  // @ts-expect-error its snapshots are in another thread
  children.lamp.getSnapshot();
  const state = await sys.getState<{ value: string }>(children.lamp);

  // Without its type there is a ref, and nothing more.
  const plain: ActorRef = children.unknown;
  // @ts-expect-error there are threads, and nothing else
  isolated<typeof counter>(module, 'counter', { isolate: 'process' });
  // @ts-expect-error that is no logic
  isolated<number>(module, 'counter');
  void [value, text, state, plain];
}
