/** Where the views get what they show: a live host, or a file that was opened. */
import { signal } from '@preact/signals';
import type { Action, QueryOf, Replica, Scope, Snapshot, View, ViewerError } from '../../protocol/index.ts';

export interface Source {
  get<V extends View>(query: QueryOf<V>): Promise<Snapshot<V>>;
  watch<V extends View>(
    query: QueryOf<V>,
    changed: (replica: Replica<V>) => void,
    failed: (error: ViewerError) => void,
  ): { stop(): void };
  act(action: Action): Promise<unknown>;
}

/** What a file says of itself, while one is open. */
export interface OpenFile {
  readonly name: string;
  readonly system: string;
  readonly startedAtMs: number;
  /** When it was written. */
  readonly endedAtMs: number;
  /** Records that the limits of the recording have cost. */
  readonly dropped: number;
  /** How many of each kind it has. */
  readonly records: Readonly<Record<string, number>>;
  /** Records of kinds that this page does not know, or that were too many. */
  readonly skipped: number;
  /** Its last line is not whole. */
  readonly cutOff: boolean;
}

/** The source of all views. */
export const source = signal<Source | undefined>(undefined);

/** The source, for a component that is drawn again with another one. */
export const useSource = (): Source | undefined => source.value;

/** The file that is shown instead of a live system; null: it is live. */
export const openFile = signal<OpenFile | null>(null);
/** What may be done besides looking. */
export const scopes = signal<readonly Scope[]>([]);
/** So many changes came to this page folded into later ones. */
export const folded = signal(0);
