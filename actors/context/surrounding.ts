/** Middleware around the TypeScript tools of a context, and around what they call themselves. */
import type {
  LocalToolContext as CallContext,
  LocalToolFunction,
  NestedCallOptions,
} from '../../bridge/protocol/index.ts';
import type { ActorSystem } from '../core/index.ts';
import type { Value, WritableView } from '../state/index.ts';
import type { Chain, MiddlewareCall } from './middleware/index.ts';
import { toldWrites } from './told-writes.ts';
import type { CalledTool } from './tools.ts';

/** What stands around the calls of one context. */
export class Surrounding {
  readonly #chain: Chain;
  readonly #context: string;
  readonly #system: ActorSystem;

  constructor(chain: Chain, context: string, system: ActorSystem) {
    this.#chain = chain;
    this.#context = context;
    this.#system = system;
  }

  /** What writes of a tool go through. */
  writing({ sessionId, traceparent }: CallContext, view: WritableView): WritableView {
    return toldWrites(this.#system, sessionId, traceparent, view);
  }

  /** An exposed tool as the bridge runs it. What a middleware says of time and signal is its own alone. */
  around(tool: string, stream: boolean, run: LocalToolFunction): LocalToolFunction {
    return (args, context) => {
      if (this.#chain.isEmpty) return run(args, context);
      const call = this.#described({ name: tool }, 'typescript', args, context, stream, {});
      if (stream)
        return this.#chain.stream(call, (given) => run(given.arguments as never, context) as AsyncIterable<unknown>);
      return this.#chain
        .call(call, async (given) => ({ value: (await run(given.arguments as never, context)) as Value }))
        .then(({ value }) => value);
    };
  }

  /** A Python tool that an exposed one calls. */
  async call(
    context: CallContext,
    tool: CalledTool,
    args: Readonly<Record<string, unknown>>,
    options: NestedCallOptions = {},
  ): Promise<unknown> {
    if (this.#chain.isEmpty) return context.call(tool as never, args, options);
    const call = this.#described(tool, 'python', args, context, false, options);
    const { value } = await this.#chain.call(call, async (given) => ({
      value: await context.call({ ...tool, name: given.tool } as never, given.arguments, limited(options, given)),
    }));
    return value;
  }

  /** As `call`, for one that streams. */
  async *stream(
    context: CallContext,
    tool: CalledTool,
    args: Readonly<Record<string, unknown>>,
    options: NestedCallOptions = {},
  ): AsyncGenerator<unknown, void, undefined> {
    const call = this.#described(tool, 'python', args, context, true, options);
    yield* this.#chain.stream(call, (given) =>
      context.stream({ ...tool, name: given.tool } as never, given.arguments, limited(options, given)),
    );
  }

  #described(
    tool: CalledTool,
    side: MiddlewareCall['side'],
    args: Readonly<Record<string, unknown>>,
    context: CallContext,
    stream: boolean,
    options: NestedCallOptions,
  ): MiddlewareCall {
    return {
      tool: tool.name,
      program: undefined,
      side,
      arguments: args,
      stream,
      idempotent: options.idempotent ?? tool.idempotent ?? false,
      context: this.#context,
      timeoutMs: Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, context.timeoutMs),
      signal: options.signal ?? context.signal,
      read: (names) => context.session.read(names),
      system: this.#system,
    };
  }
}

const limited = (options: NestedCallOptions, { timeoutMs, signal }: MiddlewareCall): NestedCallOptions => ({
  ...options,
  ...(Number.isFinite(timeoutMs) ? { timeoutMs } : {}),
  ...(signal === undefined ? {} : { signal }),
});
