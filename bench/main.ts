/** `npm run bench -- SUITE [--json] [--quick] [--rounds N] [--only TEXT]`. */
import { parseArgs } from 'node:util';
import { Beam } from './beam.ts';
import { circumstances, tableHead, tableRow } from './report.ts';
import { Runner } from './run.ts';
import { suites } from './suites.ts';

const usage = `usage: npm run bench -- SUITE [--json] [--quick] [--rounds N] [--only TEXT]
suites: ${Object.keys(suites).join(', ')}
  --json      one JSON object a line
  --quick     tiny samples: shows that everything runs, measures nothing
  --rounds N  how many samples of each side count
  --only TEXT only what is measured under a name that contains it`;

function failed(message: string): never {
  console.error(`bench: ${message}\n${usage}`);
  process.exit(2);
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string', default: '' },
      },
    });
    return { ...values, positionals };
  } catch (error) {
    return failed((error as Error).message);
  }
}

const { positionals, json, quick, only, rounds: given } = options();
const [name = ''] = positionals;
const rounds = given === undefined ? undefined : Number(given);
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
  failed(`--rounds ${given}: not a number of rounds`);
const suite = (await suites[name]?.()) ?? failed(name === '' ? 'which suite?' : `there is no suite '${name}'`);

using beam = Beam.find();
using runner = new Runner(suite, { beam, quick, ...(rounds === undefined ? {} : { rounds }) });
// Where JSON is wanted, nothing else goes to stdout.
const say = json ? console.error : console.log;
for (const line of circumstances(beam?.version, quick)) say(line);
if (!json) say(`\n${tableHead}`);
for (const contest of suite.contests) {
  if (!contest.lines.some((line) => line.name.includes(only))) continue;
  const lacking = await contest.lacks?.();
  if (lacking !== undefined) {
    for (const { name } of contest.lines) console.error(`skipped: ${name}: no ${lacking} here`);
    continue;
  }
  for (const { line, result } of await runner.run(contest))
    console.log(json ? JSON.stringify(result) : tableRow(result, line));
}
