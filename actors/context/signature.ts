/**
 * DSPy's signature strings, such as `"question, context: list[str] -> answer: str"`, parsed to typed fields. Python's
 * `_signature.py` reads the same grammar to the same form with the same errors; one table holds both to it. A field
 * without a type is a string, as in DSPy.
 */
import { ActorError } from '../core/index.ts';

export type FieldType =
  | { readonly kind: 'string' | 'integer' | 'float' | 'boolean' | 'any' }
  | { readonly kind: 'list'; readonly items: FieldType }
  | { readonly kind: 'dict'; readonly values: FieldType }
  | { readonly kind: 'optional'; readonly type: FieldType }
  | { readonly kind: 'union'; readonly types: readonly FieldType[] }
  | { readonly kind: 'literal'; readonly choices: readonly (string | number)[] };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export interface Signature {
  readonly text: string;
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];
}

/** How deep types may be nested in each other. */
const depthMax = 16;

/** The text is not a signature; `position` counts characters from 0. */
export class SignatureError extends ActorError {
  readonly position: number;

  constructor(text: string, position: number, expected: string) {
    const shown = text.replace(/[\t\r\n]/g, ' ');
    super(
      'bad_signature',
      `signature: expected ${expected} at position ${position}\n  ${shown}\n  ${' '.repeat(position)}^`,
    );
    this.position = position;
  }
}

/** Parses a signature. Throws SignatureError, which shows the position of the first fault. */
export function parseSignature(text: string): Signature {
  const reader = new Reader(text);
  const inputs = reader.fields("',' or '->'", '->');
  reader.expect('->');
  const outputs = reader.fields("',' or the end", '');
  const plain = ({ name, type }: Field): Field => ({ name, type });
  return { text, inputs: inputs.map(plain), outputs: outputs.map(plain) };
}

const any: FieldType = { kind: 'any' };
const simple: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ['str', { kind: 'string' }],
  ['int', { kind: 'integer' }],
  ['float', { kind: 'float' }],
  ['bool', { kind: 'boolean' }],
  ['Any', any],
  ['list', { kind: 'list', items: any }],
  ['dict', { kind: 'dict', values: any }],
]);
const known = 'one of str, int, float, bool, Any, list[...], dict[str, ...], Optional[...], Union[...], Literal[...]';
/** Types of DSPy's own, which are more than data. */
const ofDspy = /^(?:dspy\.\w+|Audio|Citations|Code|Document|File|History|Image|Reasoning|Tool|ToolCalls)$/;

class Reader {
  readonly #text: string;
  readonly #names = new Set<string>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The fields of one side, up to `until`; `next` is what may stand behind a field. */
  fields(next: string, until: string): Field[] {
    const fields: Field[] = [];
    do {
      this.#space();
      const start = this.#at;
      // Python takes no field whose name begins with an underscore.
      const name = this.#match(/[A-Za-z]\w*/y) ?? this.#fail('a field name');
      if (this.#names.has(name)) this.#fail(`another name than '${name}', which is there already,`, start);
      this.#names.add(name);
      this.#space();
      fields.push({ name, type: this.#take(':') ? this.#type(1) : { kind: 'string' } });
      this.#space();
    } while (this.#take(','));
    const ended = until === '' ? this.#at === this.#text.length : this.#text.startsWith(until, this.#at);
    return ended ? fields : this.#fail(next);
  }

  expect(token: string): void {
    this.#space();
    if (!this.#take(token)) this.#fail(`'${token}'`);
  }

  #type(depth: number): FieldType {
    this.#space();
    if (depth > depthMax) this.#fail(`types that are nested no deeper than ${depthMax}`);
    const types: FieldType[] = [];
    let optional = false;
    do {
      this.#space();
      const one = this.#single(depth);
      if (one === 'None') optional = true;
      else types.push(one);
      this.#space();
    } while (this.#take('|'));
    if (types.length === 0) this.#fail("'|' and a type beside None");
    return union(types, optional);
  }

  #single(depth: number): FieldType | 'None' {
    const start = this.#at;
    const name = this.#match(/[A-Za-z_]\w*/y) ?? this.#fail('a type');
    if (name === 'None') return name;
    this.#space();
    const type = this.#take('[') ? this.#generic(name, depth + 1, start) : simple.get(name);
    return type ?? this.#unknownType(start);
  }

  #generic(name: string, depth: number, start: number): FieldType {
    let type: FieldType;
    if (name === 'list' || name === 'List') type = { kind: 'list', items: this.#type(depth) };
    else if (name === 'Optional') type = union([this.#type(depth)], true);
    else if (name === 'Union') type = union(this.#types(depth), false);
    else if (name === 'dict' || name === 'Dict') {
      this.#space();
      if (this.#match(/str\b/y) === undefined) this.#fail("'str', the only kind of key");
      this.expect(',');
      type = { kind: 'dict', values: this.#type(depth) };
    } else if (name === 'Literal') type = { kind: 'literal', choices: this.#choices() };
    else return this.#unknownType(start);
    this.expect(']');
    return type;
  }

  #unknownType(start: number): never {
    const [word = ''] = /^[\w.]*/.exec(this.#text.slice(start)) ?? [];
    const made = `, made a ${word} by a module of your own ('package.module:Name'),`;
    return this.#fail(ofDspy.test(word) ? known + made : known, start);
  }

  #types(depth: number): FieldType[] {
    const types: FieldType[] = [];
    do types.push(this.#type(depth));
    while (this.#take(','));
    return types;
  }

  #choices(): (string | number)[] {
    const choices: (string | number)[] = [];
    do {
      this.#space();
      const quoted = this.#match(/"[^"]*"|'[^']*'/y);
      const choice = quoted?.slice(1, -1) ?? this.#match(/-?\d{1,15}(?![\w.])/y) ?? this.#fail('a quoted choice');
      choices.push(quoted === undefined ? Number(choice) : choice);
      this.#space();
    } while (this.#take(','));
    return choices;
  }

  #space(): void {
    this.#match(/[ \t\r\n]*/y);
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

  #fail(expected: string, at = this.#at): never {
    // Characters, as Python counts them, and not UTF-16 units.
    throw new SignatureError(this.#text, [...this.#text.slice(0, at)].length, expected);
  }
}

/** One type, or several; what is optional inside makes all of it optional. */
function union(members: readonly FieldType[], optional: boolean): FieldType {
  const types: FieldType[] = [];
  let orNone = optional;
  for (const member of members) {
    const type = member.kind === 'optional' ? member.type : member;
    if (member.kind === 'optional') orNone = true;
    types.push(...(type.kind === 'union' ? type.types : [type]));
  }
  const type: FieldType = types.length === 1 ? (types[0] as FieldType) : { kind: 'union', types };
  return orNone ? { kind: 'optional', type } : type;
}
