/** What is said of a failed run, for people: its seed, its plan, and a diagram of how it ended. */
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

export function failureReport(trace: Trace, { command, file }: ReportOptions = {}): string {
  const { seed, plan } = trace.header;
  const lines = [`  seed    ${JSON.stringify(seed)}`];
  if (plan !== undefined) lines.push(`  plan    ${formatPlan(plan as Plan) || 'no faults'}`);
  if (command !== undefined) lines.push(`  repeat  ${command}`);
  if (file !== undefined) lines.push(`  trace   ${file}`);
  const diagram = sequenceDiagram(trace.records);
  return diagram === '' ? lines.join('\n') : `${lines.join('\n')}\n\n${diagram}`;
}
