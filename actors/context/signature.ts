/**
 * DSPy's signature strings, such as `"question, context: list[str] -> answer: str"`: parsed to typed fields at run
 * time, and to TypeScript types at compile time. A field without a type is a string, as in DSPy.
 */
import { ActorError } from '../core/index.ts';

export type FieldType =
  | { readonly kind: 'string' | 'integer' | 'float' | 'boolean' | 'any' }
  | { readonly kind: 'list'; readonly items: FieldType }
  | { readonly kind: 'dict'; readonly values: FieldType }
  | { readonly kind: 'optional'; readonly type: FieldType }
  | { readonly kind: 'literal'; readonly choices: readonly string[] };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export interface Signature {
  readonly text: string;
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];
}

/** The text is not a signature; `position` counts characters from 0. */
export class SignatureError extends ActorError {
  readonly position: number;

  constructor(text: string, position: number, expected: string) {
    super(
      'bad_signature',
      `signature: expected ${expected} at position ${position}\n  ${text}\n  ${' '.repeat(position)}^`,
    );
    this.position = position;
  }
}

/** Parses a signature. Throws SignatureError, which shows the position of the first fault. */
export function parseSignature(text: string): Signature {
  const reader = new Reader(text);
  const inputs = reader.fields('->');
  reader.expect('->');
  const outputs = reader.fields('');
  reader.end();
  const names = new Set<string>();
  for (const { name, at } of [...inputs, ...outputs]) {
    if (names.has(name)) throw new SignatureError(text, at, `another name than '${name}', which is there already,`);
    names.add(name);
  }
  const plain = ({ name, type }: Field): Field => ({ name, type });
  return { text, inputs: inputs.map(plain), outputs: outputs.map(plain) };
}

const simple: Readonly<Record<string, FieldType>> = {
  str: { kind: 'string' },
  int: { kind: 'integer' },
  float: { kind: 'float' },
  bool: { kind: 'boolean' },
  Any: { kind: 'any' },
  list: { kind: 'list', items: { kind: 'any' } },
  dict: { kind: 'dict', values: { kind: 'any' } },
};

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fields(until: string): (Field & { at: number })[] {
    const fields: (Field & { at: number })[] = [];
    do {
      this.#space();
      const at = this.#at;
      const name = this.#match(/[A-Za-z_]\w*/y) ?? this.#fail('a field name');
      this.#space();
      const type = this.#take(':') ? this.#type() : simple.str;
      fields.push({ name, type: type as FieldType, at });
      this.#space();
    } while (this.#take(','));
    if (until !== '' && !this.#text.startsWith(until, this.#at)) this.#fail(`',' or '${until}'`);
    return fields;
  }

  expect(token: string): void {
    this.#space();
    if (!this.#take(token)) this.#fail(`'${token}'`);
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.#fail("',' or the end");
  }

  #type(): FieldType {
    this.#space();
    const start = this.#at;
    const name = this.#match(/[A-Za-z_]\w*/y) ?? this.#fail('a type');
    this.#space();
    const type = this.#take('[') ? this.#generic(name, start) : simple[name];
    if (type === undefined) {
      this.#at = start;
      this.#fail('one of str, int, float, bool, list[...], dict[str, ...], Optional[...], Literal[...]');
    }
    this.#space();
    if (this.#take('|')) {
      this.#space();
      if (!this.#take('None')) this.#fail('None');
      return { kind: 'optional', type: type as FieldType };
    }
    return type as FieldType;
  }

  #generic(name: string, start: number): FieldType | undefined {
    let type: FieldType | undefined;
    if (name === 'list' || name === 'List') type = { kind: 'list', items: this.#type() };
    else if (name === 'Optional') type = { kind: 'optional', type: this.#type() };
    else if (name === 'dict' || name === 'Dict') {
      this.#space();
      if (!this.#take('str')) this.#fail("'str', the only kind of key");
      this.expect(',');
      type = { kind: 'dict', values: this.#type() };
    } else if (name === 'Literal') {
      const choices: string[] = [];
      do {
        this.#space();
        const quoted = this.#match(/"[^"]*"|'[^']*'/y) ?? this.#fail('a quoted choice');
        choices.push(quoted.slice(1, -1));
        this.#space();
      } while (this.#take(','));
      type = { kind: 'literal', choices };
    } else {
      this.#at = start;
      return undefined;
    }
    this.expect(']');
    return type;
  }

  #space(): void {
    this.#match(/\s*/y);
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    return found;
  }

  #fail(expected: string): never {
    throw new SignatureError(this.#text, this.#at, expected);
  }
}

// The same at compile time.

type Space = ' ' | '\n' | '\t';
type Trim<S extends string> = S extends `${Space}${infer R}` ? Trim<R> : S extends `${infer R}${Space}` ? Trim<R> : S;

/** Splits at commas that stand outside brackets. */
type Split<
  S extends string,
  Part extends string = '',
  Depth extends readonly unknown[] = [],
  Parts extends readonly string[] = [],
> = S extends `${infer C}${infer Rest}`
  ? C extends '['
    ? Split<Rest, `${Part}${C}`, [...Depth, 0], Parts>
    : C extends ']'
      ? Split<Rest, `${Part}${C}`, Depth extends readonly [unknown, ...infer D] ? D : [], Parts>
      : C extends ','
        ? Depth extends readonly []
          ? Split<Rest, '', [], [...Parts, Trim<Part>]>
          : Split<Rest, `${Part}${C}`, Depth, Parts>
        : Split<Rest, `${Part}${C}`, Depth, Parts>
  : [...Parts, Trim<Part>];

type Unquote<S extends string> = S extends `"${infer C}"` | `'${infer C}'` ? C : never;

type TypeOf<T extends string> = T extends `${infer Inner}|${infer None}`
  ? Trim<None> extends 'None'
    ? TypeOf<Trim<Inner>> | null
    : unknown
  : T extends 'str'
    ? string
    : T extends 'int' | 'float'
      ? number
      : T extends 'bool'
        ? boolean
        : T extends `${'list' | 'List'}[${infer Items}]`
          ? TypeOf<Trim<Items>>[]
          : T extends `Optional[${infer Inner}]`
            ? TypeOf<Trim<Inner>> | null
            : T extends `${'dict' | 'Dict'}[str,${infer Values}]`
              ? Record<string, TypeOf<Trim<Values>>>
              : T extends `Literal[${infer Choices}]`
                ? Unquote<Split<Choices>[number]>
                : unknown;

type NameOf<F extends string> = F extends `${infer N}:${string}` ? Trim<N> : F;
type FieldValue<F extends string> = F extends `${string}:${infer T}` ? TypeOf<Trim<T>> : string;
type Fields<Parts extends readonly string[]> = { [F in Parts[number] as NameOf<F>]: FieldValue<F> };

/** What a program of this signature takes: `{ question: string }`. */
export type Inputs<S extends string> = string extends S
  ? Record<string, unknown>
  : S extends `${infer I}->${string}`
    ? Fields<Split<I>>
    : never;

/** What it answers: `{ answer: string }`. */
export type Outputs<S extends string> = string extends S
  ? Record<string, unknown>
  : S extends `${string}->${infer O}`
    ? Fields<Split<O>>
    : never;

/** What is wrong with inputs for a signature, as one sentence; undefined when they fit. */
export function inputFault(signature: Signature, inputs: Readonly<Record<string, unknown>>): string | undefined {
  for (const { name, type } of signature.inputs) {
    const value = inputs[name];
    if (value === undefined && type.kind !== 'optional') return `input '${name}' is missing`;
    if (value !== undefined && !fits(type, value)) return `input '${name}' is not ${describeType(type)}`;
  }
  const known = new Set(signature.inputs.map((field) => field.name));
  const extra = Object.keys(inputs).find((name) => !known.has(name));
  return extra === undefined ? undefined : `there is no input '${extra}'`;
}

function fits(type: FieldType, value: unknown): boolean {
  switch (type.kind) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value) || typeof value === 'bigint';
    case 'float':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'list':
      return Array.isArray(value) && value.every((item) => fits(type.items, item));
    case 'dict':
      return (
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((item) => fits(type.values, item))
      );
    case 'optional':
      return value === null || fits(type.type, value);
    case 'literal':
      return typeof value === 'string' && type.choices.includes(value);
    default: {
      const never: never = type;
      return never;
    }
  }
}

/** A type in Python's words. */
export function describeType(type: FieldType): string {
  switch (type.kind) {
    case 'string':
      return 'str';
    case 'integer':
      return 'int';
    case 'float':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'any':
      return 'Any';
    case 'list':
      return `list[${describeType(type.items)}]`;
    case 'dict':
      return `dict[str, ${describeType(type.values)}]`;
    case 'optional':
      return `Optional[${describeType(type.type)}]`;
    case 'literal':
      return `Literal[${type.choices.map((choice) => JSON.stringify(choice)).join(', ')}]`;
    default: {
      const never: never = type;
      return never;
    }
  }
}
