/** What signature.ts parses at run time, at compile time: the types of a program's inputs and outputs. */

type Space = ' ' | '\n' | '\t' | '\r';
type Trim<S extends string> = S extends `${Space}${infer R}` ? Trim<R> : S extends `${infer R}${Space}` ? Trim<R> : S;

type Before<S extends string, C extends string> = S extends `${infer A}${C}${string}` ? A : S;
/** Up to the first bracket or quote. */
type Plain<S extends string> = Before<Before<Before<Before<S, '['>, ']'>, '"'>, "'">;

/** How many brackets are open, and which quote is. */
type Open = readonly [depth: readonly unknown[], quote: string];

/** What is open behind a text. From bracket to bracket: the compiler gives up after 1,000 steps, so no step is a character. */
type Scan<S extends string, Depth extends readonly unknown[], Quote extends string> = Quote extends ''
  ? S extends `${Plain<S>}${infer C}${infer Rest}`
    ? C extends '['
      ? Scan<Rest, [...Depth, 0], ''>
      : C extends ']'
        ? Scan<Rest, Depth extends readonly [unknown, ...infer D] ? D : [], ''>
        : Scan<Rest, Depth, C>
    : [Depth, '']
  : S extends `${string}${Quote}${infer Rest}`
    ? Scan<Rest, Depth, ''>
    : [Depth, Quote];

/** Splits at separators that stand outside brackets and quotes. */
type Split<
  S extends string,
  Separator extends string,
  Part extends string = '',
  Now extends Open = [[], ''],
  Parts extends readonly string[] = [],
> = S extends `${infer Head}${Separator}${infer Rest}`
  ? Scan<Head, Now[0], Now[1]> extends infer Next extends Open
    ? Next extends readonly [readonly [], '']
      ? Split<Rest, Separator, '', [[], ''], [...Parts, Trim<`${Part}${Head}`>]>
      : Split<Rest, Separator, `${Part}${Head}${Separator}`, Next, Parts>
    : never
  : [...Parts, Trim<`${Part}${S}`>];

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

/** The fields of one side. */
type Side<S extends string, At extends 0 | 1> =
  Split<S, '->'> extends infer Sides extends [string, string] ? Split<Sides[At], ','>[number] : never;

/**
 * What a program of this signature takes: `{ question: string }`. What may be null may be left out, and so may what
 * is bound to a variable.
 */
export type Inputs<S extends string, Bound extends string = never> = string extends S
  ? Record<string, unknown>
  : [Side<S, 0>] extends [never]
    ? never
    : Side<S, 0> extends infer F extends string
      ? Given<Fields<F>, NameOf<MayBeNull<F>> | Bound>
      : never;

type Given<All, Open> = [Extract<keyof All, Open>] extends [never]
  ? All
  : Flat<Omit<All, Extract<keyof All, Open>> & Partial<Pick<All, Extract<keyof All, Open>>>>;

/** What it answers: `{ answer: string }`. */
export type Outputs<S extends string> = string extends S
  ? Record<string, unknown>
  : [Side<S, 1>] extends [never]
    ? never
    : Fields<Side<S, 1>>;
