/** The variables that a program's parameters are bound to: read at one revision, and held against what each takes. */
import { StateError } from '../core/index.ts';
import type { Value, Variable } from '../state/index.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import { isOwnName } from './inheritance.ts';
import type { Bindings } from './program-definition.ts';
import { ProgramError } from './program-error.ts';
import type { Signature } from './signature.ts';
import { describeType, fits, shown } from './signature-values.ts';

/** What a language model takes, as in Python's `_bindings.py`. */
const numbers: ReadonlyMap<string, 'a number' | 'a whole number'> = new Map([
  ['temperature', 'a number'],
  ['max_tokens', 'a whole number'],
  ['top_p', 'a number'],
  ['top_k', 'a whole number'],
  ['seed', 'a whole number'],
  ['presence_penalty', 'a number'],
  ['frequency_penalty', 'a number'],
]);
/** What may name a module, which is imported and called: not any text that somebody has written. */
const namesModules: ReadonlySet<string> = new Set(['module', 'choice']);

/** The values of one run. */
export interface BoundValues {
  readonly values: Readonly<Record<string, Value>>;
  readonly revision: number;
}

export class BoundVariables {
  readonly #program: string;
  readonly #record: ContextRecord;
  readonly #signature: Signature;
  readonly #bound: readonly (readonly [parameter: string, variable: string])[];
  /** Whether a language model is behind it, which takes parameters of its own. */
  readonly #asks: boolean;
  /** The type that each variable had when it was first read for this program. */
  readonly #types = new Map<string, string>();
  /** The inputs that are bound: they need not be given. */
  readonly inputs: ReadonlySet<string>;

  constructor(program: string, record: ContextRecord, signature: Signature, bind: Bindings, asks: boolean) {
    this.#program = program;
    this.#record = record;
    this.#signature = signature;
    this.#bound = Object.entries(bind);
    this.#asks = asks;
    this.inputs = new Set(signature.inputs.map(({ name }) => name).filter((name) => Object.hasOwn(bind, name)));
  }

  /**
   * Reads them. Rejects with StateError `not_found` for an unknown variable, with ProgramError `bad_binding` for one
   * that does not fit its parameter, or is of another type than when the program first ran.
   */
  async read(): Promise<BoundValues> {
    const session = await settledSession(this.#record);
    const names = [...new Set(this.#bound.map(([, name]) => name))];
    const { variables, revision } = await session.read(names);
    const found = new Map(variables.map((variable) => [variable.name, variable]));
    const values: Record<string, Value> = {};
    for (const [parameter, name] of this.#bound) {
      const variable = found.get(name) ?? (await this.#unknown(parameter, name));
      this.#check(parameter, variable);
      values[parameter] = variable.value as Value;
    }
    return { values, revision };
  }

  #check(parameter: string, { name, type, value }: Variable): void {
    const wanted = this.#wanted(parameter, type, value as Value);
    if (wanted !== undefined) {
      this.#refuse(parameter, name, `which takes ${wanted}, but it is ${article(type)} with the value ${shown(value)}`);
    }
    const before = this.#types.get(name) ?? type;
    if (family(before) !== family(type)) {
      this.#refuse(
        parameter,
        name,
        `and was ${article(before)} when the program first ran; now it is ${article(type)}. ` +
          'Register the program again to take it as it is',
      );
    }
    this.#types.set(name, before);
  }

  /** What the parameter takes, when the value is not that. */
  #wanted(parameter: string, type: string, value: Value): string | undefined {
    const input = this.#signature.inputs.find((field) => field.name === parameter);
    const number = numbers.get(parameter);
    if (this.#asks && number !== undefined) {
      const isNumber = typeof value === 'number' || typeof value === 'bigint';
      return isNumber && (number === 'a number' || Number.isInteger(Number(value))) ? undefined : number;
    }
    if (this.#asks && parameter === 'module') return namesModules.has(type) ? undefined : 'a module or choice variable';
    if (this.#asks && parameter === 'lm') return typeof value === 'string' && value !== '' ? undefined : 'a name';
    return input === undefined || fits(input.type, value) ? undefined : describeType(input.type);
  }

  #refuse(parameter: string, name: string, why: string): never {
    const message = `variable '${name}' is bound to parameter '${parameter}', ${why}`;
    throw new ProgramError('bad_binding', this.#program, message, { details: { name, parameter } });
  }

  async #unknown(parameter: string, name: string): Promise<never> {
    const { variables } = await (await settledSession(this.#record)).read();
    const known = variables.map((variable) => variable.name).filter((one) => !isOwnName(one));
    throw new StateError(
      'not_found',
      `program '${this.#program}': parameter '${parameter}' is bound to variable '${name}', which is not declared; ` +
        `declared are ${known.join(', ') || 'none'}`,
      { details: { name, parameter } },
    );
  }
}

/** A number may become another kind of number. */
const family = (type: string): string => (type === 'integer' ? 'float' : type);

const article = (type: string): string => `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} variable`;
