/**
 * A context's tools in both directions: calls of Python tools, and TypeScript functions that Python may call. The
 * calls go through the bridge, in the context's session.
 */
import {
  type BridgeNames,
  type CallOutcome,
  callTool,
  defaultToolTimeoutMs,
  noOutcome,
  streamTool,
  type ToolCallOptions,
  type ToolRequest,
} from '../../bridge/protocol/index.ts';
import type { Value } from '../state/index.ts';
import type { AffinityMode } from '../worker/index.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import type { MiddlewareCall } from './middleware/index.ts';
import { LaterStream, SurroundedStream } from './tool-streams.ts';

export type { CallOutcome };

/** The one outcome of a call as data; see `CallSettled` of the bridge. */
export type CallSettled<Out> =
  | { readonly kind: 'result'; readonly value: Out }
  | { readonly kind: 'tool_error' | 'not_started' | 'unknown'; readonly error: unknown };

export interface ToolOptions extends ToolCallOptions {
  /** Whether running it twice does no harm: then it is run again when its worker was lost. Default false. */
  readonly idempotent?: boolean;
  /** Which pool runs it. Default: the first whose workers offer the tool. */
  readonly pool?: string;
  /** Calls with the same key go to the same worker, as `affinityMode` says. Default: the session's. */
  readonly affinityKey?: string;
  /**
   * `hint`: another worker will do. `strict_queue`, for what cannot leave a worker, such as a loaded model: that worker
   * alone, and the call waits for it. `strict_fail_fast`: refused with `queue_full` when it is busy. Once that worker is
   * lost, strict calls are refused with `affinity_lost` until `pool.release(key)`. Default: the pool's `affinity`.
   */
  readonly affinityMode?: AffinityMode;
  /**
   * Makes it one call, however often it is made: the same key in the same context joins the run that is under way, or
   * has its outcome, as long as that is kept. With another tool or other arguments it is a `conflict`. Default: none.
   */
  readonly idempotencyKey?: string;
  /** The W3C trace context that it stands in. Default: it begins a trace of its own. */
  readonly traceparent?: string;
}

/** Items in order, once; `outcome` is what came after the last one. Leaving the loop early stops the tool. */
export interface ToolStream<Item> extends AsyncIterableIterator<Item> {
  readonly outcome: Promise<CallOutcome>;
}

/** A tool by its name, with what counts where a call says nothing else. */
export interface CalledTool {
  readonly name: string;
  readonly idempotent?: boolean | undefined;
  readonly pool?: string | undefined;
  /** The program that it is a run of. */
  readonly program?: string | undefined;
  /** What runs it, when that is no worker. */
  readonly here?: RunsHere | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;

/** What is called as a Python tool is, and runs in this process. */
export interface RunsHere {
  call(args: Arguments, options: ToolOptions): Promise<CallOutcome>;
  stream(args: Arguments, options: ToolOptions): ToolStream<unknown>;
}

export class Tools {
  readonly #names: BridgeNames;
  readonly #record: ContextRecord;
  readonly #moving: () => Promise<unknown> | undefined;

  /** `moving` makes the context fit for Python, bridged state, its tools registered; undefined when it is. */
  constructor(names: BridgeNames, record: ContextRecord, moving: () => Promise<unknown> | undefined) {
    this.#names = names;
    this.#record = record;
    this.#moving = moving;
  }

  /** Calls a Python tool, or what runs here, and answers its one outcome. */
  async call(tool: CalledTool, args: Arguments, options: ToolOptions = {}): Promise<CallOutcome> {
    if (this.#record.chain.isEmpty) return this.#call(tool, args, options);
    const answer = await this.#record.chain.call(this.#described(tool, args, options, false), (given) =>
      this.#call({ ...tool, name: given.tool }, given.arguments, limited(options, given)),
    );
    return { ...noOutcome, ...answer };
  }

  async #call(tool: CalledTool, args: Arguments, options: ToolOptions): Promise<CallOutcome> {
    if (tool.here !== undefined) return tool.here.call(args, options);
    const moving = this.#moving();
    if (moving !== undefined) await moving;
    return callTool(this.#names, this.#request(tool, args, options), options).outcome;
  }

  /** As `call`, with what is known of a call that failed. Never rejects. */
  async callSettled(tool: CalledTool, args: Arguments, options: ToolOptions): Promise<CallSettled<unknown>> {
    if (this.#record.chain.isEmpty) return this.#callSettled(tool, args, options);
    // What is known of the failures that came from the bridge; what fails with another one is known by what ran before.
    const known = new Map<unknown, CallSettled<unknown>>();
    let worst: 'not_started' | 'unknown' = 'not_started';
    try {
      const { value } = await this.#record.chain.call(this.#described(tool, args, options, false), async (given) => {
        const called = { ...tool, name: given.tool };
        const settled = await this.#callSettled(called, given.arguments, limited(options, given));
        if (settled.kind !== 'not_started') worst = 'unknown';
        if (settled.kind === 'result') return { value: settled.value as Value };
        known.set(settled.error, settled);
        throw settled.error;
      });
      return { kind: 'result', value };
    } catch (error) {
      return known.get(error) ?? { kind: worst, error };
    }
  }

  async #callSettled(tool: CalledTool, args: Arguments, options: ToolOptions): Promise<CallSettled<unknown>> {
    try {
      await this.#moving();
    } catch (error) {
      return { kind: 'not_started', error };
    }
    const settled = await callTool(this.#names, this.#request(tool, args, options), options).settled();
    return settled.kind === 'result' ? { kind: 'result', value: settled.outcome.value } : settled;
  }

  /** As `call`, item by item. */
  stream(tool: CalledTool, args: Arguments, options: ToolOptions = {}): ToolStream<unknown> {
    if (this.#record.chain.isEmpty) return this.#stream(tool, args, options);
    let last: ToolStream<unknown> | undefined;
    const items = this.#record.chain.stream(this.#described(tool, args, options, true), (given) => {
      last = this.#stream({ ...tool, name: given.tool }, given.arguments, limited(options, given));
      return last;
    });
    return new SurroundedStream(items, () => last?.outcome);
  }

  #stream(tool: CalledTool, args: Arguments, options: ToolOptions): ToolStream<unknown> {
    if (tool.here !== undefined) return tool.here.stream(args, options);
    const open = async () => {
      await this.#moving();
      return streamTool(this.#names, this.#request(tool, args, options), options);
    };
    return new LaterStream(open());
  }

  #described(tool: CalledTool, args: Arguments, options: ToolOptions, stream: boolean): MiddlewareCall {
    return {
      tool: tool.name,
      program: tool.program,
      side: tool.here === undefined ? 'python' : 'typescript',
      arguments: args,
      stream,
      idempotent: options.idempotent ?? tool.idempotent ?? false,
      context: this.#record.id,
      timeoutMs: options.timeoutMs ?? defaultToolTimeoutMs,
      signal: options.signal,
      read: async (names) => (await settledSession(this.#record)).read(names),
      system: this.#names.system,
    };
  }

  #request(tool: CalledTool, args: Arguments, options: ToolOptions): ToolRequest {
    return {
      tool: tool.name,
      arguments: args,
      sessionId: this.#record.session.id,
      idempotent: options.idempotent ?? tool.idempotent,
      pool: options.pool ?? tool.pool,
      affinityKey: options.affinityKey,
      affinityMode: options.affinityMode,
      idempotencyKey: options.idempotencyKey,
      traceparent: options.traceparent,
    };
  }
}

/** The options of a call as a middleware has passed it on. */
const limited = (options: ToolOptions, { timeoutMs, signal }: MiddlewareCall): ToolOptions => ({
  ...options,
  timeoutMs,
  ...(signal === undefined ? {} : { signal }),
});
