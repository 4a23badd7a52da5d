/** The calls of one session, two at a time, through the public API; and what is in the session when all are over. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Context,
  declare,
  integer,
  type LocalToolContext,
  type OphionRef,
  openContext,
  pythonTool,
  string,
  type ToolOptions,
} from '../../../index.ts';
import type { OutcomeCheck, RandomStream } from '../../../testing/index.ts';
import { insideOf, kindOf, type Ledger, type Told } from './ledger.ts';
import { type Drawn, draw, streamOf, type ToolArguments, toolOf, written } from './shapes.ts';

export interface SessionCalls {
  readonly ophion: OphionRef;
  readonly name: string;
  /** How many are made at most. */
  readonly calls: number;
  readonly random: RandomStream;
  readonly ledger: Ledger;
  readonly checks: OutcomeCheck;
  /** False: no more calls. It is asked before each. */
  readonly more: () => boolean;
  /** A call has its outcome. */
  readonly done: () => void;
  /** Which pool they go to. Default: the first that offers the tool. */
  readonly pool?: string;
}

interface Made {
  readonly drawn: Drawn;
  readonly told: Told[];
}

/** An idempotent call may be hit again at each attempt; with so many nobody is hit every time. */
const maxAttempts = 15;
/** How long a call may take that nobody hurries, all attempts included: none takes nearly as long. */
const timeoutMs = 120_000;
const lanes = 2;

const inside = pythonTool<ToolArguments, string>('run_async');

/** Resolves when all of them have their outcome. */
export async function callInSession(options: SessionCalls): Promise<void> {
  const { ophion, name, calls, random, ledger, more } = options;
  const names = Object.fromEntries(written(calls).map((one) => [one, string({ default: '' })]));
  const variables = declare({ total: integer({ default: 0 }), ...names });
  await using context = (await openContext(ophion, { variables })) as unknown as Context;
  await context.expose({
    confirm: async ({ key }: { key: string }, tool: LocalToolContext) => {
      ledger.confirmed(key);
      const args = { key: insideOf(key), seconds: 0, fails: false };
      await tool.call(inside, args);
      return `confirmed ${key}`;
    },
  });
  const all: Made[] = [];
  const lane = async () => {
    while (all.length < calls && more()) {
      const made: Made = { drawn: draw(random, name, all.length), told: [] };
      all.push(made);
      await makeOne(options, context, made);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const made of all) {
    // Once more, when all is over: the same call, so the same outcome.
    if (made.drawn.keyed) made.told.push(await settle(options, context, made.drawn, 'later'));
    ledger.told(made.drawn, made.told);
  }
  ledger.session(all, await context.variables.getAll());
}

async function makeOne(options: SessionCalls, context: Context, { drawn, told }: Made): Promise<void> {
  if (drawn.shape.stream !== undefined) told.push(await readStream(options, context, drawn));
  else {
    const both = drawn.keyed ? ['first', 'second'] : ['alone'];
    told.push(...(await Promise.all(both.map((who) => settle(options, context, drawn, who)))));
  }
  options.done();
}

async function settle({ checks, pool }: SessionCalls, context: Context, drawn: Drawn, who: string): Promise<Told> {
  const { args, keyed } = drawn;
  const begun = checks.begin(`${args.key} ${who}`);
  const key = keyed ? { idempotencyKey: args.key } : {};
  const settled = await context.callSettled(toolOf(drawn), args, { ...optionsOf(drawn, pool), ...key });
  begun.ended(settled.kind === 'result' ? 'fulfilled' : 'rejected');
  return settled;
}

async function readStream({ checks, ledger, pool }: SessionCalls, context: Context, drawn: Drawn): Promise<Told> {
  const { args, leavesAfter } = drawn;
  const { to = 0 } = args;
  const options = optionsOf(drawn, pool);
  let items = 0;
  const stream = context.stream(streamOf(drawn), args, options);
  const full = Array.from({ length: to }, (_, n) => n);
  try {
    for await (const _ of checks.stream(args.key, stream, full)) {
      items += 1;
      if (items === leavesAfter) return { kind: 'left', items };
    }
    const { value } = await stream.outcome;
    return { kind: 'result', value, items };
  } catch (error) {
    const kind = kindOf(error, options.signal?.aborted === true);
    const after = await stream.outcome.then(
      () => 'a result',
      (reason: unknown) => (reason === error ? undefined : reason),
    );
    if (after !== undefined) ledger.wrong.push(`${args.key}: its items ended with ${error}, its outcome is ${after}`);
    if (kind === undefined) ledger.wrong.push(`${args.key}: nobody knows what became of it: ${error}`);
    return { kind: kind ?? 'unknown', error, items };
  }
}

function optionsOf({ hurry }: Drawn, pool: string | undefined): ToolOptions {
  const options = { maxAttempts, timeoutMs, ...(pool === undefined ? {} : { pool }) };
  if (hurry === undefined) return options;
  if (hurry.how === 'deadline') return { ...options, timeoutMs: hurry.ms };
  const controller = new AbortController();
  void pause(hurry.ms).then(() => controller.abort(new Error('its caller has given it up')));
  return { ...options, signal: controller.signal };
}
