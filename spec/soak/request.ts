/** What `npm run soak` was asked for. */
import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';

export type Suites = Readonly<Record<string, readonly Scenario[]>>;

export interface SoakRequest {
  readonly suite: string;
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly minutes: number | undefined;
  readonly json: boolean;
}

/** It was asked for what there is not; the message lists what there is. */
export class RequestError extends Error {
  constructor(what: string, suites: Suites) {
    super(`soak: ${what}\n${usage}\n${Object.entries(suites).map(listed).join('\n')}`);
    this.name = new.target.name;
  }
}

const usage = `usage: npm run soak -- SUITE [--only NAME] [--seed N] [--minutes N] [--json]
  --only NAME  this scenario alone; may be given more than once
  --seed N     where chance begins (default 1)
  --minutes N  each scenario for so long, instead of so many times
  --json       one JSON object a line`;

function listed([suite, scenarios]: readonly [string, readonly Scenario[]]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return [suite, ...scenarios.map(({ name, what }) => `  ${name.padEnd(width)}  ${what}`)].join('\n');
}

/** Throws a RequestError that names the wrong argument. */
export function requestOf(args: readonly string[], suites: Suites): SoakRequest {
  const refuse = (what: string) => new RequestError(what, suites);
  const { positionals, values } = parsed(args, refuse);
  const { only, json } = values;
  const [suite = '', ...more] = positionals;
  const all = Object.hasOwn(suites, suite) ? suites[suite] : undefined;
  if (all === undefined) throw refuse(suite === '' ? 'which suite?' : `there is no suite '${suite}'`);
  if (more.length > 0) throw refuse(`one suite at a time, not '${more.join(' ')}' as well`);
  for (const name of only)
    if (!all.some((one) => one.name === name)) throw refuse(`--only ${name}: no scenario of ${suite}`);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw refuse(`--seed ${values.seed}: not a whole number`);
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(minutes > 0 && Number.isFinite(minutes)))
    throw refuse(`--minutes ${values.minutes}: not a number of minutes`);
  const scenarios = only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
  return { suite, scenarios, seed, minutes, json };
}

function parsed(args: readonly string[], refuse: (what: string) => Error) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true, default: [] },
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw refuse((error as Error).message);
  }
}
