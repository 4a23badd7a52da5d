/**
 * Answers a call again as it was answered before, for as long as the session's variables are what they were. What is
 * kept is kept as on the wire, so that each caller has a copy of his own.
 */
import { type KeptValue, keepValue, keyOfArguments } from '../../../bridge/protocol/index.ts';
import { SpecError } from '../../core/index.ts';
import type { CallAnswer, Middleware, MiddlewareCall } from './middleware.ts';
import { checkAbove, concerns, type WhichCalls } from './which.ts';

/** `tools` and `programs` name those that answer the same to the same, and do nothing else: one of them at least. */
export type CacheCallsOptions = CacheOptions &
  WhichCalls &
  ({ readonly tools: readonly string[] } | { readonly programs: readonly string[] });

interface CacheOptions {
  /** Variables that the answers depend on; none are given as `[]`. Default: all, so each commit makes them stale. */
  readonly variables?: readonly string[];
  /** How many answers are kept, the least recently used goes first. Default 1,000. */
  readonly max?: number;
  /** How many bytes they may have in all. A larger one is not kept. Default 64 MiB. */
  readonly maxBytes?: number;
  /** How old one may be, in milliseconds. Default: any age. */
  readonly ttlMs?: number;
}

interface Kept {
  readonly value: KeptValue;
  readonly answer: Omit<CallAnswer, 'value'>;
  readonly untilMs: number;
}

/** One cache, for all contexts that it is used on; their answers are apart. Streams pass. */
export function cacheCalls(options: CacheCallsOptions): Middleware {
  const { max = 1_000, maxBytes = 64 * 1024 * 1024, ttlMs = Number.POSITIVE_INFINITY, variables, ...which } = options;
  const { tools = [], programs = [] } = which;
  if (tools.length + programs.length === 0)
    throw new SpecError('middleware', 'invalid_tools: a cache is about some tools, or programs');
  checkAbove('max', max, 1);
  checkAbove('maxBytes', maxBytes, 1);
  checkAbove('ttlMs', ttlMs, 1);
  const isMine = concerns({ tools, programs });
  const cache = new Cache(max, maxBytes);
  return {
    async call(call, next) {
      if (!isMine(call)) return next(call);
      const { clock } = call.system.runtime;
      const key = await keyOf(call, variables);
      const known = cache.get(key, clock.monotonicMs());
      if (known !== undefined) return { ...known.answer, value: known.value.copy() };
      const { value, ...answer } = await next(call);
      const kept = keepValue(value);
      if (kept !== undefined) cache.set(key, { value: kept, answer, untilMs: clock.monotonicMs() + ttlMs });
      return { ...answer, value };
    },
  };
}

/** What the answer depends on. Read before the call: what is committed meanwhile makes a key that nobody asks for. */
async function keyOf(call: MiddlewareCall, names: readonly string[] | undefined): Promise<string> {
  const { epoch, revision, variables } = await call.read(names ?? []);
  const state = names === undefined ? revision : variables.map(({ name, version }) => [name, version]);
  return JSON.stringify([
    call.context,
    call.side,
    call.tool,
    call.program ?? null,
    keyOfArguments(call.arguments),
    epoch,
    state,
  ]);
}

class Cache {
  readonly #max: number;
  readonly #maxBytes: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(max: number, maxBytes: number) {
    this.#max = max;
    this.#maxBytes = maxBytes;
  }

  get(key: string, nowMs: number): Kept | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#forget(key, kept);
    if (kept.untilMs <= nowMs) return undefined;
    this.#add(key, kept);
    return kept;
  }

  set(key: string, kept: Kept): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#forget(key, before);
    if (kept.value.bytes > this.#maxBytes) return;
    this.#add(key, kept);
    for (const [oldest, one] of this.#kept) {
      if (this.#kept.size <= this.#max && this.#bytes <= this.#maxBytes) return;
      this.#forget(oldest, one);
    }
  }

  #add(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += kept.value.bytes;
  }

  #forget(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#bytes -= kept.value.bytes;
  }
}
