// TypeScript types of the JSON Schemas that Python's tools have. What JSON has no form for is named by `x-ophion`.

/** @typedef {{ readonly [keyword: string]: unknown }} Schema */

/** @type {Record<string, string>} */
const special = { bytes: 'Uint8Array', instant: 'Date', tensor: 'Tensor' };
/** @type {Record<string, string>} */
const plain = { boolean: 'boolean', integer: 'number', number: 'number', string: 'string', null: 'null' };
const identifier = /^[A-Za-z_$][\w$]*$/;

/** Makes the types of all tools of one file: those that have a name are declared once. */
export class SchemaTypes {
  /** Names of ours that the types use, such as `Tensor`. @type {Set<string>} */
  used = new Set();
  /** Declarations by name, in the order of their first use. @type {Map<string, string>} */
  declared = new Map();
  /** Names by what they stand for. @type {Map<string, string>} */
  #names = new Map();
  /** @type {Set<string>} */
  #taken;

  /** @param {Iterable<string>} taken names that no type may have */
  constructor(taken) {
    this.#taken = new Set(taken);
  }

  /**
   * The type of a schema; `taken` for what a tool takes: it changes none of it.
   * @param {Schema} schema
   * @param {'taken' | 'answered'} side
   * @returns {string}
   */
  of(schema, side) {
    const definitions = /** @type {Record<string, Schema>} */ (schema.$defs ?? {});
    return new Walk(this, definitions, side).of(schema);
  }

  /** @param {string} name */
  use(name) {
    this.used.add(name);
    return name;
  }

  /**
   * The name of a definition; `make` writes what it stands for, and may ask for the same name again.
   * @param {string} wanted
   * @param {'taken' | 'answered'} side
   * @param {string} key what it stands for
   * @param {() => string} make
   */
  named(wanted, side, key, make) {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const base = wanted.replace(/[^\w$]+/g, '').replace(/^(?=\d)/, '_') || 'Type';
    const other = `${base}${side === 'taken' ? 'Input' : 'Output'}`;
    let name = this.#taken.has(base) ? other : base;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${other}${count}`;
    this.#taken.add(name);
    this.#names.set(key, name);
    this.declared.set(name, '');
    this.declared.set(name, make());
    return name;
  }
}

/** One schema. */
class Walk {
  #types;
  #definitions;
  #side;

  /** @param {SchemaTypes} types @param {Record<string, Schema>} definitions @param {'taken' | 'answered'} side */
  constructor(types, definitions, side) {
    this.#types = types;
    this.#definitions = definitions;
    this.#side = side;
  }

  /** @param {unknown} given @returns {string} */
  of(given) {
    if (given === false) return 'never';
    if (typeof given !== 'object' || given === null) return this.#types.use('Value');
    const schema = /** @type {Schema} */ (given);
    const name = special[String(schema['x-ophion'])];
    if (name !== undefined) return name === 'Tensor' ? this.#types.use(name) : name;
    if (typeof schema.$ref === 'string') return this.#reference(schema.$ref);
    if ('const' in schema) return literal(schema.const);
    if (Array.isArray(schema.enum)) return union(schema.enum.map(literal));
    const several = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(several)) return union(several.map((one) => this.of(one)));
    if (Array.isArray(schema.allOf)) return intersection(schema.allOf.map((one) => this.of(one)));
    if (Array.isArray(schema.type)) return union(schema.type.map((type) => this.of({ ...schema, type })));
    if (schema.type === 'array') return this.#array(schema);
    if (schema.type === 'object') return this.#object(schema);
    return plain[String(schema.type)] ?? this.#types.use('Value');
  }

  /** @param {string} reference */
  #reference(reference) {
    const name = reference.replace('#/$defs/', '');
    const definition = this.#definitions[name];
    if (definition === undefined) return this.#types.use('Value');
    const key = JSON.stringify([this.#side, name, this.#behind(name, new Set())]);
    // Pydantic's own stand behind a point.
    const wanted = name.split('.').at(-1) ?? name;
    return this.#types.named(wanted, this.#side, key, () => this.of(definition));
  }

  /**
   * A definition with all that it refers to: two of one name are the same type when all of that is the same.
   * @param {string} name
   * @param {Set<string>} seen
   * @returns {unknown[]}
   */
  #behind(name, seen) {
    if (seen.has(name)) return [];
    seen.add(name);
    const definition = this.#definitions[name];
    const text = JSON.stringify(definition) ?? '';
    const inner = [...text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map(([, other]) => other ?? '');
    return [definition, ...inner.flatMap((other) => this.#behind(other, seen))];
  }

  /** @param {Schema} schema */
  #array(schema) {
    const before = this.#side === 'taken' ? 'readonly ' : '';
    if (Array.isArray(schema.prefixItems)) {
      const items = schema.prefixItems.map((one) => this.of(one));
      return `${before}[${items.join(', ')}]`;
    }
    const item = this.of(schema.items);
    return `${before}${/[ |&]/.test(item) && !/^\{.*\}$/.test(item) ? `(${item})` : item}[]`;
  }

  /** @param {Schema} schema */
  #object(schema) {
    const before = this.#side === 'taken' ? 'readonly ' : '';
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    const properties = Object.entries(/** @type {Record<string, Schema>} */ (schema.properties ?? {}));
    const fields = properties.map(([name, one]) => {
      const key = identifier.test(name) ? name : quoted(name);
      return `${remark(one.description)}${before}${key}${required.has(name) ? '' : '?'}: ${this.of(one)}`;
    });
    const more = schema.additionalProperties;
    if (more === false || (more === undefined && fields.length > 0)) {
      return fields.length === 0 ? 'Readonly<Record<string, never>>' : `{ ${fields.join('; ')} }`;
    }
    const rest = `{ ${before}[name: string]: ${this.of(more)} }`;
    return fields.length === 0 ? rest : intersection([`{ ${fields.join('; ')} }`, rest]);
  }
}

/** @param {unknown} value */
function literal(value) {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value);
}

/** @param {string} text */
export const quoted = (text) => `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

/** @param {readonly string[]} types */
function union(types) {
  const all = [...new Set(types)];
  return all.length === 0 ? 'never' : all.map((one) => (/&/.test(one) ? `(${one})` : one)).join(' | ');
}

/** @param {readonly string[]} types */
function intersection(types) {
  return types.map((one) => (/\|/.test(one) && !/^\{.*\}$/.test(one) ? `(${one})` : one)).join(' & ');
}

/** A comment on one line. @param {unknown} text */
function remark(text) {
  return typeof text === 'string' && text !== '' ? `/** ${commented(text).replace(/\s+/g, ' ')} */ ` : '';
}

/** A text as it may stand in a comment. @param {string} text */
export const commented = (text) => text.replaceAll('*/', '*\\/');
