/** Faults of what goes from one actor to another. A delay holds back what the same sender sends behind it. */
import { entry } from './entry.ts';

export const messageEntries = {
  drop: entry('is lost', 'the sender’s deadline', () => ({ point: 'message.send', task: { do: 'drop' } })),
  deadLetter: entry(
    'goes to nobody',
    'a call fails at once, anything else is told as dead_letter; sent again, it arrives',
    () => ({ point: 'message.send', task: { do: 'deadLetter' } }),
  ),
  duplicate: entry('arrives twice', 'a second reply vanishes', () => ({
    point: 'message.send',
    task: { do: 'dup' },
  })),
  delay: entry<{ readonly ms?: number }>(
    'arrives late, and behind it what its sender has sent since',
    'arrives; healed, at once',
    ({ ms = 50 }) => ({ point: 'message.send', task: { do: 'delay', ms } }),
  ),
  reorder: entry('arrives behind the next one', 'arrives; without a next one after 10 ms', () => ({
    point: 'message.send',
    task: { do: 'reorder' },
  })),
  lateExit: entry<{ readonly ms?: number }>(
    'an exit signal comes late: whoever is linked, or its supervisor, does not know yet',
    'comes, once, and behind what was sent before it; healed, at once',
    ({ ms = 50 }) => ({ point: 'signal.send', task: { do: 'delay', ms }, where: { message: 'exit' } }),
  ),
  lateDown: entry<{ readonly ms?: number }>(
    'a monitor, or a caller, hears late of an end',
    'is told, once, and behind what was sent before it; healed, at once',
    ({ ms = 50 }) => ({ point: 'signal.send', task: { do: 'delay', ms }, where: { message: 'down' } }),
  ),
} as const;
