/** Messages as a Mermaid sequence diagram: who sent what to whom, replies, and where it went wrong. Pure. */
import type { MessageRow } from '../protocol/index.ts';
import { pathOf } from '../protocol/paths.ts';
import { faultsText } from './fault-text.ts';

export interface SequenceOptions {
  /** How many messages are drawn; the picture says how many are left out. Default 200. */
  readonly max?: number;
  /** How many actors are drawn; messages of others are left out. Default 30. */
  readonly maxActors?: number;
}

/** The longest text at an arrow. */
const textMax = 80;

interface Line {
  readonly atMs: number;
  readonly text: string;
}

/** In the order of time; participants in the order of their appearance. */
export function sequenceDiagram(
  messages: readonly MessageRow[],
  { max = 200, maxActors = 30 }: SequenceOptions = {},
): string {
  const names = new Map<string, string>();
  const nameOf = (path: string): string | undefined => {
    const known = names.get(path);
    if (known !== undefined || names.size >= maxActors) return known;
    names.set(path, `p${names.size}`);
    return names.get(path);
  };
  const lines: Line[] = [];
  let drawn = 0;
  for (const message of [...messages].sort((a, b) => a.atMs - b.atMs || a.seq - b.seq)) {
    if (drawn >= max) break;
    const from = nameOf(pathOf(message.from));
    const to = nameOf(pathOf(message.to));
    if (from === undefined || to === undefined) continue;
    drawn += 1;
    lines.push(...linesOf(message, from, to));
  }
  // In time, and what is told of a message behind it.
  lines.sort((a, b) => a.atMs - b.atMs);
  const participants = [...names].map(([path, name]) => `  participant ${name} as ${escaped(path)}`);
  const left = messages.length - drawn;
  const all = names.size > 1 ? `p0,p${names.size - 1}` : 'p0';
  const more = left > 0 && names.size > 0 ? [`  Note over ${all}: ${left} more messages are not drawn`] : [];
  return `${['sequenceDiagram', ...participants, ...lines.map(({ text }) => `  ${text}`), ...more].join('\n')}\n`;
}

function* linesOf(message: MessageRow, from: string, to: string): Generator<Line> {
  const { atMs, kind, name, outcome, error, waitMs, tookMs } = message;
  const what = escaped(kind === 'info' ? name : `${kind} ${name}`);
  const faults = faultsText(message);
  const note = { atMs, text: `Note over ${from === to ? to : `${from},${to}`}: ${escaped(`fault: ${faults}`)}` };
  if (outcome === 'dead' || outcome === 'refused' || outcome === 'lost') {
    const why = { dead: 'nobody received it', refused: 'its mailbox was full', lost: 'it was not handled' }[outcome];
    yield { atMs, text: `${from}-x${to}: ${what} (${faults === '' ? why : escaped(faults)})` };
    return;
  }
  // A caller waits, all others go on.
  yield { atMs, text: `${from}${kind === 'call' ? '->>' : '-)'}${to}: ${what}` };
  if (faults !== '') yield note;
  if (outcome === 'unknown') {
    yield { atMs: atMs + (waitMs ?? 0), text: `Note over ${to}: the trace stopped before it was over` };
    return;
  }
  if (tookMs === null) return;
  const doneMs = atMs + (waitMs ?? 0) + tookMs;
  if (outcome === 'crashed') yield { atMs: doneMs, text: `Note over ${to}: crashed: ${escaped(error ?? 'no reason')}` };
  else if (kind === 'call') {
    const answer = error === null ? 'reply' : `error ${escaped(error)}`;
    yield { atMs: doneMs, text: `${to}-->>${from}: ${answer} (${Number(tookMs.toFixed(3))} ms)` };
  }
}

/** All but plain text as character codes: Mermaid takes some words and signs for its own. */
function escaped(text: string): string {
  const short = text.length > textMax ? `${text.slice(0, textMax - 1)}…` : text;
  const plain = short.replace(/[^\p{L}\p{N} /_.,()=+*'…-]/gu, (sign) => `#${sign.codePointAt(0)};`);
  const safe = plain.replace(/\bend\b/gi, (word) => `#${word.codePointAt(0)};${word.slice(1)}`);
  return safe.trim() === '' ? '-' : safe;
}
