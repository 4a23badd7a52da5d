/**
 * Calls tools that stop their process, never yield, never return, or print whatever can be printed, beside callers of a
 * well-behaved one: the rude call has its outcome at its time, its worker is replaced, and nobody else notices.
 */
import {
  type AnyEvent,
  CallTimeoutError,
  type Context,
  isActorError,
  openContext,
  pythonTool,
  WorkerLostError,
} from '../../index.ts';
import { RandomStream } from '../../testing/index.ts';
import { OpenThings } from './open-things.ts';
import { startPool, unrest, warmUp } from './pool-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { WorkerStates } from './worker-states.ts';

export interface RudeOptions {
  /** How often each is done. The full run: 5. */
  readonly rounds: HowLong;
  /** How many megabytes one call prints. The full run: 64. */
  readonly megabytes: number;
  /** Which tools. Default: all. */
  readonly tools?: readonly string[];
  /** Callers that behave. Default 2. */
  readonly callers?: number;
  /** In which order. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface RudeReport extends Report {
  readonly rudeCalls: number;
  /** Calls of those that behave. */
  readonly calls: number;
  /** How long one of them took at most, in milliseconds. */
  readonly slowestMs: number;
  /** How late the outcome of a call came that does not end, after its deadline. */
  readonly late: string;
  /** How long it took from calls that do not end until the pool had its size again. */
  readonly replaced: string;
  /** Lines that were printed, as far as a log takes them. */
  readonly lines: number;
  readonly printedMb: number;
}

type Ending = 'deadline' | 'stuck' | 'answer';
interface Rudeness {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly ends: Ending;
}

const deadlineMs = 400;
/** A worker that only has no processor for a while is not stuck. */
const livenessTimeoutMs = 5_000;
/** How late an outcome may be: other calls and other programs have the processors as well. */
const lateMs = 2_000;
/** The longest line that a log takes, in characters. */
const longestLine = 8_192;
const echo = pythonTool<{ value: string }, string>('echo');

/** What does not end, and what is only loud. */
const waves = (megabytes: number): readonly (readonly Rudeness[])[] => [
  [
    ...['stop_itself', 'hold_the_lock', 'spin', 'never_return'].map(
      (tool): Rudeness => ({ tool, args: {}, ends: 'deadline' }),
    ),
    // Nobody waits for an answer by a deadline: it is the silence that ends them.
    ...['stop_itself', 'hold_the_lock'].map((tool): Rudeness => ({ tool, args: {}, ends: 'stuck' })),
  ],
  [1, 2].flatMap((descriptor): Rudeness[] => [
    { tool: 'print_garbage', args: { descriptor, kilobytes: megabytes * 256 }, ends: 'answer' },
    { tool: 'print_line', args: { descriptor, megabytes: 10 }, ends: 'answer' },
    { tool: 'flood', args: { descriptor, megabytes }, ends: 'answer' },
  ]),
];

/** Resolves when the host has stopped. */
export async function callRudely(options: RudeOptions): Promise<RudeReport> {
  const { rounds, megabytes, tools, callers = 2, seed = 1, say = () => {} } = options;
  const random = new RandomStream(seed);
  await warmUp();
  const things = new OpenThings();
  const wrong: string[] = [];
  const counts = { rudeCalls: 0, calls: 0, slowestMs: 0, lines: 0, printed: 0 };
  const [late, replaced]: [number[], number[]] = [[], []];
  const all = waves(megabytes).map((wave) => wave.filter(({ tool }) => tools?.includes(tool) !== false));
  const rudest = Math.max(...all.map(({ length }) => length));
  // There is a worker for each of them: no deadline passes in the queue.
  const workers = rudest + callers;
  const pool = { module: 'rude_tools', size: workers, livenessTimeoutMs, maxRestarts: 1_000 };
  const host = await startPool(pool, { limits: { livenessIntervalMs: 100 } });
  const states = new WorkerStates(host.system);
  host.system.events.onAll((event: AnyEvent) => {
    const { type, text = '' } = event as AnyEvent & { readonly text?: string };
    if (type !== 'worker.output') return;
    counts.lines += 1;
    counts.printed += text.length;
    if (text.length > longestLine) wrong.push(`a line of ${text.length} characters is in the log`);
  });
  await host.pool.ready(workers);

  let on = true;
  const caller = async (_: unknown, name: number) => {
    await using context = await openContext(host.ophion);
    for (let n = 0; on; n += 1) {
      const begunMs = performance.now();
      counts.calls += 1;
      const value = await context.call(echo, { value: `${name}.${n}` }).catch((error: unknown) => error);
      counts.slowestMs = Math.max(counts.slowestMs, Math.round(performance.now() - begunMs));
      if (value !== `${name}.${n}`) wrong.push(`a call that behaves came to ${value}`);
    }
  };
  const calling = Promise.all(Array.from({ length: callers }, caller));

  const contexts = await Promise.all(Array.from({ length: rudest }, () => openContext(host.ophion)));
  const rude = async ({ tool, args, ends }: Rudeness, context: Context) => {
    const begunMs = performance.now();
    counts.rudeCalls += 1;
    const timeoutMs = ends === 'deadline' ? deadlineMs : 60_000;
    const outcome = await context.call(pythonTool(tool), args, { timeoutMs }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!isAsItShould(outcome, ends))
      wrong.push(`${tool} came to ${isActorError(outcome) ? outcome.message : outcome}, not to its ${ends}`);
    if (ends === 'deadline') late.push(performance.now() - begunMs - deadlineMs);
  };
  for (const round of laps(rounds)) {
    for (const wave of all) {
      const begunMs = performance.now();
      const before = states.lost;
      await Promise.all(shuffled(wave, random).map((one, n) => rude(one, contexts[n] as Context)));
      const endless = wave.filter(({ ends }) => ends !== 'answer').length;
      await states.changed.until(() => states.lost >= before + endless);
      await host.pool.ready(workers);
      if (endless > 0) replaced.push(performance.now() - begunMs);
      if (states.lost > before + endless) wrong.push(`${states.lost - before} workers were lost, not ${endless}`);
      say(`round ${lapOf(round, rounds)}, ${counts.rudeCalls} rude calls, ${counts.calls} others`);
    }
  }
  on = false;
  await calling;
  for (const context of contexts) await context.close();
  for (const ms of late) if (ms > lateMs) wrong.push(`an outcome came ${Math.round(ms)} ms after its deadline`);
  wrong.push(...(await unrest(host, workers)));
  await host.stop();
  wrong.push(...(await things.more()));
  const { rudeCalls, calls, slowestMs, lines, printed } = counts;
  const printedMb = Math.round(printed / 2 ** 20);
  return { rudeCalls, calls, slowestMs, late: spread(late), replaced: spread(replaced), lines, printedMb, wrong };
}

function isAsItShould(outcome: unknown, ends: Ending): boolean {
  if (ends === 'answer') return outcome === undefined;
  if (ends === 'deadline') return outcome instanceof CallTimeoutError;
  return outcome instanceof WorkerLostError && outcome.outcome === 'unknown' && /stuck/.test(outcome.message);
}

function shuffled<T>(list: readonly T[], random: RandomStream): readonly T[] {
  const rest = [...list];
  return list.map(() => rest.splice(random.below(rest.length), 1)[0] as T);
}
