/**
 * The types that a variable can have, their values and constraints (parity T1 to T8, json and bytes). Types only;
 * constraints.ts checks, declare.ts builds.
 */
import type { JsonSchema } from './json-schema.ts';
import type { Dtype, Json, Tensor } from './value.ts';

/** The value that a variable of each type holds. */
export interface ValueOf {
  readonly boolean: boolean;
  /** A whole number within +-(2^53 - 1). */
  readonly integer: number;
  /** Any double: NaN and the infinities are values and pass every constraint but `finite`. */
  readonly float: number;
  readonly string: string;
  readonly choice: string;
  /** The name of a class or module, such as `dspy.Predict`. */
  readonly module: string;
  readonly embedding: readonly number[];
  readonly tensor: Tensor;
  readonly json: Json;
  readonly bytes: Uint8Array;
}

export type VariableType = keyof ValueOf;

/** The constraints that each type has of its own. */
export interface OwnConstraintsOf {
  readonly boolean: Record<never, never>;
  readonly integer: { readonly min?: number; readonly max?: number };
  readonly float: {
    readonly min?: number;
    readonly max?: number;
    /** Refuses NaN and the infinities. */
    readonly finite?: boolean;
  };
  readonly string: {
    /** In Unicode code points, as Python counts. */
    readonly minLength?: number;
    readonly maxLength?: number;
    /** A regular expression that must match somewhere; compiled with the `u` flag. */
    readonly pattern?: string;
    readonly choices?: readonly string[];
  };
  readonly choice: { readonly choices: readonly string[] };
  readonly module: { readonly modules?: readonly string[] };
  readonly embedding: { readonly dimensions?: number };
  readonly tensor: {
    /** `null` allows any size of that axis. */
    readonly shape?: readonly (number | null)[];
    readonly dtype?: Dtype;
  };
  readonly json: {
    /** JSON Schema (draft 2020-12), at most 8 KiB, that the value must fit. */
    readonly schema?: JsonSchema;
  };
  readonly bytes: { readonly maxBytes?: number };
}

/** Those of every type. */
export interface CommonConstraints {
  /**
   * The value goes to whoever reads it, and is left out of logs, traces, inspection and errors. Default false; a variable
   * that is declared again otherwise is `already_exists`.
   */
  readonly secret?: boolean;
  /**
   * Other variables of the session, from which this one follows. They must be there, and none may depend on this one,
   * not through others either: `cycle`. Default: none.
   */
  readonly dependsOn?: readonly string[];
  /**
   * The name of the function that makes its value of the variables that it depends on, in every commit that writes one of
   * these; nobody else writes it (`denied`). Functions are registered with the system. Needs `dependsOn`. Default: none.
   */
  readonly computedBy?: string;
  /**
   * Who may write, remove and declare anew: patterns of a commit's `writer`, as `list` takes them. TypeScript is
   * `typescript` unless it says otherwise, a worker its stream, a client of the public port `client:` and its name.
   * None at all: it is `read_only`. Default: everybody.
   */
  readonly writers?: readonly string[];
  /**
   * For whom it is there: patterns of the same names. TypeScript always sees it. Anybody else is told nothing of it, and
   * writes it only if `writers` allow that. Default: everybody.
   */
  readonly readers?: readonly string[];
}

export type ConstraintsOf = { readonly [T in VariableType]: OwnConstraintsOf[T] & CommonConstraints };

/** What is wanted of a variable. `V` is the value's type where it is narrower, as for a choice. */
export interface Declaration<T extends VariableType = VariableType, V extends ValueOf[T] = ValueOf[T]> {
  readonly type: T;
  /** The value that it begins with. */
  readonly default: V;
  readonly constraints: ConstraintsOf[T];
  readonly description: string;
}

/** A variable as it is at some revision. */
export interface Variable {
  readonly name: string;
  readonly type: VariableType;
  readonly value: ValueOf[VariableType];
  /** The revision of the commit that last wrote it. */
  readonly version: number;
  readonly constraints: ConstraintsOf[VariableType];
  readonly description: string;
}

export type Declarations = Readonly<Record<string, Declaration>>;

/** The values of a set of declarations: `Values<typeof declared>`. */
export type Values<D extends Declarations> = { readonly [N in keyof D]: D[N]['default'] };
