/** What faults did to a message, in words, for pictures and lists. Pure. */
import type { FaultMark, MessageRow } from '../protocol/index.ts';

const said: Readonly<Record<string, (argument: string) => string>> = {
  throw: (error) => (error === '' ? 'thrown' : `thrown: ${error}`),
  drop: () => 'dropped',
  dup: () => 'duplicated',
  delay: (ms) => `delayed by ${ms} ms`,
  reorder: () => 'put behind the next',
  sleep: (ms) => `held for ${ms} ms`,
  hang: () => 'held until healed',
  pause: () => 'held until released',
  kill: () => 'killed its receiver',
  stop: () => 'stopped its receiver',
};

/** `delayed by 50 ms (r1 of p2)`. */
export function markText({ plan, rule, task }: FaultMark): string {
  const [, name = task, argument = ''] = /(\w+)(?:\((.*)\))?$/s.exec(task) ?? [];
  const did = said[name]?.(argument.replace(/^"(.*)"$/s, '$1')) ?? task;
  return `${did} (${rule}${plan === '' ? '' : ` of ${plan}`})`;
}

/** All that faults did to a message; empty where they did nothing. */
export const faultsText = ({ faults }: Pick<MessageRow, 'faults'>): string =>
  Array.isArray(faults) ? faults.map(markText).join(', ') : '';

/** Of what a crash comes: `throw(boom) at actor.receive, rule r1 of fault plan p2`. */
export const faultText = ({ plan, rule, point, task }: FaultMark): string =>
  `${task} at ${point}, rule ${rule} of ${plan ? `fault plan ${plan}` : 'a fault plan'}`;
