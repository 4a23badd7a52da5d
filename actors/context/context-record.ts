/**
 * What a context is, apart from the actor that runs it: which session it uses, and what was registered on it. The
 * Context actor alone changes it; a restart of that actor finds it unchanged. Handles read it.
 */
import type { StateSession, ToolOffer } from '../state/index.ts';

export interface ContextRecord {
  readonly id: string;
  /** Where the variables are now. */
  session: StateSession;
  /** While the session moves to another provider: settles when it has arrived, or when it stays. */
  moving: Promise<void> | undefined;
  /** How often the context has changed its provider. */
  moves: number;
  /** The TypeScript functions that Python may call, by name. */
  readonly tools: Map<string, ToolOffer>;
  closed: boolean;
}

/** The session, once it does not move any more. Nothing may be awaited between this and its use. */
export function settledSession(record: ContextRecord): StateSession | Promise<StateSession> {
  return record.moving === undefined ? record.session : moved(record);
}

async function moved(record: ContextRecord): Promise<StateSession> {
  while (record.moving !== undefined) await record.moving;
  return record.session;
}
