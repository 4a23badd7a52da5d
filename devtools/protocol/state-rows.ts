/** Sessions and their variables. See rows.ts. */
import type { Preview } from './preview.ts';

/** In view `sessions`, by realm and id. */
export interface SessionRow {
  readonly realm: string;
  readonly id: string;
  /** `memory`, `lmdb`, `redis`; `elsewhere`: only its tools are here. */
  readonly backend: string;
  readonly revision: number;
  readonly variables: number;
  readonly bytes: number;
  /** Of this process. */
  readonly watchers: number;
  /** Null: never, or that is not known here. */
  readonly expiresAtMs: number | null;
}

/** In view `session`, by name. */
export interface VariableRow {
  readonly name: string;
  readonly type: string;
  readonly value: Preview;
  readonly version: number;
  /** Who wrote it last: an actor, a worker, a client. */
  readonly writer: string;
  readonly writtenAtMs: number | null;
  readonly secret: boolean;
  readonly constraints: Preview;
}

/** In view `variable`: one version of it, by revision. */
export interface VersionRow {
  readonly revision: number;
  readonly atMs: number;
  readonly writer: string;
  readonly value: Preview;
}
