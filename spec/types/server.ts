/** What a server's and a tree's types must allow and refuse. Checked by `npm run types`; runs nothing. */
import {
  type ActorContext,
  declare,
  float,
  openContext,
  ophion,
  reply,
  server,
  startSupervisor,
  stop,
  string,
} from '../../index.ts';

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(`${count + by}`, count + by),
  },
  cast: { reset: () => 0, end: (_count, reason: unknown) => stop(reason) },
});

interface Account {
  readonly balance: number;
}

/** Handlers with every parameter annotated, and an init whose context is not. */
export const account = server({
  init: (ctx): Account => ({ balance: ctx.path.length }),
  cast: {
    pay: (state: Account, amount: number, ctx: ActorContext<never>): Account => {
      ctx.emit({ type: 'paid' });
      return { balance: state.balance - amount };
    },
  },
});

export async function servers(): Promise<void> {
  const app = await startSupervisor({ children: { counter } });
  const ref = app.children.counter;
  const value: number = await ref.call('value');
  const text: string = await ref.call('add', 2, { timeoutMs: 1 });
  ref.cast('reset');
  ref.cast('end', 'shutdown');
  // @ts-expect-error there is no such child
  app.children.nobody;
  // @ts-expect-error there is no such call
  await ref.call('values');
  // @ts-expect-error the argument is a number
  await ref.call('add', 'two');
  // @ts-expect-error the argument is missing
  await ref.call('add');
  // @ts-expect-error the reply is a string
  const wrong: number = await ref.call('add', 2);
  // @ts-expect-error there is no such cast
  ref.cast('add', 2);
  void [value, text, wrong];
}

// @ts-expect-error a cast answers the next state
export const badCast = server({ init: () => 0, cast: { x: () => 'no number' } });

// @ts-expect-error a call answers reply(), noreply() or stop()
export const badCall = server({ init: () => 0, call: { x: (count) => count } });

export async function contexts(): Promise<void> {
  const app = await startSupervisor({ children: { ophion: ophion() } });
  const context = await openContext(app.children.ophion, {
    variables: declare({ temperature: float({ default: 0.5 }), model: string({ default: 'small' }) }),
  });
  const temperature: number = await context.variables.get('temperature');
  // @ts-expect-error there is no such variable
  await context.variables.get('temperatur');
  // @ts-expect-error it is a number
  await context.variables.set('temperature', 'hot');
  const qa = context.program('qa', {
    dspy: 'Predict',
    signature: 'question, n: int -> answer, score: float',
    bind: { temperature: 'temperature' },
  });
  const { answer, score } = await qa.run({ question: 'why', n: 1 });
  const typed: [string, number] = [answer, score];
  // @ts-expect-error an input is missing
  await qa.run({ question: 'why' });
  // @ts-expect-error it is a number
  await qa.run({ question: 'why', n: 'one' });
  // @ts-expect-error there is no such variable
  context.program('x', { dspy: 'Predict', signature: 'a -> b', bind: { temperature: 'heat' } });
  void [temperature, typed];
}
