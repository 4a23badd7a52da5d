/**
 * A crash report as text that answers "why did this restart?": what ended, of what, in which message, and what the
 * supervisor did about it come first; stacks, states, messages and logs follow.
 */
import { faultText } from '../export/fault-text.ts';
import type { Budget, CrashCause, CrashDecision, CrashMessage, CrashProcess, CrashReport } from '../protocol/index.ts';
import { type Paint, plain } from './paint.ts';
import { previewLine, previewLines } from './preview-text.ts';
import { moment, size, span, timeOfDay } from './units.ts';
import { oneLine, visible } from './visible.ts';

export interface CrashTextOptions {
  /** Default: no colours. */
  readonly paint?: Paint;
  /** How wide the reader's terminal is. Default: states are broken at 100 characters, and nothing is cut. */
  readonly width?: number | undefined;
}

/** The full report, without a line feed at its end. */
export function crashText(report: CrashReport, { paint = plain, width }: CrashTextOptions = {}): string {
  const { causes, messages, stateBefore, stateAfter, process } = report;
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint.bold(title), ...lines.map((line) => `  ${line}`)];
  const breakAt = (width ?? 100) - 2;
  const after = previewLines(stateAfter, breakAt);
  const before = previewLines(stateBefore, breakAt);
  // Null: it ended before it had another one.
  const unchanged = stateAfter === null || after.join('\n') === before.join('\n');
  return [
    ...crashSummary(report, { paint }),
    ...causes.flatMap((cause, nth) => block(nth === 0 ? 'Error' : 'Caused by', causeLines(cause, paint))),
    ...block('State before the last message', before),
    ...(unchanged ? [] : block('State after it', after)),
    ...block('Last messages, the newest last', messageLines(messages, width)),
    ...(process === null ? [] : block('Process', processLines(process))),
    ...(process === null ? [] : block('What it printed last', logLines(process, paint))),
  ].join('\n');
}

/** The first lines of it: who, why, in what, and what was done about it. */
export function crashSummary(report: CrashReport, { paint = plain }: CrashTextOptions = {}): string[] {
  const { id, atMs, pid, kind, name, reason, last, decision, process, traceId, ancestors, links, mailbox } = report;
  const { fault } = report;
  const facts: (readonly [string, string])[] = [
    ['reason', paint.red(oneLine(reason))],
    ...(fault === undefined ? [] : ([['injected', paint.yellow(oneLine(faultText(fault)))]] as const)),
    ...(process?.verdict ? ([['process', oneLine(process.verdict)]] as const) : []),
    ['while', last === null ? 'handling nothing' : `handling ${oneLine(last)}`],
    ['decision', decision === null ? 'it has no supervisor' : decisionText(decision)],
    ...(traceId === null ? [] : ([['trace', oneLine(traceId)]] as const)),
    ...(ancestors.length === 0 ? [] : ([['below', ancestors.map(oneLine).join(', ')]] as const)),
    ...(links.length === 0 ? [] : ([['linked to', links.map(oneLine).join(', ')]] as const)),
    ...(mailbox === 0 ? [] : ([['mailbox', `${mailbox} still waited`]] as const)),
  ];
  const called = name === null ? '' : `, registered as ${oneLine(name)}`;
  return [
    `${paint.bold(`crash ${id}: ${oneLine(pid)}`)} (${oneLine(kind)}${called}) at ${moment(atMs)}`,
    ...facts.map(([what, text]) => `  ${paint.dim(what.padEnd(9))} ${text}`),
  ];
}

/** "restarted as app/b#2 by app (one_for_one), 1 of 3 restarts in 5 s used". */
export function decisionText(decision: CrashDecision): string {
  const { supervisor, strategy, action, siblings, budget, backoffUntilAtMs, successor } = decision;
  const by = `${oneLine(supervisor)} (${oneLine(strategy)})`;
  const used = budget === null ? '' : `, ${budgetText(budget)} used`;
  const others = siblings.length === 0 ? '' : `, together with ${siblings.map(oneLine).join(', ')}`;
  switch (action) {
    case 'pending':
      return `${by} has not decided yet`;
    case 'restarted':
      return `restarted${successor === null ? '' : ` as ${oneLine(successor)}`} by ${by}${others}${used}`;
    case 'backing_off':
      return `${by} restarts it${backoffUntilAtMs === null ? ' later' : ` at ${timeOfDay(backoffUntilAtMs)}`}${others}${used}`;
    case 'gave_up':
      return `${by} gave up: over its budget${used}`;
    case 'not_restarted':
      return `not restarted by ${by}`;
  }
}

/** "2 of 3 restarts in 5 s". */
export const budgetText = ({ used, max, periodMs }: Budget): string =>
  `${used} of ${max} restarts in ${span(periodMs)}`;

function causeLines({ kind, name, message, stack, traceback }: CrashCause, paint: Paint): string[] {
  const title = kind === 'error' || kind === 'cause' ? `${name}: ${message}` : `${kind}: ${message}`;
  const lines = visible(title).split('\n');
  // A stack begins with the error's own name and message.
  const frames = stack === null ? [] : visible(stack).split('\n');
  const first = frames.findIndex((line) => /^\s+at /.test(line));
  return [
    ...lines,
    ...(first < 0 ? [] : frames.slice(first)).map((line) => paint.dim(line)),
    ...(traceback === null ? [] : visible(traceback).trimEnd().split('\n')),
  ];
}

function messageLines(messages: readonly CrashMessage[], width = Infinity): string[] {
  const ages = messages.map(({ ageMs }) => `${span(ageMs)} before`);
  const wide = Math.max(0, ...ages.map((age) => age.length));
  return messages.map(({ kind, name, from, content }, nth) => {
    const head = `${(ages[nth] ?? '').padStart(wide)}  ${kind} ${oneLine(name)} from ${oneLine(from)}`;
    return `${head}  ${previewLine(content, Math.max(20, width - head.length - 4))}`;
  });
}

function processLines({ osPid, exitCode, signal, verdict, rssBytes }: CrashProcess): string[] {
  const end = signal !== null ? `ended by ${signal}` : exitCode !== null ? `ended with exit code ${exitCode}` : 'ended';
  return [
    `process ${osPid ?? 'unknown'} ${end}${rssBytes === null ? '' : `; ${size(rssBytes)} of memory at its end`}`,
    ...(verdict === null ? [] : [oneLine(verdict)]),
  ];
}

function logLines({ log }: CrashProcess, paint: Paint): string[] {
  return log.map(({ atMs, from, text }) => {
    const line = `${timeOfDay(atMs)} ${from}  ${oneLine(text)}`;
    return from === 'stderr' ? paint.yellow(line) : line;
  });
}
