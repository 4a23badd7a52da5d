/** A window of a history as text: one line a client, time from left to right. */
import type { Operation } from '../history.ts';
import { type Model, type Unseen, unseen } from '../model.ts';
import type { Window } from './window.ts';

/** A window that could not be made smaller is drawn from behind. */
const drawnMax = 40;

/** Draws a window; the operation that nothing explains is marked below its line. */
export function draw<S, O, R>(model: Model<S, O, R>, window: Window<S, O, R>): string {
  const { culprit } = window;
  const operations = window.operations.filter(
    (one, index) => one === culprit || index >= window.operations.length - drawnMax,
  );
  const lanes = lanesOf(operations);
  const label = (operation: Operation<O, R>) => labelOf(model, operation);
  const columns = columnsOf(operations, label);
  const indent = Math.max(...lanes.map(({ client }) => client.length)) + 2;
  const width = Math.max(0, ...columns.values()) + 1;
  const lines: string[] = [];
  for (const { client, operations: own } of lanes) {
    let line = client.padEnd(indent);
    for (const operation of own) {
      const from = indent + (columns.get(operation.invokedAt) ?? 0);
      const to = indent + (columns.get(operation.endedAt) ?? width);
      const text = ` ${label(operation)} `;
      const isOpen = !columns.has(operation.endedAt);
      line = `${line.padEnd(from)}├${text}${(isOpen ? '┄' : '─').repeat(Math.max(0, to - from - text.length - 1))}${isOpen ? '┄' : '┤'}`;
    }
    lines.push(line);
    if (own.includes(culprit)) {
      lines.push(`${' '.repeat(indent + (columns.get(culprit.invokedAt) ?? 0))}^ nothing explains this`);
    }
  }
  const left = window.operations.length - operations.length;
  return [...(left > 0 ? [`(${left} earlier ones are not drawn)`] : []), ...lines].join('\n');
}

/** A state in words. */
export function stateText<S, O, R>(model: Model<S, O, R>, state: S): string {
  return model.describeState?.(state) ?? show(state);
}

function labelOf<S, O, R>(model: Model<S, O, R>, { op, outcome, result }: Operation<O, R>): string {
  const seen = outcome === 'ok' ? (result as R) : unseen;
  return model.describe?.(op, seen) ?? describe(op, seen);
}

function describe(op: unknown, result: unknown | Unseen): string {
  const { type, ...rest } = typeof op === 'object' && op !== null ? (op as { type?: unknown }) : { type: show(op) };
  const fields = Object.entries(rest).map(([name, value]) => `${name} ${show(value)}`);
  const answer = result === unseen ? ' → ?' : result === undefined ? '' : ` → ${show(result)}`;
  return `${[String(type ?? 'operation'), fields.join(', ')].filter((part) => part !== '').join(' ')}${answer}`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Map) return show(Object.fromEntries(value));
  return JSON.stringify(value) ?? String(value);
}

interface Lane<O, R> {
  readonly client: string;
  readonly operations: Operation<O, R>[];
}

/** One for each client; one more where it had something under way and went on. */
function lanesOf<O, R>(operations: readonly Operation<O, R>[]): readonly Lane<O, R>[] {
  const lanes: Lane<O, R>[] = [];
  for (const operation of operations) {
    const isFree = (lane: Lane<O, R>) => (lane.operations.at(-1)?.endedAt ?? 0) < operation.invokedAt;
    const lane = lanes.find((one) => one.client === operation.client && isFree(one));
    if (lane === undefined) lanes.push({ client: operation.client, operations: [operation] });
    else lane.operations.push(operation);
  }
  return lanes.sort((a, b) => (a.client < b.client ? -1 : a.client > b.client ? 1 : 0));
}

/** Where each event is drawn: in order, and with room for what is written in between. */
function columnsOf<O, R>(
  operations: readonly Operation<O, R>[],
  label: (operation: Operation<O, R>) => string,
): ReadonlyMap<number, number> {
  const events = operations.flatMap((operation) => [
    { at: operation.invokedAt, ends: undefined },
    ...(Number.isFinite(operation.endedAt) ? [{ at: operation.endedAt, ends: operation }] : []),
  ]);
  events.sort((a, b) => a.at - b.at);
  const columns = new Map<number, number>();
  let last = -2;
  for (const { at, ends } of events) {
    const room = ends === undefined ? 0 : (columns.get(ends.invokedAt) ?? 0) + label(ends).length + 3;
    last = Math.max(last + 2, room);
    columns.set(at, last);
  }
  return columns;
}
