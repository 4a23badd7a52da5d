/** VariableService for any client: reads from one revision, what was, atomic commits, watch without gap, locks. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import { fenced, rollback } from '../../../actors/state/index.ts';
import type { VariableService, WatchVariablesRequest, WatchVariablesResponse } from '../gen/variables_pb.js';
import { decodeFences, decodePlan, encodeCommit, encodeSnapshot, encodeWatchEvent } from '../state-messages.ts';
import { encodeLock, listLocks, readHistory, readSnapshot, whole } from '../state-requests.ts';
import { checkNames, checkPlan } from './bounds.ts';
import {
  answer,
  answerEach,
  beginKey,
  type ServiceHost,
  sessionIdOf,
  timeoutOf,
  understood,
  writerOf,
} from './host.ts';

/** The longest part of a holder's name that a client may choose, in characters. */
const maxHolder = 80;

export function variableService(host: ServiceHost): ServiceImpl<typeof VariableService> {
  const options = (context: HandlerContext) => ({ signal: context.signal, timeoutMs: timeoutOf(context, 5_000) });
  /** The session as this client has it. */
  const find = (context: HandlerContext, sessionId: string) =>
    host.provider.find(sessionIdOf(context, sessionId), { ...options(context), as: writerOf(context) });
  return {
    readVariables: (request, context) =>
      answer(host, context, async () => {
        const session = await find(context, request.sessionId);
        return { snapshot: encodeSnapshot(await readSnapshot(session, request, options(context))) };
      }),
    readHistory: (request, context) =>
      answer(host, context, async () => readHistory(await find(context, request.sessionId), request, options(context))),
    rollbackVariables: ({ sessionId, revision, names, fences }, context) =>
      answer(host, context, async () => {
        checkNames(names);
        const held = understood(() => decodeFences(fences));
        const session = await find(context, sessionId);
        const some = names.length === 0 ? {} : { names };
        const under = held === undefined ? session : fenced(session, held);
        const how = { ...options(context), ...some };
        return { commit: encodeCommit(await rollback(under, whole('revision', revision), how)) };
      }),
    commitVariables: ({ sessionId, plan }, context) =>
      answer(host, context, async () => {
        checkPlan(plan);
        const writer = writerOf(context);
        const request = understood(() => decodePlan(plan, writer));
        const { idempotencyKey: key } = request;
        // The same key of somebody else is another one.
        const own = key === undefined ? request : { ...request, idempotencyKey: `${writer} ${key}` };
        const session = await find(context, sessionId);
        return { commit: encodeCommit(await session.commit(own, options(context))) };
      }),
    watchVariables: (request, context) => answerEach(host, context, () => watch(host, request, context)),
    acquireLock: ({ sessionId, name, holder, leaseMs, preempt, fence }, context) =>
      answer(host, context, async () => {
        checkNames([name]);
        checkHolder(holder);
        const session = await find(context, sessionId);
        const lock = await session.acquire(
          {
            name,
            // Nobody renews the lock of somebody else.
            holder: holder === '' ? writerOf(context) : `${writerOf(context)}/${holder}`,
            preempt,
            ...(leaseMs === undefined ? {} : { leaseMs }),
            ...(fence === undefined ? {} : { fence: whole('fence', fence) }),
          },
          options(context),
        );
        return { lock: encodeLock(lock) };
      }),
    releaseLock: ({ sessionId, name, fence }, context) =>
      answer(host, context, async () => {
        checkNames([name]);
        const session = await find(context, sessionId);
        return { released: await session.release(name, whole('fence', fence), options(context)) };
      }),
    listLocks: ({ sessionId }, context) =>
      answer(host, context, async () => listLocks(await find(context, sessionId), options(context))),
  };
}

function checkHolder(holder: string): void {
  if (holder.length <= maxHolder) return;
  throw new StateError('invalid', `holder: has ${holder.length} characters, at most ${maxHolder} are taken`, {
    details: { path: 'holder' },
  });
}

async function* watch(
  host: ServiceHost,
  { sessionId, fromRevision, epoch, names, match, debounceMs }: WatchVariablesRequest,
  context: HandlerContext,
): AsyncGenerator<WatchVariablesResponse> {
  const signal = AbortSignal.any([context.signal, host.ending]);
  checkNames(names);
  const session = await host.provider.find(sessionIdOf(context, sessionId), { signal, as: writerOf(context) });
  const events = session.watch({
    signal,
    ...(fromRevision === undefined ? {} : { from: whole('from_revision', fromRevision) }),
    ...(epoch === undefined ? {} : { epoch: whole('epoch', epoch) }),
    ...(names.length === 0 ? {} : { names }),
    ...(match === '' ? {} : { match }),
    ...(debounceMs === undefined ? {} : { debounceMs }),
  });
  // Nothing may happen for hours; that it is watched the client is to know now.
  context.values.get(beginKey)(context.responseHeader);
  for await (const event of events) yield encodeWatchEvent(event);
}
