/** How a context comes to be: its session, what is in it from the first commit on, and the actor that runs it. */
import { ChildError } from '../../supervisors/index.ts';
import { StateError } from '../core/index.ts';
import {
  bridgedState,
  type Declarations,
  localState,
  placeSession,
  type StateBackend,
  type StateHost,
  type StateProvider,
  sessionTools,
  type WritableView,
} from '../state/index.ts';
import { type ContextInput, contextActor } from './context-actor.ts';
import type { ContextRecord } from './context-record.ts';
import { addMetadata, type Metadata } from './metadata.ts';
import { Chain } from './middleware/index.ts';
import type { OphionRef } from './ophion.ts';

/** The options of `openContext`, as far as the types of the variables do not matter. */
interface Opening {
  readonly id?: string;
  readonly variables?: Declarations;
  readonly inherits?: { lendTo(other: ContextRecord): void };
  readonly metadata?: Metadata;
  readonly state?: StateBackend<StateHost>;
  readonly ttlMs?: number;
}

export interface Opened {
  readonly record: ContextRecord;
  /** Says that its session is not where it was any more. */
  readonly leave: () => void;
}

/** Rejects as `openContext` does; then nothing is left of a context that is new. */
export async function openRecord(ophion: OphionRef, options: Opening): Promise<Opened> {
  const host: StateHost = { system: ophion.system, root: ophion.path };
  const provider: StateProvider = (options.state ?? localState()).connect(host);
  const id = options.id ?? `c-${ophion.system.runtime.ids.next().slice(0, 12)}`;
  const session = await provider.open(id, options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs });
  const record: ContextRecord = {
    id,
    session,
    moving: undefined,
    moves: 0,
    openedAtMs: ophion.system.runtime.clock.wallMs(),
    tools: new Map(),
    chain: new Chain(ophion.middleware),
    inheritance: undefined,
    closed: false,
  };
  options.inherits?.lendTo(record);
  // One that was there is others' as well: it stays, whatever fails here.
  const isNew = options.id === undefined || (await session.read([])).revision === 0;
  try {
    if (options.variables !== undefined && Object.keys(options.variables).length > 0) {
      await writingTo(record, session).commit({ declare: options.variables });
    }
    if (options.metadata !== undefined) await addMetadata(session, options.metadata);
    await record.inheritance?.catchUp();
    const input: ContextInput = { record, bridged: bridgedState().connect(host), tools: sessionTools(host) };
    await ophion.contexts.startChild({ id, logic: contextActor, input });
  } catch (error) {
    if (error instanceof ChildError && error.code === 'already_started')
      throw new StateError('already_exists', `context '${id}': is open in this system already; use that one`, {
        cause: error,
      });
    if (isNew) await session.close();
    throw error;
  }
  // The bridge knows the session's id alone.
  const leave = provider.kind === 'local' ? () => {} : placeSession(host, id, provider);
  return { record, leave };
}

/** Where it is written to. */
export const writingTo = ({ inheritance }: ContextRecord, view: WritableView): WritableView =>
  inheritance === undefined ? view : inheritance.writing(view);
