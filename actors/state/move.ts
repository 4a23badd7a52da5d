/**
 * Moving a session from one provider to another: copy, verify, swap, then free the old one. Its id, versions, epoch
 * and history stay. Writes are refused as `unavailable` meanwhile, which clients wait out; any failure before the
 * swap leaves the old session as it was.
 */
import { StateError } from '../core/index.ts';
import { equalExports } from './export.ts';
import type { OpenOptions, StateCallOptions, StateProvider, StateSession } from './provider.ts';

export interface MoveOptions extends OpenOptions, StateCallOptions {
  /**
   * Makes the new session the one that is used; called once, when it is proven equal and before the old one ends. The
   * new one takes no commits yet.
   */
  readonly swap?: (moved: StateSession) => void | Promise<void>;
  /**
   * Told when the old session could not be freed, or the new one's seal not be lifted: the move is done, the leftover
   * ends with its time to live or process, the seal with the time for the move.
   */
  readonly onLeftover?: (error: Error) => void;
}

/** Default time for a whole move, in milliseconds. */
const moveTimeoutMs = 10_000;

/**
 * Moves a session and resolves to the new one. Rejects with what went wrong (`already_exists` when the target has one
 * of this id, `conflict` when the content changed under way, the signal's reason); then nothing has moved, the old
 * session takes commits again and nothing is left behind.
 */
export async function moveSession(
  old: StateSession,
  to: StateProvider,
  options: MoveOptions = {},
): Promise<StateSession> {
  const { swap, onLeftover, ttlMs, vault, signal, timeoutMs = moveTimeoutMs } = options;
  const call = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
  const open = { ...call, ...(ttlMs === undefined ? {} : { ttlMs }), ...(vault === undefined ? {} : { vault }) };
  let moved: StateSession | undefined;
  let arrived: StateSession;
  try {
    await old.seal(timeoutMs, call);
    const content = await old.export(call);
    // Sealed: whoever holds an old handle and tries again would commit into the copy, and lose it if the move fails.
    moved = await to.import(content, { ...open, sealedMs: timeoutMs });
    const copy = await moved.export(call);
    if (!equalExports(copy, content)) throw changed(old, 'the copy differs from it');
    // The seal may have been over before the copy was made.
    await old.seal(timeoutMs, call);
    const { revision, epoch } = await old.read([], call);
    if (revision !== content.revision || epoch !== content.epoch)
      throw changed(old, 'it was written to while it was copied');
    await swap?.(moved);
    arrived = moved;
  } catch (error) {
    const failures = await undo(old, moved);
    throw failures.length === 0
      ? error
      : new AggregateError([error, ...failures], `session '${old.id}': could not be moved`);
  }
  // From here on there is no way back: whether the old one is there still may be unknown.
  for (const work of [() => arrived.unseal({ timeoutMs }), () => old.close({ timeoutMs })]) {
    const leftover = await attempt(work);
    if (leftover !== undefined) onLeftover?.(leftover);
  }
  return arrived;
}

/** Frees the copy and lifts the seal. */
async function undo(old: StateSession, moved: StateSession | undefined): Promise<Error[]> {
  const failures = [await attempt(async () => moved?.close()), await attempt(() => old.unseal())];
  return failures.filter((failure) => failure !== undefined);
}

async function attempt(work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function changed(session: StateSession, why: string): StateError {
  return new StateError('conflict', `session '${session.id}': could not be moved: ${why}`, {
    details: { sessionId: session.id },
  });
}
