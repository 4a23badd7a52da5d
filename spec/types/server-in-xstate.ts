/** What a server's types must allow and refuse in a plain xstate host. Checked by `npm run types`; runs nothing. */
import { createActor, setup } from 'xstate';
import { type ActorContext, reply, server } from '../../index.ts';

const counter = server({
  init: (ctx: ActorContext<{ from: number }>) => ctx.input.from,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(`${count + by}`, count + by),
  },
  cast: { reset: () => 0, set: (_count, to: number) => to },
});

export function inActors(): number | undefined {
  // @ts-expect-error the input is missing
  createActor(counter);
  const actor = createActor(counter, { input: { from: 1 } });
  actor.send({ type: 'reset' });
  actor.send({ type: 'set', arg: 2 });
  actor.send({ type: 'value', reply: (value: number) => value });
  actor.send({ type: 'add', arg: 2, reply: (value: string) => value, fail: (error: Error) => error });
  actor.send({ type: 'message', message: 'anything' });
  // @ts-expect-error there is no such cast
  actor.send({ type: 'clear' });
  // @ts-expect-error the argument is missing
  actor.send({ type: 'set' });
  // @ts-expect-error the argument is a number
  actor.send({ type: 'set', arg: 'two' });
  // @ts-expect-error a call names whom to answer
  actor.send({ type: 'value' });
  // @ts-expect-error the reply is a string
  actor.send({ type: 'add', arg: 2, reply: (value: number) => value });
  const { status, context, output } = actor.getSnapshot();
  const ended: 'normal' | 'other' = output?.exitReason.kind === 'normal' ? 'normal' : 'other';
  void [status, ended];
  return context;
}

export const machine = setup({ actors: { counter } }).createMachine({
  invoke: {
    src: 'counter',
    input: { from: 1 },
    onDone: { actions: ({ event }): number | undefined => event.output.state },
    onError: { actions: ({ event }): unknown => event.error },
  },
});

export const wrong = setup({ actors: { counter } }).createMachine({
  // @ts-expect-error the input is a number
  invoke: { src: 'counter', input: { from: 'one' } },
});
