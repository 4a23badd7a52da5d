/**
 * What a TypeScript tool is given beside its arguments, in the words of this layer: typed Python tools, and the
 * session's variables. All of it is a part of the tool's own call.
 */
import type { LocalToolContext as CallContext, NestedCallOptions } from '../../bridge/protocol/index.ts';
import type { PythonStream, PythonTool } from './remote-tool.ts';
import type { Surrounding } from './surrounding.ts';
import { Variables } from './variables.ts';

export interface LocalToolContext extends Omit<CallContext, 'call' | 'stream' | 'session'> {
  /**
   * The session's variables as this call sees them. Writes take effect at once; when the caller's are committed with
   * its result, so are these, and until then this call and what it calls see them alone.
   */
  readonly variables: Variables;
  /**
   * Calls a Python tool of the session as a part of this call: with no more time than is left for it, cancelled with
   * it, in its trace and its transaction. Rejects as `Context.call` does.
   */
  call<In, Out>(tool: PythonTool<In, Out>, args: In, options?: NestedCallOptions): Promise<Out>;
  /** As `call`, for a streaming tool. Leaving the loop early stops it. */
  stream<In, Item>(
    tool: PythonStream<In, Item>,
    args: In,
    options?: NestedCallOptions,
  ): AsyncGenerator<Item, void, undefined>;
}

export class ToolContext implements LocalToolContext {
  readonly variables: Variables;
  readonly #inner: CallContext;
  readonly #surrounding: Surrounding;

  constructor(inner: CallContext, surrounding: Surrounding) {
    this.#inner = inner;
    this.#surrounding = surrounding;
    this.variables = new Variables(
      inner.sessionId,
      () => inner.session,
      (view) => surrounding.writing(inner, view),
    );
  }

  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  get timeoutMs(): number {
    return this.#inner.timeoutMs;
  }

  get sessionId(): string {
    return this.#inner.sessionId;
  }

  get callId(): string {
    return this.#inner.callId;
  }

  get traceparent(): string {
    return this.#inner.traceparent;
  }

  call<In, Out>(tool: PythonTool<In, Out>, args: In, options?: NestedCallOptions): Promise<Out> {
    return this.#surrounding.call(this.#inner, tool, args as never, options) as Promise<Out>;
  }

  stream<In, Item>(
    tool: PythonStream<In, Item>,
    args: In,
    options?: NestedCallOptions,
  ): AsyncGenerator<Item, void, undefined> {
    return this.#surrounding.stream(this.#inner, tool, args as never, options) as AsyncGenerator<Item, void, undefined>;
  }
}
