/**
 * The writes of a tool, committed together with its result: both or neither. The commit goes by a key of the call, so
 * it may be begun again after any crash and happens once; the outcome lies in the same commit, to be asked for when its
 * reply was lost.
 */
import { type ActorContext, type ActorError, ProtocolError, StateError } from '../../actors/core/index.ts';
import type { Commit, Remembered, StateProvider } from '../../actors/state/index.ts';
import type { CallOutcome, Ending, Known, OpenCall } from './call-table.ts';
import type { ToolResult } from './gen/tools_pb.js';
import type { CommitPlan } from './gen/variables_pb.js';
import { type Kept, outcomeOfKept, packKept, unpackKept } from './kept-outcome.ts';
import { usedOtherwise } from './outcomes.ts';
import { decodePlan } from './state-messages.ts';

/** What became of a commit; `lease` says of which attempt. */
export interface Committed {
  readonly type: 'call.committed';
  readonly lease: string;
  readonly result: Commit | Error;
}

/** Whether a result brings something that is to be committed with it, and not by whoever called. */
export function writesOf({ plan, cancelled }: OpenCall, result: ToolResult): CommitPlan | undefined {
  return plan.overlay === undefined && cancelled === undefined ? result.writes : undefined;
}

/** What is to be committed. Throws ProtocolError when the writes cannot be read. */
export function endingOf(
  call: OpenCall,
  outcome: CallOutcome,
  { result, attachments }: { readonly result: ToolResult; readonly attachments: readonly Uint8Array[] },
  writes: CommitPlan,
): Ending {
  const { plan, worker, attempt } = call;
  if (plan.sessionId === '')
    throw new ProtocolError(`${worker}: ${plan.tool} wrote to a session that it was not given`);
  const { writes: _, ...bare } = result;
  const kept = packKept({
    tool: plan.tool,
    fingerprint: plan.fingerprint,
    known: 'ended',
    worker,
    attempts: attempt,
    result: bare,
    attachedBytes: attachments.reduce((sum, { byteLength }) => sum + byteLength, 0),
  });
  return {
    outcome,
    request: { ...decodePlan(writes, worker), idempotencyKey: plan.outcomeKey, outcome: kept },
    begun: false,
  };
}

export class ResultCommits {
  readonly #ctx: ActorContext<never>;
  readonly #provider: StateProvider;

  constructor(ctx: ActorContext<never>, provider: StateProvider) {
    this.#ctx = ctx;
    this.#provider = provider;
  }

  /** Commits what a call has written, and tells the bridge. May be done again. */
  begin({ lease, plan, ending }: OpenCall): void {
    const ctx = this.#ctx;
    const tell = (result: Commit | Error) =>
      ctx.send(ctx.self, { type: 'call.committed', lease, result } satisfies Committed);
    if (ending === undefined) return;
    ending.begun = true;
    this.#commit(plan.sessionId, ending).then(tell, tell);
  }

  /** What a call of the same key has ended with, as the session remembers it; undefined: nothing. */
  async before({ plan }: OpenCall): Promise<CallOutcome | ActorError | undefined> {
    const remembered = await (await this.#provider.find(plan.sessionId)).outcome(plan.outcomeKey);
    const kept = remembered === undefined ? undefined : keptOf(remembered);
    if (kept === undefined) return undefined;
    return kept.fingerprint === plan.fingerprint ? outcomeOfKept(kept) : usedOtherwise(plan.tool);
  }

  async #commit(sessionId: string, { request }: Ending): Promise<Commit> {
    return (await this.#provider.find(sessionId)).commit(request);
  }
}

/** The outcome that came with a commit, which knows its revision only now. */
export function keptOf({ commit, outcome }: Remembered): Kept | undefined {
  if (outcome === undefined) return undefined;
  const kept = unpackKept(outcome);
  return { ...kept, result: { ...kept.result, committedRevision: BigInt(commit.revision) } };
}

/** What is known of a call whose commit failed: a refused one has changed nothing. */
export function knownOfFailure(error: Error): Known {
  const refused = error instanceof StateError && error.code !== 'unavailable' && error.code !== 'compacted';
  return refused ? 'ended' : 'unknown';
}
