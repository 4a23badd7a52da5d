/**
 * Compares what our runtime did with what the real OTP did, field by field. Knows nothing of how either came about.
 */
import { comparable, withoutFailedStarts } from './process/comparable.ts';
import { type Scenario, type Step, sortedJson } from './scenario.ts';

export interface Difference {
  readonly id: string;
  readonly step: string;
  readonly expected: string;
  readonly got: string;
}

export interface CompareOptions {
  /** Whether reports have to agree, too. */
  readonly reports: boolean;
}

/** All differences between a recorded scenario and our steps; none when they are equal. */
export function compare(scenario: Scenario, got: readonly Step[], options: CompareOptions): Difference[] {
  const { id, steps = [] } = scenario;
  if (scenario.format !== 2) return differences(id, steps, got, options);
  return differences(id, comparable(withoutFailedStarts(steps), options), comparable(got, options), options);
}

function differences(id: string, steps: readonly Step[], got: readonly Step[], options: CompareOptions): Difference[] {
  const found: Difference[] = [];
  for (let i = 0; i < Math.max(steps.length, got.length); i += 1) {
    const [theirs, ours] = [steps[i], got[i]];
    const step = `step ${i} ${(theirs ?? ours)?.op}`;
    if (theirs === undefined || ours === undefined) {
      found.push({ id, step, expected: theirs === undefined ? 'no such step' : 'a step', got: 'the opposite' });
      break;
    }
    const fields = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    if (!options.reports) fields.delete('reports');
    for (const field of fields) {
      const [expected, actual] = [shown(theirs, field), shown(ours, field)];
      if (expected !== actual) found.push({ id, step: `${step}, ${field}`, expected, got: actual });
    }
  }
  return found;
}

/** A field as text. Where OTP gives no order, all of one incarnation stays in order, and nothing else. */
function shown(step: Step, field: string): string {
  const value = step[field];
  if (step.order !== 'per_id' || !Array.isArray(value)) return sortedJson(value);
  if (field === 'reports') return sortedJson(value.map(sortedJson).sort());
  if (field !== 'events') return sortedJson(value);
  const key = ({ id, n }: { id: string; n: number }) => `${id} ${String(n).padStart(9)}`;
  return sortedJson([...value].sort((a, b) => (key(a) === key(b) ? 0 : key(a) < key(b) ? -1 : 1)));
}
