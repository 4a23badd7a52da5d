/**
 * A TypeScript tool called from outside: a temporary child of `tasks` with a deadline and a signal, as when Python
 * calls it.
 */
import {
  type ActorContext,
  ActorDownError,
  CallTimeoutError,
  exitReason,
  server,
  stop,
} from '../../actors/core/index.ts';
import type { StateProvider, Value } from '../../actors/state/index.ts';
import { tellBegan } from './call-events.ts';
import { errorOfFault, faultOfTool } from './error-codes.ts';
import { type LocalHost, ToolContext } from './local-context.ts';
import { isAsyncIterable, type LocalToolFunction } from './local-tools.ts';
import type { BridgeNames } from './names.ts';
import { isTraceparent } from './trace.ts';
import { beginSpan, runInSpan } from './tracing.ts';

export interface LocalCall {
  readonly tool: string;
  readonly run: LocalToolFunction;
  readonly arguments: Readonly<Record<string, Value>>;
  readonly sessionId: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Its caller's. */
  readonly traceparent: string;
}

interface Task extends LocalCall {
  readonly host: LocalHost;
  readonly settle: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };
}

/**
 * Runs it and resolves to what it answers, which may be an async iterable; `signal` ends it then. Rejects with a
 * ToolError of what the tool threw, CallTimeoutError, the signal's reason, or the error of a task that did not start.
 */
export async function callLocalTool(names: BridgeNames, provider: StateProvider, call: LocalCall): Promise<unknown> {
  call.signal.throwIfAborted();
  const { promise, ...settle } = deferred();
  const task: Task = { ...call, host: { caller: names, provider }, settle };
  await names.tasks.startChild({ logic: localCallTask, input: task, restart: 'temporary', shutdown: 1_000 });
  return promise;
}

const localCallTask = server({
  init: (ctx: ActorContext<Task>) => {
    const { input, signal } = ctx;
    const { settle, tool, timeoutMs } = input;
    const deadline = new AbortController();
    const timer = Number.isFinite(timeoutMs)
      ? ctx.system.deadlines.set(timeoutMs, () => deadline.abort(new CallTimeoutError(tool, timeoutMs)))
      : undefined;
    const joined = AbortSignal.any([input.signal, deadline.signal, signal]);
    const onAbort = () => {
      const down = new ActorDownError(ctx.path, exitReason.shutdown());
      settle.reject(signal.aborted ? down : joined.reason);
      end(signal.aborted ? down : joined.reason);
      ctx.send(ctx.self, 'over');
    };
    joined.addEventListener('abort', onAbort, { once: true });
    const callId = ctx.runtime.ids.next();
    const { sessionId } = input;
    const parent = isTraceparent(input.traceparent) ? input.traceparent : '';
    const span = { kind: 'tool', id: callId, tool, sessionId, stream: false, worker: '', attempt: 1, parent } as const;
    const context = new ToolContext(input.host, {
      abort: { signal: joined },
      deadlineMs: ctx.runtime.clock.monotonicMs() + timeoutMs,
      sessionId,
      callId,
      traceparent: beginSpan(ctx.system, span),
      within: [],
      transaction: undefined,
    });
    const end = tellBegan(ctx.system, {
      tool,
      callId,
      parentCallId: '',
      sessionId,
      worker: '',
      traceparent: context.traceparent,
      parent,
    });
    // Not in init's own turn: a tool that throws must not fail the start.
    const over = (error?: unknown, items = 0) => {
      end(error, items);
      timer?.cancel();
      joined.removeEventListener('abort', onAbort);
      ctx.send(ctx.self, 'over');
    };
    void Promise.resolve()
      .then(() => runInSpan(ctx.system, context.traceparent, () => input.run(input.arguments, context)))
      .then(
        (answer) => {
          // Items are made while they are read: the task lives as long.
          settle.resolve(isAsyncIterable(answer) ? itemsOf(tool, answer, over) : answer);
          if (!isAsyncIterable(answer)) over();
        },
        (error: unknown) => {
          settle.reject(failureOf(tool, error));
          over(error);
        },
      );
    return 0;
  },
  info: () => stop(),
});

async function* itemsOf(
  tool: string,
  items: AsyncIterable<unknown>,
  over: (error: unknown, items: number) => void,
): AsyncGenerator<unknown, void, undefined> {
  let count = 0;
  let failed: unknown;
  try {
    for await (const item of items) {
      count += 1;
      yield item;
    }
  } catch (error) {
    failed = error;
    throw failureOf(tool, error);
  } finally {
    over(failed, count);
  }
}

/** What the tool threw, as a caller in the other language would get it. */
const failureOf = (tool: string, error: unknown): Error => errorOfFault(faultOfTool(tool, error), tool);

function deferred() {
  let resolve: (value: unknown) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<unknown>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
