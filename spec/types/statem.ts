// What must compile, and what must not: the types of a state machine and its ref.
import {
  type ActorSystem,
  keepAll,
  nextState,
  postpone,
  replyTo,
  statem,
  stateTimeout,
} from '../../actors/core/index.ts';

const door = statem({
  types: {} as { call: { unlock(code: string): boolean; tries(): number }; cast: { bell(): void } },
  init: () => nextState('locked', { code: '1234', tries: 0 }),
  states: {
    locked: (event, data) => {
      if (event.type !== 'call') return keepAll(postpone());
      if (event.name === 'tries') return keepAll(replyTo(event.from, data.tries));
      if (event.arg !== data.code) return keepAll(replyTo(event.from, false));
      return nextState('open', data, [replyTo(event.from, true), stateTimeout(5_000)]);
    },
    open: (event, data) => (event.type === 'state_timeout' ? nextState('locked', data) : keepAll(postpone())),
  },
});

export function uses(system: ActorSystem): Promise<[boolean, number]> {
  const ref = door.refAt(system, 'app/door');
  ref.cast('bell');
  // @ts-expect-error: its argument is a string
  void ref.call('unlock', 1);
  // @ts-expect-error: there is no such call
  void ref.call('open');
  return Promise.all([ref.call('unlock', '1234'), ref.call('tries', undefined, { timeoutMs: 100 })]);
}

/** Any value is a state when one function handles all events. */
export const counting = statem({
  init: () => nextState(1, 'data'),
  handleEvent: (event, state, data) => (event.type === 'enter' ? keepAll() : nextState(state + 1, data)),
});

export const wrong = statem({
  init: () => nextState('a', 0),
  states: {
    // @ts-expect-error: there is no state c
    a: () => nextState('c', 0),
    b: () => nextState('a', 0),
  },
});
