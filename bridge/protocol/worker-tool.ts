/** One run of a TypeScript tool that a worker has called: its arguments in, what it answers out, item by item if it streams. */
import { ActorError } from '../../actors/core/index.ts';
import { OverlaySession } from '../../actors/state/index.ts';
import { Attachments } from './attachments.ts';
import { tellBegan } from './call-events.ts';
import { decodeMap, encodeValue } from './codec.ts';
import { faultOfTool } from './error-codes.ts';
import type { ToolCall } from './gen/tools_pb.js';
import type { LazyAbort } from './lazy-abort.ts';
import { type LocalHost, ToolContext } from './local-context.ts';
import { exposedFunction, isAsyncIterable, type SessionTools } from './local-tools.ts';
import { hostMessage } from './messages.ts';
import { decodePlan, encodePlan, isEmptyPlan } from './state-messages.ts';
import { isTraceparent } from './trace.ts';
import { beginSpan, runInSpan } from './tracing.ts';
import { resultOf } from './worker-requests.ts';

/** The exchange that it is run for. */
export interface ToolRun {
  readonly host: LocalHost & { readonly tools: SessionTools };
  /** The worker's stream. */
  readonly stream: string;
  readonly abort: LazyAbort;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly within: readonly string[];
  /** What the arguments refer to by number. */
  readonly attachments: readonly Uint8Array[];
  /** Resolves when the worker takes one more item, or nobody waits any more. */
  readonly mayTell: () => Promise<void>;
  readonly tell: (said: Said) => void;
}

export interface Said {
  readonly payload: Uint8Array;
  readonly attachments: readonly Uint8Array[];
}

const none: readonly Uint8Array[] = [];
const maxCollected = 10_000;

/** Resolves to the result, also that of a tool that failed; undefined when nobody waits for it. Rejects when there is no such tool. */
export async function runTool(call: ToolCall, run: ToolRun): Promise<Said | undefined> {
  const { host, abort, stream } = run;
  const args = decodeMap(call.arguments, run.attachments);
  const tool = await exposedFunction(host.tools, call.sessionId, call.tool);
  if (abort.aborted) return undefined;
  const { overlay, sessionId } = call;
  // Where it writes when its caller has a transaction.
  const transaction = overlay && new OverlaySession(() => host.provider.find(sessionId), decodePlan(overlay, stream));
  const context = contextOf(call, run, transaction);
  const end = tellBegan(host.caller.system, {
    tool: call.tool,
    callId: context.callId,
    parentCallId: call.parentCallId,
    sessionId,
    worker: stream,
    traceparent: context.traceparent,
    parent: isTraceparent(call.traceparent) ? call.traceparent : '',
  });
  const count = { items: 0 };
  try {
    const value = await runInSpan(host.caller.system, context.traceparent, async () => {
      const answer = tool(args, context);
      return isAsyncIterable(answer) ? items(call, answer, run, count) : answer;
    });
    const large = new Attachments();
    const result = resultOf({ case: 'value', value: encodeValue(value, large) });
    const attachments = large.detach();
    const writes = encodePlan(transaction?.writes() ?? {});
    end(undefined, count.items);
    return { payload: hostMessage('result', isEmptyPlan(writes) ? result : { ...result, writes }), attachments };
  } catch (error) {
    end(error, count.items);
    const fault = resultOf({ case: 'fault', value: faultOfTool(call.tool, error) });
    return { payload: hostMessage('result', fault), attachments: none };
  } finally {
    transaction?.end();
  }
}

function contextOf(
  { sessionId, callId, traceparent, tool, stream }: ToolCall,
  { host, stream: worker, abort, deadlineMs, within }: ToolRun,
  transaction: OverlaySession | undefined,
): ToolContext {
  const { system } = host.caller;
  const id = system.runtime.ids.next();
  const parent = isTraceparent(traceparent) ? traceparent : '';
  return new ToolContext(host, {
    abort,
    deadlineMs,
    sessionId,
    callId: callId === '' ? id : callId,
    traceparent: beginSpan(system, { kind: 'tool', id, tool, sessionId, stream, worker, attempt: 1, parent }),
    within,
    transaction,
  });
}

/** Sends items as the worker asks for them. A call that wants one answer gets them as a list. */
async function items(
  call: ToolCall,
  answers: AsyncIterable<unknown>,
  { abort, mayTell, tell }: ToolRun,
  count: { items: number },
): Promise<unknown> {
  const collected: unknown[] = [];
  // Leaving the loop ends the generator.
  for await (const item of answers) {
    count.items += 1;
    if (call.stream) {
      const large = new Attachments();
      const value = encodeValue(item, large);
      await mayTell();
      if (abort.aborted) break;
      const attachments = large.detach();
      tell({ payload: hostMessage('item', { $typeName: 'ophion.v1.Item', value }), attachments });
    } else if (collected.length >= maxCollected) {
      throw new ActorError('too_large', `more than ${maxCollected} items; call it as a stream`);
    } else collected.push(item);
    if (abort.aborted) break;
  }
  return call.stream ? undefined : collected;
}
