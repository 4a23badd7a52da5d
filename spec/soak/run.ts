/** Runs scenarios one after the other, and says what became of each. */
import type { Report, Say, Scenario } from './scenario.ts';

export interface SoakOptions {
  readonly suite: string;
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly minutes: number | undefined;
  /** One JSON object a line instead of text. */
  readonly json: boolean;
  /** Where results go. */
  readonly print: (line: string) => void;
  /** Where all else goes. */
  readonly say: (line: string) => void;
  /** How long a scenario may say nothing before it stands still. Default 300,000 ms. */
  readonly patienceMs?: number;
}

export interface SoakOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The last one stood still: what it has started may still be there. */
  readonly stands: boolean;
}

/** Progress is printed no more often than this. */
const sayEveryMs = 2_000;

/** Resolves when all have run. One that stands still is the last: nobody knows what it left running. */
export async function runSoak(options: SoakOptions): Promise<SoakOutcome> {
  const { suite, scenarios, json, print } = options;
  const count = { passed: 0, failed: 0, skipped: 0 };
  let stands = false;
  for (const scenario of scenarios) {
    const { name } = scenario;
    const missing = scenario.missing?.();
    if (missing !== undefined) {
      count.skipped += 1;
      print(json ? JSON.stringify({ suite, name, skipped: missing }) : `${name}: skipped, missing ${missing}`);
      continue;
    }
    const begunMs = performance.now();
    const report = await outcomeOf(scenario, options);
    const seconds = Number(((performance.now() - begunMs) / 1_000).toFixed(1));
    stands = typeof report === 'string';
    const { wrong, ...figures } = typeof report === 'string' ? { wrong: [report] } : report;
    const passed = wrong.length === 0;
    count[passed ? 'passed' : 'failed'] += 1;
    if (json) print(JSON.stringify({ suite, name, passed, seconds, figures, wrong }));
    else {
      print(`${name}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s${formatFigures(figures)}`);
      for (const one of wrong) print(`  ${one}`);
    }
    if (stands) break;
  }
  return { ...count, stands };
}

/** A text when it stands still: since when. */
async function outcomeOf(
  { name, run }: Scenario,
  { seed, minutes, say, patienceMs = 300_000 }: SoakOptions,
): Promise<Report | string> {
  let saidMs = Number.NEGATIVE_INFINITY;
  let last = 'nothing yet';
  let timer: NodeJS.Timeout | undefined;
  const heard: Say = (progress, urgent) => {
    timer?.refresh();
    last = progress;
    const nowMs = performance.now();
    if (urgent === undefined && nowMs - saidMs < sayEveryMs) return;
    saidMs = nowMs;
    say(`  ${name}: ${progress}`);
  };
  const running = run({ seed, minutes, say: heard }).catch((error: unknown) => ({
    wrong: [`it ended with ${error instanceof Error ? error.stack : String(error)}`],
  }));
  const standing = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it stands still since: ${last}`), patienceMs);
  });
  const report = await Promise.race([running, standing]);
  clearTimeout(timer);
  return report;
}

function formatFigures(figures: Readonly<Record<string, unknown>>): string {
  const all = Object.entries(figures).map(([name, value]) => `${name} ${formatValue(value)}`);
  return all.length === 0 ? '' : `: ${all.join(', ')}`;
}

function formatValue(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
