/** What is said of a failed run, for people: its seed, what it was given, its plan, and a diagram of how it ended. */
import type { Plan } from '../plan/plan.ts';
import { formatPlan } from '../plan/short-form.ts';
import { sequenceDiagram } from './diagram.ts';
import type { Trace } from './records.ts';

export interface ReportOptions {
  /** The one command that repeats it. */
  readonly command?: string;
  /** Where the trace lies. */
  readonly file?: string;
}

/** An input with more letters is told by its beginning. */
const inputMax = 400;

export function failureReport({ header, records }: Trace, { command, file }: ReportOptions = {}): string {
  const { seed, plan, config, input, inputText } = header;
  const lines = [`  seed    ${JSON.stringify(seed)}`];
  if (config !== undefined) {
    const settings = Object.entries(config).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    lines.push(`  config  ${settings.join(', ')}`);
  }
  const given = inputText ?? (input === undefined ? undefined : JSON.stringify(input));
  if (given !== undefined) lines.push(`  input   ${given.length > inputMax ? `${given.slice(0, inputMax)}…` : given}`);
  if (plan !== undefined) lines.push(`  plan    ${formatPlan(plan as Plan) || 'no faults'}`);
  if (command !== undefined) lines.push(`  repeat  ${command}`);
  if (file !== undefined) lines.push(`  trace   ${file}`);
  const diagram = sequenceDiagram(records);
  return diagram === '' ? lines.join('\n') : `${lines.join('\n')}\n\n${diagram}`;
}
