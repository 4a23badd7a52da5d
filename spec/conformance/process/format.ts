/** Format 2: single actors, and what is done to them. The recordings' README defines every field. */
import type { Json } from '../scenario.ts';

export type Kind = 'server' | 'statem' | 'proc';

/** What a script ends with. */
export interface Ret {
  readonly ret: string;
  readonly v?: Json;
  readonly state?: string;
  readonly reason?: Json;
  readonly reply?: Json;
  readonly timeout?: number | 'infinity';
  readonly continue?: string;
  readonly hibernate?: boolean;
}

/** One operation, of a client or in a script; or what only a script can do. */
export interface Operation {
  readonly op: string;
  readonly by?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly how?: 'link' | 'none' | 'monitor';
  readonly name?: string;
  readonly via?: string;
  readonly timeout?: number;
  readonly ref?: string;
  readonly msg?: string;
  readonly reason?: Json;
  readonly flush?: boolean;
  readonly on?: boolean;
  readonly flag?: string | { readonly n: number };
  readonly id?: string;
  readonly mode?: string | { readonly done_after: number };
  readonly ms?: number | string | { readonly abs: number };
  readonly v?: Json;
  readonly add?: number;
  readonly crash?: boolean;
  readonly state?: string;
  readonly catch?: boolean;
  readonly with?: Ret;
  readonly key?: string;
  readonly type?: string;
  readonly which?: string;
}

export type ScriptStep = Operation | Ret;

export interface ActorSpec {
  readonly kind?: Kind;
  readonly trap?: boolean;
  readonly state?: Json;
  readonly initial?: string;
  readonly enter?: boolean;
  readonly no_info?: boolean;
  readonly on?: Readonly<Record<string, readonly ScriptStep[]>>;
}

/** All that a replay may know of a scenario. */
export interface Script {
  readonly actors: Readonly<Record<string, ActorSpec>>;
  readonly ops: readonly Operation[];
}

export interface TraceEvent {
  readonly actor: string;
  readonly ev: 'cb' | 'result' | 'msg' | 'down' | 'debug' | 'report';
  readonly [field: string]: unknown;
}

export interface TraceStep {
  readonly op: string;
  readonly alive: readonly string[];
  readonly events: readonly TraceEvent[];
  readonly links?: Readonly<Record<string, readonly string[]>>;
  readonly [field: string]: unknown;
}
