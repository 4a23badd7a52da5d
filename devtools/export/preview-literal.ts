/** A value as dev tools got it, as JavaScript that makes it again; what is not in the preview is marked. Pure. */
import type { Preview, PreviewNode } from '../protocol/index.ts';

export interface Literal {
  readonly code: string;
  /** What had to be left out or made up, each in a few words; none: it is the whole value. */
  readonly missing: readonly string[];
}

export function literal(value: Preview | undefined): Literal {
  const missing: string[] = [];
  return { code: codeOf(value, missing), missing };
}

function codeOf(value: Preview | undefined, missing: string[]): string {
  if (value === undefined) return 'undefined';
  if (value === null || typeof value !== 'object') return typeof value === 'string' ? quoted(value) : String(value);
  const { $: kind, text = '', size } = value;
  const mark = (what: string, code = 'undefined'): string => {
    missing.push(what);
    return `${code} /* ${comment(what)} */`;
  };
  switch (kind) {
    case 'object':
    case 'error':
      return objectOf(value, missing, mark);
    case 'array':
      return `[${itemsOf(value, missing, mark)}]`;
    case 'map':
      return `new Map([${pairsOf(value, missing, mark)}])`;
    case 'set':
      return `new Set([${itemsOf(value, missing, mark)}])`;
    case 'date':
      return `new Date(${quoted(text)})`;
    case 'bigint':
      return /^-?\d+$/.test(text) ? `${text}n` : mark('a bigint', '0n');
    case 'number':
      return /^-?(Infinity|NaN|0)$/.test(text) ? text : 'NaN';
    case 'undefined':
      return 'undefined';
    case 'string':
      return mark(`cut off: ${size ?? 'more'} characters`, quoted(text));
    case 'bytes':
      return mark(`${size ?? 0} bytes that were not kept`, `new Uint8Array(${size ?? 0})`);
    case 'masked':
      return mark('masked: a secret', quoted('masked'));
    case 'cut':
      return mark('cut off: deeper than the report goes');
    case 'pid':
    case 'ref':
      return mark(`the actor ${text}`);
    default:
      return mark(`a ${kind}${value.name === undefined ? '' : ` ${value.name}`}`);
  }
}

type Mark = (what: string, code?: string) => string;

function objectOf(node: PreviewNode, missing: string[], mark: Mark): string {
  const { entries = [], name, text = '', $: kind } = node;
  const fields = entries.map(([key, value]) => `${keyOf(key)}: ${codeOf(value, missing)}`);
  const rest = restOf(node, mark);
  const inner = [...fields, ...(rest === '' ? [] : [rest])].join(', ');
  if (kind === 'error') {
    const error = `new Error(${quoted(text)})`;
    const own = `name: ${quoted(name ?? 'Error')}${inner === '' ? '' : `, ${inner}`}`;
    return `Object.assign(${error}, { ${own} })`;
  }
  const plain = inner === '' ? '{}' : `{ ${inner} }`;
  return name === undefined || name === 'Object' ? plain : mark(`a ${name}, here as a plain object`, plain);
}

const itemsOf = (node: PreviewNode, missing: string[], mark: Mark): string =>
  [...(node.entries ?? []).map(([, item]) => codeOf(item, missing)), restOf(node, mark)]
    .filter((part) => part !== '')
    .join(', ');

const pairsOf = (node: PreviewNode, missing: string[], mark: Mark): string =>
  [...(node.entries ?? []).map(([key, item]) => `[${quoted(key)}, ${codeOf(item, missing)}]`), restOf(node, mark)]
    .filter((part) => part !== '')
    .join(', ');

/** A comment in the place of what is left out. */
function restOf({ entries = [], size }: PreviewNode, mark: Mark): string {
  const more = (size ?? entries.length) - entries.length;
  return more > 0 ? mark(`cut off: ${more} more`, '').trim() : '';
}

const keyOf = (key: string): string => {
  if (key === '__proto__') return '["__proto__"]';
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : quoted(key);
};

/** What cannot end the comment that it stands in. */
export const comment = (text: string): string => text.replaceAll('*/', '* /').replaceAll(/[\r\n\u2028\u2029]+/g, ' ');

/** A string literal. */
export const quoted = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')}'`;
