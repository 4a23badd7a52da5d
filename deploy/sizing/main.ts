/**
 * `npm run sizing`: how many coordinators, Redis shards and workers a load takes, and what breaks first. Each part of the
 * load is an option (`--active 0.2`), `--costs FILE` takes other costs, and `--measure` measures them on this machine.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CostsError, readCosts } from './costs.ts';
import { checkLoad, defaultLoad, LoadError } from './load.ts';
import { costTable, setUpOfTheManifest, sized, sizes, table } from './report.ts';

const numbers = Object.fromEntries(Object.keys(defaultLoad).map((name) => [name, { type: 'string' as const }]));
const options = {
  ...numbers,
  costs: { type: 'string' },
  measure: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

async function main(args: readonly string[]): Promise<void> {
  const { costs: file, measure, json, ...given } = parseArgs({ args: [...args], options }).values;
  const own = fileURLToPath(new URL('costs.json', import.meta.url));
  if (measure) {
    // Only here: it starts servers.
    const measuring = await import('./measure.ts');
    const measured = await measuring.measure({ sessions: 1_000, watches: 1_000, times: 2_000, idleMs: 15_000 });
    writeFileSync(String(file ?? own), `${JSON.stringify(measuring.rounded(measured), null, 2)}\n`);
    console.log(`measured: ${file ?? own}`);
    return;
  }
  const costs = readCosts(file === undefined ? own : String(file));
  const load = { ...defaultLoad };
  for (const [name, value] of Object.entries(given)) Object.assign(load, { [name]: Number(value) });
  checkLoad(load);
  const wanted = 'sessions' in given ? [load.sessions] : sizes;
  const all = wanted.map((sessions) => sized({ ...load, sessions }, costs));
  if (json) {
    for (const { plan, simulated } of all) console.log(JSON.stringify({ plan, simulated }));
    return;
  }
  console.log(table(all));
  console.log(`${setUpOfTheManifest(load, costs)}\n`);
  console.log(costTable(costs));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const told =
    error instanceof CostsError ||
    error instanceof LoadError ||
    (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  if (!told) throw error;
  console.error(`sizing: ${(error as Error).message}`);
  process.exitCode = 2;
}
