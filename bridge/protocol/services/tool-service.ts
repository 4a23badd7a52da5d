/**
 * ToolService for any client: tools of a session in TypeScript first, then those that workers offer. A tool's own
 * failure is a result; everything else is an error of the call.
 */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { StateError, ToolError } from '../../../actors/core/index.ts';
import type { CallOutcome } from '../call-table.ts';
import { decodeMap, encodeMap, encodeValue } from '../codec.ts';
import { faultOf } from '../error-codes.ts';
import type { StreamToolResponse, ToolCall, ToolDescription, ToolResult, ToolService } from '../gen/tools_pb.js';
import { callLocalTool } from '../local-calls.ts';
import { type ExposedTool, isAsyncIterable, type LocalToolFunction } from '../local-tools.ts';
import { describedTool, toolResult } from '../messages.ts';
import { callTool, streamTool } from '../tool-calls.ts';
import { checkedCall, checkPageToken, pageOf } from './bounds.ts';
import { checkSessionOf } from './client-sessions.ts';
import {
  answer,
  answerEach,
  clientKey,
  type ServiceHost,
  sessionIdOf,
  sessionTool,
  timeoutOf,
  understood,
  writerOf,
} from './host.ts';
import { keyedCall, keyOf, outcomeOf, sharedOutcome } from './outcome-service.ts';

export function toolService(host: ServiceHost): ServiceImpl<typeof ToolService> {
  return {
    callTool: (request, context) =>
      answer(host, context, async () => ({ result: await callOnce(host, checked(request.call, context), context) })),
    streamTool: (request, context) =>
      answerEach(host, context, () => stream(host, checked(request.call, context), context)),
    getOutcome: (request, context) => answer(host, context, () => outcomeOf(host, request, context)),
    listTools: (request, context) =>
      answer(host, context, async () => {
        const { sessionId, pageSize, pageToken } = request;
        checkPageToken(pageToken);
        const all = await list(host, sessionId === '' ? '' : sessionIdOf(context, sessionId));
        // By name, as tools come and go: a page goes on behind the last name of the one before, also when that is gone.
        const rest = all.filter(({ name }) => name > pageToken).sort((a, b) => (a.name < b.name ? -1 : 1));
        const tools = rest.slice(0, pageOf(pageSize));
        return { tools, nextPageToken: rest.length > tools.length ? (tools.at(-1)?.name ?? '') : '' };
      }),
  };
}

function checked(call: ToolCall | undefined, context: HandlerContext): ToolCall {
  const known = checkedCall(call);
  // A call outside all sessions touches none.
  if (known.sessionId !== '') checkSessionOf(context.values.get(clientKey), known.sessionId);
  return known;
}

async function callOnce(host: ServiceHost, call: ToolCall, context: HandlerContext): Promise<ToolResult> {
  const local = await sessionTool(host, call.sessionId, call.tool);
  if (local === undefined) await offered(host, call);
  try {
    if (local === undefined)
      return resultOf(await callTool(host.names, requestOf(call, context), optionsOf(call, context)).outcome);
    return valueResult(await localAnswer(host, local, call, context));
  } catch (error) {
    return failure(error);
  }
}

/** A call with a key goes on when its client does not wait any more. */
async function localAnswer(host: ServiceHost, local: ExposedTool, call: ToolCall, context: HandlerContext) {
  const key = keyOf(call);
  const run = async (signal: AbortSignal) => {
    const value = await callLocalTool(host.names, host.provider, { ...localCall(local, call, context), signal });
    if (!isAsyncIterable(value)) return value;
    throw new StateError('invalid', `${call.tool}: it answers item by item; use StreamTool`);
  };
  if (key === '') return run(context.signal);
  return sharedOutcome(host, keyedCall(call, key, context), () => run(host.late));
}

async function* stream(host: ServiceHost, call: ToolCall, context: HandlerContext): AsyncGenerator<StreamToolResponse> {
  const local = await sessionTool(host, call.sessionId, call.tool);
  if (local === undefined) await offered(host, call);
  let result: ToolResult;
  try {
    if (local === undefined) {
      const items = streamTool(host.names, requestOf(call, context), optionsOf(call, context));
      for await (const item of items) yield itemResponse(item);
      result = resultOf(await items.outcome);
    } else {
      const value = await callLocalTool(host.names, host.provider, localCall(local, call, context));
      if (isAsyncIterable(value)) for await (const item of value) yield itemResponse(item);
      result = valueResult(isAsyncIterable(value) ? undefined : value);
    }
  } catch (error) {
    result = failure(error);
  }
  yield response({ case: 'result', value: result });
}

async function list(host: ServiceHost, sessionId: string): Promise<ToolDescription[]> {
  const own = sessionId === '' ? [] : await host.tools.list(sessionId);
  const described = own.filter(({ exposed }) => exposed).map(describedTool);
  const names = new Set(described.map(({ name }) => name));
  for (const { description } of await host.names.bridge.call('tools')) {
    if (names.has(description.name)) continue;
    names.add(description.name);
    described.push(description);
  }
  return described;
}

/** Says at once that no worker has this tool. While no worker is up that cannot be said, and the call waits for one. */
async function offered(host: ServiceHost, { tool, sessionId }: ToolCall): Promise<void> {
  const tools = await host.names.bridge.call('tools');
  if (tools.length === 0 || tools.some(({ description }) => description.name === tool)) return;
  throw new StateError('not_found', `there is no tool '${tool}'`, { details: { tool, sessionId } });
}

const requestOf = (call: ToolCall, context: HandlerContext) => ({
  tool: call.tool,
  arguments: understood(() => decodeMap(call.arguments)),
  sessionId: call.sessionId,
  minRevision: Number(call.minRevision),
  traceparent: traceparentOf(call, context),
  ...(keyOf(call) === ''
    ? {}
    : { idempotencyKey: keyOf(call), keyOwner: writerOf(context), outlivesSignal: !call.stream }),
});

const traceparentOf = ({ traceparent }: ToolCall, { requestHeader }: HandlerContext): string =>
  traceparent || (requestHeader.get('traceparent') ?? '');

const optionsOf = (call: ToolCall, context: HandlerContext) => ({
  timeoutMs: timeoutOf(context, call.timeoutMs),
  signal: context.signal,
});

const localCall = (tool: ExposedTool, call: ToolCall, context: HandlerContext) => ({
  tool: tool.name,
  run: tool.handler as LocalToolFunction,
  arguments: understood(() => decodeMap(call.arguments)),
  sessionId: call.sessionId,
  traceparent: traceparentOf(call, context),
  ...optionsOf(call, context),
});

function resultOf({ value, revision, committed, facts }: CallOutcome): ToolResult {
  const committedRevision = BigInt(committed);
  return { ...valueResult(value), revision: BigInt(revision), committedRevision, facts: encodeMap(facts, 'facts') };
}

function valueResult(value: unknown): ToolResult {
  return toolResult({ case: 'value', value: encodeValue(value) });
}

/** What the tool itself threw is data; the rest goes on as an error. */
function failure(error: unknown): ToolResult {
  if (!(error instanceof ToolError)) throw error;
  return toolResult({ case: 'fault', value: faultOf(error) });
}

const response = (event: StreamToolResponse['event']): StreamToolResponse => ({
  $typeName: 'ophion.v1.StreamToolResponse',
  event,
});

const itemResponse = (item: unknown): StreamToolResponse => response({ case: 'item', value: encodeValue(item) });
