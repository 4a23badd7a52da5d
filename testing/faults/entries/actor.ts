/** Faults of actors: in init, in a handler, in terminate, and in what they answer. */
import { entry } from './entry.ts';

const restarted = 'its supervisor starts it again';
const goesOn = 'goes on where it was';

export const actorEntries = {
  throwOnNth: entry<{ readonly nth?: number; readonly error?: string }>(
    'throws at its n-th message',
    restarted,
    ({ nth = 1, error }) => ({
      point: 'actor.receive',
      task: { do: 'throw', ...(error === undefined ? {} : { error }) },
      when: { nth },
    }),
  ),
  throwNonError: entry<{ readonly value?: unknown }>(
    'throws what is no error',
    restarted,
    ({ value = 'not an error' }) => ({ point: 'actor.receive', task: { do: 'throwValue', value } }),
  ),
  throwInInit: entry('throws in init', 'the supervisor tries again within its budget', () => ({
    point: 'actor.init',
    task: { do: 'throw' },
  })),
  slowInInit: entry<{ readonly ms?: number }>(
    'takes its time in init',
    'starts; or the start times out, and is tried again',
    ({ ms = 1_000 }) => ({ point: 'actor.init', task: { do: 'sleep', ms } }),
  ),
  hangInInit: entry('does not return from init', 'the start times out, or it is healed', () => ({
    point: 'actor.init',
    task: { do: 'hang' },
  })),
  throwInTerminate: entry(
    'throws in terminate',
    `it has ended all the same, for that reason; ${restarted}, and those beside it stop in order`,
    () => ({ point: 'actor.terminate', task: { do: 'throw' } }),
  ),
  hangInTerminate: entry(
    'does not return from terminate',
    'its supervisor kills it when its `shutdown` is over; or it is healed, and ends in order',
    () => ({ point: 'actor.terminate', task: { do: 'hang' } }),
  ),
  hang: entry('does not return from a handler', `healed, it ${goesOn}; killed, ${restarted}`, () => ({
    point: 'actor.receive',
    task: { do: 'hang' },
  })),
  slow: entry<{ readonly ms?: number }>('takes its time for a message', goesOn, ({ ms = 100 }) => ({
    point: 'actor.receive',
    task: { do: 'sleep', ms },
  })),
  stall: entry<{ readonly ms?: number }>(
    'keeps the event loop busy: no timer fires, no socket is read, nobody else has a turn',
    'all that is due by then comes late, and in order; actor.stalled tells who it was, where `stallMs` is set',
    ({ ms = 200 }) => ({ point: 'actor.receive', task: { do: 'stall', ms } }),
  ),
  invalidState: entry<{ readonly state?: unknown }>(
    'returns an invalid state from a handler: undefined, unless told otherwise',
    `from a call it is no result, and at once, from others when a handler trips over it, ${restarted}, with a good state`,
    ({ state }) => ({
      point: 'actor.receive',
      task: { do: 'return', ...(state === undefined ? {} : { value: state }) },
    }),
  ),
  detachedRejection: entry<{ readonly error?: string }>(
    'leaves a promise behind that rejects, and nobody waits for it',
    `with catchStrayErrors() it is the actor’s crash: ${restarted}; without, Node ends the process. A simulation fails`,
    ({ error }) => ({ point: 'actor.receive', task: { do: 'reject', ...(error === undefined ? {} : { error }) } }),
    ['live'],
  ),
  neverReply: entry('takes a call and never answers', 'the caller’s deadline; the actor serves the next', () => ({
    point: 'actor.receive',
    task: { do: 'drop' },
  })),
  lostReply: entry(
    'does what it was called for, and its answer is lost',
    'the caller’s deadline, or the actor’s end; whether it was done has to be asked',
    () => ({ point: 'reply.send', task: { do: 'drop' } }),
  ),
  slowReply: entry<{ readonly ms?: number }>(
    'is done with a call, and its answer comes late',
    'comes; the actor serves others meanwhile',
    ({ ms = 100 }) => ({ point: 'reply.send', task: { do: 'delay', ms } }),
  ),
  lateReply: entry<{ readonly ms?: number }>(
    'answers when the caller has given up',
    'the answer vanishes: nobody takes it for that of a later call',
    ({ ms = 6_000 }) => ({ point: 'reply.send', task: { do: 'delay', ms } }),
  ),
  twoReplies: entry('answers a call twice', 'the second answer vanishes', () => ({
    point: 'reply.send',
    task: { do: 'dup' },
  })),
  overflow: entry('has a full mailbox', 'the sender tries again', () => ({
    point: 'message.send',
    task: { do: 'throw' },
  })),
  kill: entry('is killed at a message', restarted, () => ({ point: 'actor.receive', task: { do: 'kill' } })),
} as const;
