/**
 * `npm run conformance -- FILE...`: replays scenarios on our runtime and compares with what the real OTP did.
 *   --emit OUT   writes what our runtime did, in the format of the recordings
 *   --reports    compares reports, too
 *   --rules      lists instead the rules that neither a recording nor a test covers
 */
import { writeFileSync } from 'node:fs';
import { compare } from './compare.ts';
import { replay } from './replay.ts';
import { rulesWithoutTest } from './rules.ts';
import { readScenarios } from './scenario.ts';

interface Arguments {
  readonly files: string[];
  readonly emit: string | undefined;
  readonly reports: boolean;
}

function parse(args: readonly string[]): Arguments {
  const files: string[] = [];
  let emit: string | undefined;
  let reports = false;
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] as string;
    if (arg === '--reports') reports = true;
    else if (arg === '--emit') {
      i += 1;
      emit = args[i];
      if (emit === undefined) throw new Error('--emit needs a file');
    } else if (arg.startsWith('--')) throw new Error(`unknown option ${arg}`);
    else files.push(arg);
  }
  if (files.length === 0) throw new Error('which files? conformance [--reports] [--emit OUT] FILE...');
  return { files, emit, reports };
}

async function main({ files, emit, reports }: Arguments): Promise<number> {
  const emitted: string[] = [];
  const totals = { compared: 0, different: 0 };
  for (const scenario of files.flatMap(readScenarios)) {
    const steps = await replay(scenario);
    if (emit !== undefined) emitted.push(JSON.stringify({ ...scenario, steps }));
    if (scenario.steps === undefined) continue;
    totals.compared += 1;
    const differences = compare(scenario, steps, { reports });
    if (differences.length > 0) totals.different += 1;
    for (const { id, step, expected, got } of differences) {
      console.log(`${id}: ${step}\n  expected ${expected}\n  got      ${got}`);
    }
  }
  if (emit !== undefined) writeFileSync(emit, emitted.map((line) => `${line}\n`).join(''));
  const { compared, different } = totals;
  console.log(`${compared} scenarios, ${compared - different} equal, ${different} different`);
  return different === 0 ? 0 : 1;
}

function listRules(): number {
  const rules = rulesWithoutTest();
  for (const { number, title } of rules) console.log(`${number} ${title}`);
  return rules.length === 0 ? 0 : 1;
}

try {
  const args = process.argv.slice(2);
  process.exitCode = args[0] === '--rules' ? listRules() : await main(parse(args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
