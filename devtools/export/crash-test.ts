/**
 * A crash as a mocha test: it starts the actor's logic, plays its last letters again as the report has them, and expects
 * the same end. Values that were cut off or masked are marked. Pure, so that the page makes one, too.
 */
import type { CrashMessage, CrashReport } from '../protocol/index.ts';
import { faultText } from './fault-text.ts';
import { comment, literal, quoted } from './preview-literal.ts';

export type CrashTestErrorCode = 'no_logic' | 'no_letter';

/** A crash cannot become a test. */
export class CrashTestError extends Error {
  override readonly name = 'CrashTestError';
  readonly code: CrashTestErrorCode;

  constructor(code: CrashTestErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CrashTestOptions {
  /** Where the actor's logic is: what the test imports, and the name of its export. Default: the file of the stack. */
  readonly logic?: { readonly module: string; readonly name?: string | undefined };
  /** How a file of the stack is imported. Default: as it is. */
  readonly importPath?: (file: string) => string;
  /** What the test imports this package from. Default `ophion`. */
  readonly from?: string;
  /** The same of `ophion/testing`, which a test of an injected fault needs. Default `ophion/testing`. */
  readonly testingFrom?: string;
}

/** As many letters as a report has at most: when it has so many there may have been more. */
const lettersMax = 20;

/** Kinds of actors whose logic a test can start. */
const startable: ReadonlySet<string> = new Set(['server', 'statem', 'machine']);

/** The text of the test. Throws CrashTestError for what has no logic of its own: workers, supervisors, tasks. */
export function crashTest(report: CrashReport, options: CrashTestOptions = {}): string {
  const { kind, pid, reason, last, messages, fault } = report;
  if (!startable.has(kind) || report.process !== null) {
    throw new CrashTestError('no_logic', `${pid}: a ${kind} has no logic of its own that a test could start`);
  }
  const inInit = last === 'init';
  if (!inInit && messages.length === 0) {
    throw new CrashTestError('no_letter', `${pid}: it ended with no letter that could be played again`);
  }
  const { from = 'ophion', testingFrom = 'ophion/testing' } = options;
  const letters = inInit ? [] : messages;
  // Older ones may be missing: it goes on from the state that it had.
  const fromState = letters.length >= lettersMax && kind === 'server';
  const played = fromState ? letters.slice(-1) : letters;
  const plan = planOf(report, played.length);
  const names = [
    'formatExitReason',
    'nodeRuntime',
    'startSupervisor',
    ...(fromState ? ['sys'] : []),
    ...(kind === 'machine' ? ['worker'] : []),
  ];
  const state = literal(report.stateBefore);
  return [
    '// @ts-nocheck: made by a program; it plays letters whose types it does not know.',
    ...header(report, played),
    "import assert from 'node:assert/strict';",
    `import { ${names.join(', ')} } from ${quoted(from)};`,
    ...(plan === undefined ? [] : [`import { armFaults, parsePlan } from ${quoted(testingFrom)};`]),
    '',
    ...logicLines(report, options),
    '/** True once it is mended: then the test expects that it does not end so any more. */',
    'const mended = false;',
    `const reason = ${quoted(reason)};`,
    '',
    `describe(${quoted(report.path)}, () => {`,
    `  it(${quoted(`${inInit ? 'does not start' : 'ends'}: ${reason}`)}, async () => {`,
    '    // It is to end: nobody need read that on the log.',
    '    const runtime = nodeRuntime({ log: () => {} });',
    `    const child = ${kind === 'machine' ? asMachine : 'logic()'};`,
    ...(inInit
      ? initLines
      : playLines(played, { plan, fault: fault && faultText(fault), state: fromState ? state.code : undefined })),
    '  });',
    '});',
    '',
  ].join('\n');
}

/** A machine as it is, or as a child already. */
const asMachine = "((machine) => (typeof machine.transition === 'function' ? worker(machine) : machine))(logic())";

function header({ id, pid, atMs, reason, decision }: CrashReport, played: readonly CrashMessage[]): string[] {
  const missing = played.flatMap(({ content }) => literal(content).missing);
  return [
    '/**',
    ` * Made of crash ${id} of ${comment(pid)} at ${new Date(atMs).toISOString()}: ${comment(reason)}.`,
    ...(decision === null
      ? []
      : [` * Its supervisor was ${comment(decision.supervisor)} (${comment(decision.strategy)}).`]),
    ...(missing.length === 0 ? [] : [` * Not as it was, and marked below: ${comment(missing.join('; '))}.`]),
    ' */',
  ];
}

/** Where the logic comes from; what is not known is for a person to fill in, and until then the test fails with that. */
function logicLines(report: CrashReport, { logic, importPath = (file) => file }: CrashTestOptions): string[] {
  const file = logic?.module ?? stackFile(report);
  const module = file === undefined ? undefined : logic === undefined ? importPath(file) : file;
  const isFilled = module !== undefined && logic?.name !== undefined;
  const fill =
    module === undefined ? ': import it, and name its export' : ': name its export, unless it is the only one';
  return [
    `/** Where the logic of the actor is${isFilled ? '' : fill}. */`,
    module === undefined ? 'const found = undefined;' : `import * as found from ${quoted(module)};`,
    `const exported = ${logic?.name === undefined ? 'undefined' : quoted(logic.name)};`,
    '',
    'function logic() {',
    '  assert.ok(found !== undefined, "fill in where the logic is: import * as found from ...");',
    "  const names = Object.keys(found).filter((name) => typeof found[name] === 'object' && found[name] !== null);",
    '  const name = exported ?? (names.length === 1 ? names[0] : undefined);',
    "  assert.ok(found[name] !== undefined, 'fill in which one it is: const exported = one of ' + names.join(', '));",
    '  return found[name];',
    '}',
    '',
  ];
}

/** The file of the application in which it was thrown, if the stack says so. */
function stackFile({ causes, fault }: CrashReport): string | undefined {
  // What a fault throws is thrown here.
  if (fault !== undefined) return undefined;
  for (const { stack } of causes) {
    for (const line of stack?.split('\n') ?? []) {
      const [, file] =
        /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]+?|[A-Za-z]:[\\/][^()]+?):\d+:\d+\)?$/.exec(line) ?? [];
      if (file === undefined || /node_modules|[\\/]ophion[\\/]dist[\\/]/.test(file)) continue;
      return file;
    }
  }
  return undefined;
}

const initLines: readonly string[] = [
  '    const starting = startSupervisor({ runtime, maxRestarts: 0, children: { subject: child } });',
  '    const ended = await starting.then(',
  '      (app) => app.stop(),',
  '      (error) => error,',
  '    );',
  '    if (mended) assert.equal(ended, undefined);',
  "    else assert.ok(String(ended?.message).includes(reason), 'it ended otherwise: ' + (ended?.message ?? 'it started'));",
];

interface Playing {
  readonly plan: string | undefined;
  readonly fault: string | undefined;
  readonly state: string | undefined;
}

function playLines(letters: readonly CrashMessage[], { plan, fault, state }: Playing): string[] {
  return [
    "    const children = { subject: { logic: child, restart: 'temporary' } };",
    '    const app = await startSupervisor({ runtime, children });',
    '    const { subject } = app.children;',
    '    const down = subject.monitor();',
    ...(state === undefined
      ? []
      : [
          '    // It had handled more than the report has: from the state before its last letter.',
          `    await sys.replaceState(subject, () => (${state}));`,
        ]),
    ...(plan === undefined
      ? fault === undefined
        ? []
        : [`    // It ended by an injected fault: ${comment(fault)}.`]
      : [
          `    // It ended by an injected fault: ${comment(fault ?? '')}.`,
          `    armFaults(app, parsePlan(${quoted(plan)}));`,
        ]),
    ...letters.map((letter) => `    ${lineOf(letter)}`),
    '    // In order: behind all letters, unless it ends in one of them.',
    '    await subject.stop().catch(() => {});',
    '    const ended = formatExitReason((await down).reason);',
    '    await app.stop();',
    '    if (mended) assert.notEqual(ended, reason);',
    "    else assert.equal(ended, reason, 'it does not end as it did: when that is right, say so: const mended = true');",
  ];
}

function lineOf({ kind, name, from, content }: CrashMessage): string {
  const { code } = literal(content);
  const argument = code === 'undefined' ? '' : `, ${code}`;
  const who = ` // from ${comment(from)}`;
  switch (kind) {
    case 'call':
      return `subject.call(${quoted(name)}${argument}).catch(() => {});${who}`;
    case 'cast':
      return `subject.cast(${quoted(name)}${argument});${who}`;
    case 'info':
      return `subject.send(${code});${who}`;
    default:
      return `// ${comment(`${kind} ${name}`)} is not played again${who.slice(3)}`;
  }
}

/** The fault again, at the letter that it came with; undefined where that cannot be said. */
function planOf({ fault }: CrashReport, letters: number): string | undefined {
  if (fault === undefined) return undefined;
  const { point, task } = fault;
  if (point === 'actor.receive') return `actor.receive{path=app/subject,nth=${letters}}=${task}`;
  return /^(actor|message|clock|process|wire|store)(\.|$)/.test(point) ? undefined : `${point}{once=true}=${task}`;
}
