/** The plans that are armed, with what their rules have done and how long they go on. */
import type { FaultPlanRow, FaultRuleRow } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { count, list } from '../../data/format.ts';
import { Countdown } from '../../parts/badge.tsx';
import { type Column, Table } from '../../parts/table.tsx';

interface Line extends FaultRuleRow {
  readonly plan: FaultPlanRow;
  /** Whether it is the first one of its plan. */
  readonly first: boolean;
}

const columns: readonly Column<Line>[] = [
  { title: 'plan', kind: 'mono', cell: ({ plan, first }) => first && plan.id },
  { title: 'started by', cell: ({ plan, first }) => first && plan.by },
  {
    title: 'ends in',
    kind: 'figure',
    cell: ({ plan, first }) =>
      first && (typeof plan.expiresAtMs === 'number' ? <Countdown untilAtMs={plan.expiresAtMs} /> : 'never by itself'),
  },
  { title: 'rule', kind: 'mono', cell: ({ id }) => id },
  { title: 'what it does', kind: 'wide', cell: ({ form }) => <span class="mono">{form}</span> },
  { title: 'hits', kind: 'figure', cell: ({ hits }) => count(hits) },
  { title: 'done', kind: 'figure', cell: ({ done }) => count(done) },
  { title: 'held', kind: 'figure', hint: 'how many wait because of it', cell: ({ held }) => count(held) },
  { title: 'end it', cell: (line) => <Buttons {...line} /> },
];

export function PlansTable({ plans }: { readonly plans: readonly FaultPlanRow[] }) {
  const lines = plans.flatMap((plan) => list(plan.rules).map((rule, index) => ({ ...rule, plan, first: index === 0 })));
  return (
    <Table
      label="armed fault plans"
      columns={columns}
      rows={lines}
      keyOf={({ plan, id }) => `${plan.id} ${id}`}
      none="No plan is armed."
      marked={({ healed }) => (healed ? 'quiet' : undefined)}
    />
  );
}

function Buttons({ plan, first, id, form, healed }: Line) {
  const refused = refusal('faultsStop');
  const button = (text: string, name: string, work: () => void) => (
    <button type="button" aria-label={name} disabled={refused !== undefined} title={refused} onClick={work}>
      {text}
    </button>
  );
  const named = `${plan.id} ${id}`;
  return (
    <span class="actions">
      {first && button('stop', `stop ${plan.id}`, () => void act({ do: 'faultsStop', id: plan.id }, `stop ${plan.id}`))}
      {healed ? (
        <span class="quiet">healed</span>
      ) : (
        button('heal', `heal ${named}`, () => void act({ do: 'faultsHeal', id: plan.id, rule: id }, `heal ${named}`))
      )}
      {String(form).includes('pause') &&
        button(
          'release',
          `release ${named}`,
          () => void act({ do: 'faultsRelease', id: plan.id, rule: id }, `release ${named}`),
        )}
    </span>
  );
}
