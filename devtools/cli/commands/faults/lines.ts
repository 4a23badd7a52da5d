/** Faults and plans as lines for people. */
import type { FaultEntry, FaultPlanRow, FaultPoint } from '../../../protocol/index.ts';
import { counted, span } from '../../../report/units.ts';
import { oneLine } from '../../../report/visible.ts';
import type { Session } from '../../session.ts';
import type { Column } from '../../table.ts';

export const entryColumns: readonly Column<FaultEntry>[] = [
  { title: 'FAULT', of: ({ name }) => name },
  { title: 'IT', of: ({ is, worlds }) => (worlds.length === 0 ? is : `${is} (${worlds.join(', ')})`) },
  { title: 'HEALS', of: ({ heals }) => heals },
  { title: 'PLAN', of: ({ form }) => form },
];

export const pointColumns: readonly Column<FaultPoint>[] = [
  { title: 'POINT', of: ({ point }) => point },
  { title: 'DOOR', of: ({ door }) => door },
  { title: 'TASKS', of: ({ tasks }) => tasks.join(' ') },
  { title: 'WHEN', of: ({ is }) => is ?? 'code passes it' },
];

/** `p1  by command line 1  ends in 42 s`, and its rules below it. */
export function planLines(plans: readonly FaultPlanRow[], { paint, io }: Session): string[] {
  if (plans.length === 0) return ['no plan is armed'];
  return plans.flatMap(({ id, by, expiresAtMs, rules }) => [
    `${paint.bold(id)}  by ${oneLine(by)}  ${paint.yellow(endText(expiresAtMs, io.now()))}`,
    ...rules.map(
      ({ id: rule, form, hits, done, held, healed }) =>
        `  ${oneLine(rule)}  ${oneLine(form)}  ${counted(hits, 'hit')}, ${done} done${held === 0 ? '' : `, ${held} held`}${
          healed ? paint.green(', healed') : ''
        }`,
    ),
  ]);
}

export const endText = (expiresAtMs: number | null, nowMs: number): string =>
  expiresAtMs === null ? 'does not end by itself' : `ends in ${span(Math.max(0, expiresAtMs - nowMs))}`;
