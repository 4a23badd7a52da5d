/** System events in one line each: whom they are about, how much they matter, what they say. */
import { type AnyEvent, type ExitReason, formatExitReason, isExitReason, Pid } from '../../actors/core/index.ts';
import type { EventRow } from '../protocol/index.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Those that nobody looks for unless something is wrong already. */
const low = new Set([
  'actor.started',
  'actor.exited',
  'worker.alive',
  'worker.output',
  'worker.log',
  'program.step',
  'session.opened',
  'session.ended',
  'context.written',
]);
const high = new Set([
  'actor.crashed',
  'actor.failed',
  'actor.stalled',
  'child.gave_up',
  'supervisor.degraded',
  'stray_error',
  'pool.worker_lost',
  'pool.worker_gave_up',
  'worker.leaked',
  'bridge.dropped',
  'logs.failed',
  'reload.failed',
  'context.move_failed',
  'application.callback_failed',
  'client.refused',
  'stream.down',
]);

export function importanceOf(type: string): EventRow['importance'] {
  // What becomes of each call has views of its own.
  if (low.has(type) || type.startsWith('tool.')) return 'low';
  return high.has(type) ? 'high' : 'normal';
}

/** Which of its fields says whom an event is about, the first that it has. */
const subjects = ['pid', 'worker', 'path', 'supervisor', 'pool', 'links'] as const;

/** The path that an event is about; empty where it is about none. */
export function pathOf(event: AnyEvent): string {
  const fields = event as unknown as Fields;
  for (const name of subjects) {
    const value = fields[name];
    if (value instanceof Pid) return value.path;
    if (name === 'worker' && typeof value === 'string' && value.includes('#'))
      return value.slice(0, value.lastIndexOf('#'));
    if (name === 'path' && typeof value === 'string') return value;
  }
  return '';
}

/** `app/jobs#2: error: boom; restarts 1, maxRestarts 3`. */
export function textOf(event: AnyEvent): string {
  const fields = event as unknown as Fields;
  const subject = subjects
    .map((name) => fields[name])
    .find((value) => value instanceof Pid || typeof value === 'string');
  const parts = Object.entries(fields)
    .filter(([name, value]) => name !== 'type' && value !== subject && value !== undefined && !heavy.has(name))
    .map(([name, value]) => `${name} ${shown(value)}`);
  return [...(subject === undefined ? [] : [String(subject)]), ...parts].join(', ').slice(0, 500);
}

/** What is too much for a line: it is in the event itself. */
const heavy = new Set(['last', 'state', 'ancestors', 'links', 'message', 'traceparent', 'parent', 'offender']);

function shown(value: unknown): string {
  if (isExitReason(value)) return formatExitReason(value as ExitReason);
  if (value instanceof Error) return value.message;
  if (value instanceof Pid || typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `${value.length} of them`;
  return '{}';
}
