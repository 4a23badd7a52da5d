/**
 * A failed run as a mocha test of its own: seed, plan, input, settings and choices stand in it as data, so that it needs
 * the scenario and this package, and neither the trace nor the exploration that found it.
 */
import { dirname, relative, resolve, sep } from 'node:path';
import { type ScenarioName, type Trace, tapeOf } from './records.ts';

export type ExportTestErrorCode = 'no_scenario' | 'no_failure' | 'no_data';

/** A trace cannot become a test. */
export class ExportTestError extends Error {
  readonly code: ExportTestErrorCode;

  constructor(code: ExportTestErrorCode, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

export interface ExportTestOptions {
  /**
   * The scenario: a module, as a path from the working directory, and the name of its export. Default: what the header
   * says, which needs the option `scenario: import.meta.url` of `simulate` and `explore`.
   */
  readonly scenario?: Pick<ScenarioName, 'module' | 'name'>;
  /** Where the test is to lie, for its imports; `.ts` is TypeScript. Default: a module in the working directory. */
  readonly file?: string;
  /** What the test imports this package's tools from. Default `ophion/testing`. */
  readonly from?: string;
}

/** How many choices stand in one line. */
const choicesPerLine = 40;

/** The text of a test that fails as this run did, and passes when nothing is wrong any more. Throws ExportTestError. */
export function exportTest(
  trace: Trace,
  { scenario, file = 'exported.spec.mjs', from = 'ophion/testing' }: ExportTestOptions = {},
): string {
  const { seed, plan, lettersPerTurn, statement, input, inputText, config } = trace.header;
  const { module, name } = scenario ?? trace.header.scenario ?? {};
  if (module === undefined || name === undefined) {
    throw new ExportTestError(
      'no_scenario',
      'the trace does not say which scenario it is of: give `scenario: import.meta.url` to simulate() or explore(), or say module and name here',
    );
  }
  if (statement === undefined) throw new ExportTestError('no_failure', 'nothing was wrong in this run');
  if (inputText !== undefined) {
    throw new ExportTestError('no_data', `the scenario was given what is no data, and cannot be again: ${inputText}`);
  }
  const isTyped = file.endsWith('ts');
  const takesInput = trace.header.scenario?.takes === 'input' || input !== undefined || config !== undefined;
  const data = (value: unknown) => `${JSON.stringify(value) ?? 'undefined'}${isTyped ? ' as never' : ''}`;
  const lines = [
    `import { playAgain } from ${quoted(from)};`,
    `import { ${name === 'default' ? 'default as scenario' : name} } from ${quoted(importPath(module, file))};`,
    '',
    'const run = {',
    `  seed: ${JSON.stringify(seed)},`,
    ...(plan === undefined ? [] : [`  plan: ${JSON.stringify(plan)},`]),
    ...(lettersPerTurn === undefined ? [] : [`  lettersPerTurn: ${lettersPerTurn},`]),
    '  choices: [',
    ...choiceLines(tapeOf(trace).map(({ choice }) => choice)),
    '  ],',
    `}${isTyped ? ' as const' : ''};`,
    ...(takesInput ? [`const input = ${data(input)};`, `const config = ${data(config ?? {})};`] : []),
    '',
    `describe(${quoted(`${name}, seed ${seed}`)}, () => {`,
  ];
  const called = name === 'default' ? 'scenario' : name;
  const played = takesInput ? `(sim) => ${called}(sim, input, config)` : called;
  return [
    ...lines,
    `  it(${quoted(`does not fail with: ${statement}`)}, () => playAgain(run, ${played}));`,
    '});',
    '',
  ].join('\n');
}

/** From the folder of a test to a module; what is no path is imported as it is. */
function importPath(module: string, file: string): string {
  const path = relative(dirname(resolve(file)), resolve(module))
    .split(sep)
    .join('/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** The plainest choices at the end need not be said. */
function choiceLines(all: readonly number[]): readonly string[] {
  const choices = all.slice(0, all.findLastIndex((choice) => choice !== 0) + 1);
  const lines: string[] = [];
  for (let at = 0; at < choices.length; at += choicesPerLine)
    lines.push(`    ${choices.slice(at, at + choicesPerLine).join(', ')},`);
  return lines;
}

/** A string literal of JavaScript. */
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
