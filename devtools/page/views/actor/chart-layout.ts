/** Where the states of a statechart are drawn: boxes within boxes, and the lines between them. */
import { Graph, layout as place } from '@dagrejs/dagre';
import type { Chart } from '../../../protocol/index.ts';

export interface StateBox {
  readonly id: string;
  readonly name: string;
  readonly type: Chart['type'];
  readonly active: boolean;
  readonly initial: boolean;
  readonly inner: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TransitionLine {
  readonly id: string;
  readonly text: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: { readonly x: number; readonly y: number };
  /** Its source is active: the event would be taken now. */
  readonly live: boolean;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly states: readonly StateBox[];
  readonly transitions: readonly TransitionLine[];
}

const letter = 7.2;
const wide = (text: string, margin: number) => Math.max(48, text.length * letter + margin);

interface Known {
  readonly chart: Chart;
  readonly id: string;
  readonly parent: string | undefined;
  readonly name: string;
  readonly initial: boolean;
}

export function drawing(root: Chart): Drawing {
  const known = collect(root);
  const graph = new Graph({ compound: true, multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 28, edgesep: 14, ranksep: 36, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, name, chart } of known.values()) {
    const inner = (chart.states ?? []).length > 0;
    graph.setNode(id, inner ? { width: wide(name, 24), height: 30 } : { width: wide(name, 24), height: 28 });
  }
  for (const { id, parent } of known.values()) if (parent !== undefined) graph.setParent(id, parent);
  const lines = transitionsOf(known);
  for (const { id, from, to, text } of lines) {
    const size = { width: text.length * 6.2 + 8, height: 14, labelpos: 'c' };
    // The layout knows no lines to a box with boxes in it: they lead to the one that is entered first.
    graph.setEdge(leafOf(known, from), leafOf(known, to), size, id);
  }
  place(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const states = [...known.values()].map(({ id, name, initial, chart }): StateBox => {
    const box = graph.node(id) as { x: number; y: number; width: number; height: number };
    const inner = (chart.states ?? []).length > 0;
    return { ...box, id, name, initial, inner, type: chart.type, active: chart.active === true };
  });
  const transitions = lines.map(({ id, from, to, text, live }): TransitionLine => {
    const edge = graph.edge(leafOf(known, from), leafOf(known, to), id) as {
      points: { x: number; y: number }[];
      x?: number;
      y?: number;
    };
    if (from === to) return loop(id, text, live, graph.node(leafOf(known, from)) as Box);
    const middle = edge.points[Math.floor(edge.points.length / 2)] ?? { x: 0, y: 0 };
    return { id, text, live, points: edge.points, label: { x: edge.x ?? middle.x, y: edge.y ?? middle.y } };
  });
  return { width, height, states, transitions };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line from a state to itself, at its right, where the layout left room for it. */
function loop(id: string, text: string, live: boolean, { x, y, width }: Box): TransitionLine {
  const right = x + width / 2;
  const points = [
    { x: right, y: y - 7 },
    { x: right + 14, y: y - 7 },
    { x: right + 14, y: y + 7 },
    { x: right, y: y + 7 },
  ];
  return { id, text, live, points, label: { x: right + 20 + (text.length * 6.2) / 2, y } };
}

/** All states below the machine itself, the outer ones first. */
function collect(root: Chart): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  const visit = (chart: Chart, parent: string | undefined, above: Chart) => {
    const name = String(chart.id).split('.').at(-1) ?? chart.id;
    known.set(chart.id, { chart, id: chart.id, parent, name, initial: isInitial(above.initial, chart.id, name) });
    for (const inner of chart.states ?? []) visit(inner, chart.id, chart);
  };
  const states = root.states ?? [];
  if (states.length === 0) visit(root, undefined, root);
  else for (const state of states) visit(state, undefined, root);
  return known;
}

const isInitial = (initial: string | null, id: string, name: string) =>
  initial !== null && (initial === id || initial === name);

interface Line {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly live: boolean;
}

/** Transitions between the same two states are one line with all their events. */
function transitionsOf(known: ReadonlyMap<string, Known>): readonly Line[] {
  const lines = new Map<string, { from: string; to: string; events: string[]; live: boolean }>();
  for (const { id, chart } of known.values()) {
    for (const { event, target, guard } of chart.transitions ?? []) {
      const to = target === null ? id : find(known, target, id);
      if (to === undefined) continue;
      const key = `${id} ${to}`;
      const line = lines.get(key) ?? { from: id, to, events: [], live: chart.active === true };
      line.events.push(guard ? `${event} [?]` : event);
      lines.set(key, line);
    }
  }
  return [...lines].map(([id, { events, ...line }]) => ({ ...line, id, text: shortened(events.join(', ')) }));
}

const shortened = (text: string) => (text.length > 36 ? `${text.slice(0, 35)}…` : text);

/** A target by its id, or by its name beside the state that names it. */
function find(known: ReadonlyMap<string, Known>, target: string, from: string): string | undefined {
  const id = target.replace(/^#/, '');
  if (known.has(id)) return id;
  const parent = known.get(from)?.parent;
  const named = [...known.values()].filter(({ name, id: full }) => name === id || full.endsWith(`.${id}`));
  return (named.find((state) => state.parent === parent) ?? named[0])?.id;
}

function leafOf(known: ReadonlyMap<string, Known>, id: string): string {
  const states = known.get(id)?.chart.states ?? [];
  if (states.length === 0) return id;
  const first = states.find((state) => known.get(state.id)?.initial) ?? states[0];
  return first === undefined ? id : leafOf(known, first.id);
}
