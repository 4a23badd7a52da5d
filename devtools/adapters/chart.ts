/**
 * The statechart of a machine as rows: from the machine itself, so that also states that nobody has been in are there,
 * with the value of a snapshot lit. Knows machines by their shape alone: those of another copy of xstate will do.
 */
import type { SeenTransition } from '../../actors/core/index.ts';
import type { Chart } from '../protocol/index.ts';

/** A node of an xstate machine, as far as a chart needs it. */
interface Node {
  readonly id: string;
  readonly key: string;
  readonly type: Chart['type'];
  readonly initial?: { readonly target?: readonly Node[] } | undefined;
  readonly states: Readonly<Record<string, Node>>;
  readonly transitions: ReadonlyMap<string, readonly Transition[]>;
  readonly always?: readonly Transition[] | undefined;
}

interface Transition {
  readonly target?: readonly Node[] | undefined;
  readonly guard?: unknown;
}

/** States beyond so many are left out. */
const statesMax = 2_000;

/** The chart of an xstate machine in the state `value`; null for what is no machine. Never throws. */
export function machineChart(machine: unknown, value: unknown): Chart | null {
  const root = (machine as { readonly root?: unknown } | null | undefined)?.root;
  if (!isNode(root)) return null;
  try {
    return chartOf(root, true, value, { left: statesMax });
  } catch {
    // A getter of somebody else's threw, or the shape is another one: there is no picture then.
    return null;
  }
}

/**
 * The chart of a statem. What its functions do cannot be read from them: transitions are those that were seen.
 */
export function statemChart(
  id: string,
  states: readonly string[],
  current: unknown,
  seen: readonly SeenTransition[] = [],
): Chart {
  const charts = states.slice(0, statesMax).map((state): Chart => {
    const from = seen.filter((one) => one.from === state);
    const transitions = from.map(({ event, to }) => ({ event, target: `${id}.${to}`, guard: false }));
    const active = state === current;
    return { id: `${id}.${state}`, type: 'atomic', initial: null, states: [], transitions, active };
  });
  return { id, type: 'compound', initial: null, states: charts, transitions: [], active: true };
}

function isNode(node: unknown): node is Node {
  const { id, states, transitions } = (node ?? {}) as Partial<Node>;
  return typeof id === 'string' && typeof states === 'object' && transitions instanceof Map;
}

function chartOf(node: Node, active: boolean, value: unknown, budget: { left: number }): Chart {
  const states: Chart[] = [];
  for (const [key, child] of Object.entries(node.states)) {
    if (budget.left <= 0) break;
    budget.left -= 1;
    states.push(chartOf(child, active && isIn(node, key, value), within(value, key), budget));
  }
  return {
    id: node.id,
    type: node.type,
    initial: node.initial?.target?.[0]?.id ?? null,
    states,
    transitions: transitionsOf(node),
    active,
  };
}

/** `a` is in a; `{ a: 'b' }` is in a and in b below it; a parallel state is in all of its own. */
function isIn({ type }: Node, key: string, value: unknown): boolean {
  if (type === 'parallel') return true;
  return typeof value === 'object' && value !== null ? key in value : value === key;
}

const within = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

function transitionsOf(node: Node): Chart['transitions'] {
  const all: (readonly [event: string, transition: Transition])[] = [];
  for (const [event, transitions] of node.transitions) for (const one of transitions) all.push([label(event), one]);
  for (const one of node.always ?? []) all.push(['always', one]);
  return all.flatMap(([event, { target, guard }]) => {
    const targets = target === undefined || target.length === 0 ? [null] : target.map(({ id }) => id);
    return targets.map((one) => ({ event, target: one, guard: guard !== undefined }));
  });
}

/** What xstate calls it inside, in the words of its own configuration. */
function label(event: string): string {
  const after = /^xstate\.after\.([^.]+)/.exec(event);
  if (after !== null) return `after ${after[1]}`;
  const done = /^xstate\.(done|error)\.(actor|state)\.?(.*)$/.exec(event);
  if (done === null) return event;
  return `${done[1] === 'done' ? 'onDone' : 'onError'} ${done[3]}`.trim();
}
