/** What clients of either language have asked of a session, when, and what they were told. */
import { isActorError, StateError } from '../../../actors/core/index.ts';
import type { Commit, CommitRequest, Snapshot, StateSession } from '../../../actors/state/index.ts';
import { outcomeOfError } from '../../../testing/history.ts';
import type { VersionedValue } from '../../../testing/models/variables.ts';

export type Language = 'typescript' | 'python';

export type Asked =
  | { readonly type: 'read'; readonly names?: readonly string[] | undefined }
  /** `n` becomes one more, whatever it is. */
  | { readonly type: 'update'; readonly name: string }
  | { readonly type: 'commit'; readonly request: CommitRequest };

export type Told =
  | {
      readonly type: 'read';
      readonly revision: number;
      readonly epoch?: number;
      readonly values: Readonly<Record<string, VersionedValue>>;
    }
  /** One variable alone, of which no revision was told. */
  | { readonly type: 'value'; readonly name: string; readonly value: unknown }
  /** One variable of Python's record, which was between these two revisions. */
  | {
      readonly type: 'got';
      readonly name: string;
      readonly value: unknown;
      readonly between: readonly [number, number];
    }
  /** Python is told the revision of some commits, and never what was written. */
  | {
      readonly type: 'committed';
      readonly revision?: number;
      readonly epoch?: number;
      readonly written?: Commit['written'];
    }
  /** A conflict tells of a revision which versions variables had there; null: none. */
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly revision?: number;
      readonly found?: Readonly<Record<string, number | null>>;
    }
  | { readonly type: 'unknown'; readonly why: string; readonly code?: string };

export interface Recorded {
  /** One that does one thing after the other; of Python one call. */
  readonly client: string;
  readonly language: Language;
  /** Through which session object, which remembers what it was told; undefined: it does not matter. */
  readonly handle?: string | undefined;
  /** As it was drawn. */
  readonly kind: string;
  /** What it writes, if it writes; of the whole run only this one operation does, or what it was refused before. */
  readonly token: string;
  readonly asked: Asked;
  readonly told: Told;
  /** On the system's monotonic clock. */
  readonly startNs: number;
  /** Infinity for what is unknown. */
  readonly endNs: number;
}

/** The system's monotonic clock, which Python has as well. Exact up to a hundred days after the machine's start. */
export const nowNs = (): number => Number(process.hrtime.bigint());

/** Who does something, for its record. */
export interface Doer {
  /** Default `typescript`. */
  readonly language?: Language;
  readonly client: string;
  readonly handle?: string | undefined;
  readonly kind: string;
  readonly token: string;
}

/** Where the begin and the end of operations are written down, for when whoever made them is killed. */
export interface Journal {
  begun(number: number, one: Omit<Recorded, 'told' | 'endNs'>): void;
  ended(number: number, one: Pick<Recorded, 'told' | 'endNs'>): void;
}

export class Records {
  readonly all: Recorded[] = [];
  readonly #journal: Journal | undefined;
  #begun = 0;

  constructor(journal?: Journal) {
    this.#journal = journal;
  }

  /** Does it and records it; answers, or rejects, as `work` does. */
  async run<T>(doer: Doer, asked: Asked, work: () => Promise<T>, toldOf: (answer: T) => Told): Promise<T> {
    const begun = { language: 'typescript', ...doer, asked, startNs: nowNs() } as const;
    this.#begun += 1;
    const number = this.#begun;
    this.#journal?.begun(number, begun);
    const end = (told: Told) => {
      const endNs = told.type === 'unknown' ? Number.POSITIVE_INFINITY : nowNs();
      this.all.push({ ...begun, told, endNs });
      this.#journal?.ended(number, { told, endNs });
    };
    try {
      const answer = await work();
      end(toldOf(answer));
      return answer;
    } catch (error) {
      end(refusalOf(error));
      throw error;
    }
  }

  /** A session of which each reading and commit is recorded. */
  session(session: StateSession, doer: Doer): Pick<StateSession, 'id' | 'read' | 'commit' | 'backoff'> {
    return {
      id: session.id,
      backoff: (attempt, options) => session.backoff(attempt, options),
      // Nothing is said of what may not be kept, but by what is committed on condition that it is.
      read: (names, options) =>
        options?.ahead === true
          ? session.read(names, options)
          : this.run(doer, { type: 'read', names }, () => session.read(names, options), readOf),
      commit: (request, options) =>
        this.run(doer, { type: 'commit', request }, () => session.commit(request, options), committedOf),
    };
  }
}

export const readOf = ({ revision, epoch, variables }: Snapshot): Told => ({
  type: 'read',
  revision,
  epoch,
  values: versioned(variables),
});

export const committedOf = ({ revision, epoch, written }: Commit): Told => ({
  type: 'committed',
  revision,
  epoch,
  written,
});

export function versioned(variables: Snapshot['variables']): Readonly<Record<string, VersionedValue>> {
  return Object.fromEntries(variables.map(({ name, value, version }) => [name, { value, version }]));
}

interface Conflict {
  readonly name: string;
  readonly actual: number | null;
}

function refusalOf(error: unknown): Told {
  const code = isActorError(error) ? error.code : String(error);
  if (outcomeOfError(error) === 'unknown') return { type: 'unknown', why: String(error), code };
  if (!(error instanceof StateError && Array.isArray(error.details.conflicts))) return { type: 'refused', code };
  const { revision, conflicts } = error.details as {
    readonly revision: number;
    readonly conflicts: readonly Conflict[];
  };
  return {
    type: 'refused',
    code,
    revision,
    found: Object.fromEntries(conflicts.map(({ name, actual }) => [name, actual])),
  };
}
