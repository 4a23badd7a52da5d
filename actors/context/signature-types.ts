/** What signature.ts parses at run time, at compile time: the types of a program's inputs and outputs. */

type Space = ' ' | '\n' | '\t' | '\r';
type Trim<S extends string> = S extends `${Space}${infer R}` ? Trim<R> : S extends `${infer R}${Space}` ? Trim<R> : S;

/** Splits at separators that stand outside brackets and quotes. */
type Split<
  S extends string,
  Separator extends string,
  Part extends string = '',
  Depth extends readonly unknown[] = [],
  Quote extends string = '',
  Parts extends readonly string[] = [],
> = S extends `${infer C}${infer Rest}`
  ? Quote extends ''
    ? C extends '"' | "'"
      ? Split<Rest, Separator, `${Part}${C}`, Depth, C, Parts>
      : C extends '['
        ? Split<Rest, Separator, `${Part}${C}`, [...Depth, 0], '', Parts>
        : C extends ']'
          ? Split<Rest, Separator, `${Part}${C}`, Depth extends readonly [unknown, ...infer D] ? D : [], '', Parts>
          : C extends Separator
            ? Depth extends readonly []
              ? Split<Rest, Separator, '', [], '', [...Parts, Trim<Part>]>
              : Split<Rest, Separator, `${Part}${C}`, Depth, '', Parts>
            : Split<Rest, Separator, `${Part}${C}`, Depth, '', Parts>
    : Split<Rest, Separator, `${Part}${C}`, Depth, C extends Quote ? '' : Quote, Parts>
  : [...Parts, Trim<Part>];

type ChoiceOf<S extends string> = S extends `"${infer C}"` | `'${infer C}'`
  ? C
  : S extends `${infer N extends number}`
    ? N
    : never;

/** Of each of several types as text. */
type TypeOf<T extends string> = T extends string ? Single<Split<T, '|'>[number]> : never;

type Single<T extends string> = T extends 'None'
  ? null
  : T extends 'str'
    ? string
    : T extends 'int' | 'float'
      ? number
      : T extends 'bool'
        ? boolean
        : T extends 'list'
          ? unknown[]
          : T extends 'dict'
            ? Record<string, unknown>
            : T extends `${'list' | 'List'}[${infer Items}]`
              ? TypeOf<Trim<Items>>[]
              : T extends `Optional[${infer Inner}]`
                ? TypeOf<Trim<Inner>> | null
                : T extends `Union[${infer Members}]`
                  ? TypeOf<Split<Members, ','>[number]>
                  : T extends `${'dict' | 'Dict'}[${infer Entry}]`
                    ? Split<Entry, ','> extends [string, infer Values extends string]
                      ? Record<string, TypeOf<Values>>
                      : never
                    : T extends `Literal[${infer Choices}]`
                      ? ChoiceOf<Split<Choices, ','>[number]>
                      : unknown;

type NameOf<F extends string> = F extends `${infer N}:${string}` ? Trim<N> : F;
type ValueOf<F extends string> = F extends `${string}:${infer T}` ? TypeOf<Trim<T>> : string;
/** A field that may be null may be left out. */
type MayBeNull<F extends string> = F extends string
  ? unknown extends ValueOf<F>
    ? never
    : null extends ValueOf<F>
      ? F
      : never
  : never;
type Fields<F extends string> = { [One in F as NameOf<One>]: ValueOf<One> };
type Flat<T> = { [K in keyof T]: T[K] };

type InputFields<S extends string> = S extends `${infer I}->${string}` ? Split<I, ','>[number] : never;

/**
 * What a program of this signature takes: `{ question: string }`. What may be null may be left out, and so may what
 * is bound to a variable.
 */
export type Inputs<S extends string, Bound extends string = never> = string extends S
  ? Record<string, unknown>
  : [InputFields<S>] extends [never]
    ? never
    : InputFields<S> extends infer F extends string
      ? Given<Fields<F>, NameOf<MayBeNull<F>> | Bound>
      : never;

type Given<All, Open> = [Extract<keyof All, Open>] extends [never]
  ? All
  : Flat<Omit<All, Extract<keyof All, Open>> & Partial<Pick<All, Extract<keyof All, Open>>>>;

/** What it answers: `{ answer: string }`. */
export type Outputs<S extends string> = string extends S
  ? Record<string, unknown>
  : S extends `${string}->${infer O}`
    ? Fields<Split<O, ','>[number]>
    : never;
