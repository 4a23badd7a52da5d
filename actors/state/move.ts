/**
 * Moving a session from one provider to another: copy, verify, swap, then free the old one. Its id, versions, epoch
 * and history stay. Writes are refused as `unavailable` meanwhile, which clients wait out. The copy becomes the session
 * in one step, when its seal is lifted; any failure before that leaves the old session as it was, and a copy that
 * nobody could free ends by itself.
 */
import { StateError } from '../core/index.ts';
import { equalExports } from './export.ts';
import type { StateProvider, StateSession } from './provider.ts';
import type { OpenOptions, SessionExport, StateCallOptions } from './session-data.ts';

export interface MoveOptions extends OpenOptions, StateCallOptions {
  /** Of the new one. Default: that of the old one. */
  readonly ttlMs?: number;
  /** How long each step may take, in milliseconds; `swap` as well. Default 10,000. */
  readonly timeoutMs?: number;
  /** Gives up between two steps: rejects with its reason, and nothing has moved. */
  readonly signal?: AbortSignal;
  /**
   * Says which session is to be used: the new one, when it is proven equal and before the old one ends. It takes no commits
   * yet. Called again with the old one when the move fails after that.
   */
  readonly swap?: (now: StateSession) => void | Promise<void>;
  /**
   * Told what could not be cleared away. After a move that is done it is the old session: it takes commits again when its
   * seal is over, and ends when somebody closes it, with its time to live, or with its process unless it is durable. After
   * one that failed it is the copy, which ends with its seal, or the seal of the old one, which is over by itself.
   */
  readonly onLeftover?: (error: Error) => void;
}

/** Default time for each step, in milliseconds. */
const stepTimeoutMs = 10_000;
/** How many steps a seal outlasts: none of those that are taken under it may find it over. */
const stepsUnderSeal = 4;

/**
 * Moves a session and resolves to the new one. Rejects with what went wrong (`already_exists` when the target has one
 * of this id, `quota`, `conflict` when the content changed under way, the signal's reason); then nothing has moved, and
 * the old session takes commits again. One move of a session at a time.
 */
export async function moveSession(
  old: StateSession,
  to: StateProvider,
  options: MoveOptions = {},
): Promise<StateSession> {
  const { swap, onLeftover, ttlMs = old.ttlMs, vault, signal, timeoutMs = stepTimeoutMs } = options;
  // No step is broken off: then it would not be known what has become of it.
  const call = { timeoutMs };
  const sealedMs = stepsUnderSeal * timeoutMs;
  let [moved, swapped]: [StateSession | undefined, boolean] = [undefined, false];
  let content: SessionExport | undefined;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    return work();
  };
  /** Seals it anew, and fails when it was written to since it was copied: the seal was over in between. */
  const sealAgain = async (): Promise<void> => {
    await old.seal(sealedMs, call);
    const { revision, epoch } = await old.read([], call);
    if (revision !== content?.revision || epoch !== content.epoch)
      throw changed(old, 'it was written to while it was copied');
  };
  let arrived: StateSession;
  try {
    await step(() => old.seal(sealedMs, call));
    const exported = await step(() => old.export(call));
    content = exported;
    const kept = vault === undefined ? {} : { vault };
    const open = { ...call, ...kept, sealedMs, ...(ttlMs === undefined ? {} : { ttlMs }) };
    const copy = await step(() => to.import(exported, open));
    moved = copy;
    if (!equalExports(await step(() => copy.export(call)), content)) throw changed(old, 'the copy differs from it');
    await step(sealAgain);
    if (swap !== undefined) {
      signal?.throwIfAborted();
      swapped = true;
      await swap(copy);
      // It may have taken longer than the seal.
      await step(sealAgain);
    }
    await step(() => copy.unseal(call));
    arrived = copy;
  } catch (error) {
    await undo(old, moved, swapped ? swap : undefined, onLeftover);
    throw error;
  }
  // From here on there is no way back: whether the old one is there still may be unknown.
  await attempt(() => old.close(call), onLeftover);
  return arrived;
}

/** Goes back to the old one, frees the copy and lifts the seal. */
async function undo(
  old: StateSession,
  moved: StateSession | undefined,
  swap: MoveOptions['swap'],
  onLeftover: MoveOptions['onLeftover'],
): Promise<void> {
  await attempt(async () => swap?.(old), onLeftover);
  await attempt(async () => moved?.close(), onLeftover);
  await attempt(() => old.unseal(), onLeftover);
}

async function attempt(work: () => Promise<void>, onLeftover: MoveOptions['onLeftover']): Promise<void> {
  try {
    await work();
  } catch (error) {
    onLeftover?.(error as Error);
  }
}

function changed(session: StateSession, why: string): StateError {
  return new StateError('conflict', `session '${session.id}': could not be moved: ${why}`, {
    details: { sessionId: session.id },
  });
}
