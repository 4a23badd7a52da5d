/**
 * A context's tools in both directions: calls of Python tools, and TypeScript functions that Python may call. The
 * calls go through the bridge, in the context's session.
 */
import {
  type BridgeNames,
  type ToolStream as BridgeStream,
  type CallOutcome,
  callTool,
  streamTool,
  type ToolCallOptions,
  type ToolRequest,
} from '../../bridge/protocol/index.ts';
import type { AffinityMode } from '../worker/index.ts';
import type { ContextRecord } from './context-record.ts';

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
}

type Arguments = Readonly<Record<string, unknown>>;

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

  /** Calls a Python tool and answers its one outcome. */
  async call(tool: CalledTool, args: Arguments, options: ToolOptions = {}): Promise<CallOutcome> {
    const moving = this.#moving();
    if (moving !== undefined) await moving;
    return callTool(this.#names, this.#request(tool, args, options), options).outcome;
  }

  /** As `call`, with what is known of a call that failed. Never rejects. */
  async callSettled(tool: CalledTool, args: Arguments, options: ToolOptions): Promise<CallSettled<unknown>> {
    try {
      await this.#moving();
    } catch (error) {
      return { kind: 'not_started', error };
    }
    const settled = await callTool(this.#names, this.#request(tool, args, options), options).settled();
    return settled.kind === 'result' ? { kind: 'result', value: settled.outcome.value } : settled;
  }

  /** Calls a streaming Python tool. */
  stream(tool: CalledTool, args: Arguments, options: ToolOptions = {}): ToolStream<unknown> {
    const open = async () => {
      await this.#moving();
      return streamTool(this.#names, this.#request(tool, args, options), options);
    };
    return new LaterStream(open());
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

/** A stream whose context is still being made ready. */
class LaterStream implements ToolStream<unknown> {
  readonly outcome: Promise<CallOutcome>;
  readonly #opened: Promise<BridgeStream>;

  constructor(opened: Promise<BridgeStream>) {
    this.#opened = opened;
    this.outcome = opened.then((stream) => stream.outcome);
    // Whoever reads the items hears of a failure there.
    this.outcome.catch(() => {});
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    return (await this.#opened).next();
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    return (await this.#opened).return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
