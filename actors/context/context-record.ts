/**
 * What a context is, apart from the actor that runs it: which session it uses, and what was registered on it. The
 * Context actor alone changes it; a restart of that actor finds it unchanged. Handles read it.
 */
import type { StateSession, ToolOffer } from '../state/index.ts';
import type { Inheritance } from './inheritance.ts';
import type { Chain } from './middleware/index.ts';

export interface ContextRecord {
  readonly id: string;
  /** Where the variables are now. */
  session: StateSession;
  /** While the session moves to another provider: settles when it has arrived, or when it stays. */
  moving: Promise<void> | undefined;
  /** How often the context has changed its provider. */
  moves: number;
  /** Wall clock, milliseconds since 1970; for people. */
  readonly openedAtMs: number;
  /** The TypeScript functions that Python may call, by name. */
  readonly tools: Map<string, ToolOffer>;
  /** What stands around its calls. */
  readonly chain: Chain;
  /** What it has of another context. */
  inheritance: Inheritance | undefined;
  closed: boolean;
}

/**
 * The session, once it does not move any more and has what it inherits. Nothing may be awaited between this and its use.
 */
export function settledSession(record: ContextRecord): StateSession | Promise<StateSession> {
  const { inheritance } = record;
  return inheritance === undefined ? ownSession(record) : inheritance.catchUp().then(() => ownSession(record));
}

/** As `settledSession`, with what it has inherited by now. */
export function ownSession(record: ContextRecord): StateSession | Promise<StateSession> {
  return record.moving === undefined ? record.session : moved(record);
}

async function moved(record: ContextRecord): Promise<StateSession> {
  while (record.moving !== undefined) await record.moving;
  return record.session;
}
