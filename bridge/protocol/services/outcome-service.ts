/** Calls that clients give a key: one run however often they are made, and an outcome that can be asked for again. */
import type { HandlerContext } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import { type CallOutcome, type Known, noOutcome } from '../call-table.ts';
import { decodeValue, encodeValue } from '../codec.ts';
import { type GetOutcomeRequest, type GetOutcomeResponse, OutcomeState, type ToolCall } from '../gen/tools_pb.js';
import type { Map as WireMap } from '../gen/values_pb.js';
import { type Kept, outcomeOfKept } from '../kept-outcome.ts';
import { fingerprintOf, type KeyedCall, outcomeKey, outcomesOf, SharedRun } from '../outcomes.ts';
import { keptOf } from '../result-commits.ts';
import { type ServiceHost, sessionIdOf, writerOf } from './host.ts';

/** The key of a call: what makes it one call. Empty: it has none. */
export const keyOf = ({ idempotencyKey, callId }: ToolCall): string => idempotencyKey || callId;

const states: Readonly<Record<Known, OutcomeState>> = {
  ended: OutcomeState.ENDED,
  not_started: OutcomeState.NOT_STARTED,
  unknown: OutcomeState.UNKNOWN,
};

/** What has become of a call. Rejects with `not_found` when nothing is known of it. */
export async function outcomeOf(
  host: ServiceHost,
  { sessionId, key }: GetOutcomeRequest,
  context: HandlerContext,
): Promise<Omit<GetOutcomeResponse, '$typeName'>> {
  const { system, bridge } = host.names;
  if (sessionId !== '') sessionIdOf(context, sessionId);
  const whole = outcomeKey(writerOf(context), key);
  const found = outcomesOf(system, bridge.path).find(sessionId, whole) ?? (await remembered(host, sessionId, whole));
  if (found === undefined) {
    const message = `nothing is known of a call under the key '${key}', or not any more`;
    throw new StateError('not_found', message, { details: { sessionId, key } });
  }
  return found === 'running' ? { state: OutcomeState.RUNNING } : { state: states[found.known], result: found.result };
}

/** What came with the writes of a call: it outlives the host's own table. */
async function remembered({ provider }: ServiceHost, sessionId: string, key: string): Promise<Kept | undefined> {
  if (sessionId === '') return undefined;
  const kept = await (await provider.find(sessionId)).outcome(key);
  return kept && keptOf(kept);
}

/** A call of a TypeScript tool that a client gave a key. */
export function keyedCall(
  { sessionId, tool, arguments: args }: ToolCall,
  key: string,
  context: HandlerContext,
): KeyedCall {
  const none: WireMap = { $typeName: 'ophion.v1.Map', entries: [] };
  const fingerprint = fingerprintOf(tool, args ?? none);
  return { sessionId, tool, outcomeKey: outcomeKey(writerOf(context), key), fingerprint };
}

/** Runs it, or joins the run of the same key, or answers what that ended with. */
export async function sharedOutcome(
  { names: { system, bridge } }: ServiceHost,
  call: KeyedCall,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const outcomes = outcomesOf(system, bridge.path);
  const known = outcomes.known(call);
  if (known !== undefined && !(known instanceof SharedRun)) return whatCame(outcomeOfKept(known));
  const run = known ?? outcomes.begin(call);
  const outcome = new Promise<CallOutcome | Error>((resolve) => {
    run.join({ consumed: 0, item: () => false, settle: resolve });
  });
  if (known === undefined) {
    // Nobody waits for it but those who have its key.
    void work().then(
      (value) => run.settle(crossing(value), 'ended'),
      (error: Error) => run.settle(error, 'ended'),
    );
  }
  return whatCame(await outcome);
}

function whatCame(outcome: CallOutcome | Error): unknown {
  if (outcome instanceof Error) throw outcome;
  return outcome.value;
}

/** What a tool answers, once it is known that it can cross. */
function crossing(value: unknown): CallOutcome | Error {
  try {
    return { ...noOutcome, value: decodeValue(encodeValue(value)) };
  } catch (error) {
    return error as Error;
  }
}
