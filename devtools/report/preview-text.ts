/** A value as dev tools got it, as text: on one line, or laid out over several. */
import type { Preview, PreviewNode } from '../protocol/index.ts';
import { cut, oneLine } from './visible.ts';

/** On one line, in full as far as the preview goes: `{count: 2, items: [1, 2, … 98 more]}`. */
export function previewText(value: Preview): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return String(value);
  const { open, close } = bracketsOf(value);
  if (open === undefined) return leaf(value);
  const parts = (value.entries ?? []).map(([key, inner]) => part(value, key, previewText(inner)));
  return `${open}${[...parts, ...rest(value)].join(', ')}${close}`;
}

/** On one line of at most so many characters. */
export const previewLine = (value: Preview, width: number): string => cut(previewText(value), width);

/** On as many lines as it needs, so that none that can be broken is longer than `width`. */
export function previewLines(value: Preview, width = 100): string[] {
  const whole = previewText(value);
  if (whole.length <= width || value === null || typeof value !== 'object') return [whole];
  const { open, close } = bracketsOf(value);
  if (open === undefined || value.entries === undefined) return [whole];
  const inner = value.entries.flatMap(([key, item]) => {
    const [first = '', ...others] = previewLines(item, width - 2);
    return [part(value, key, first), ...others].map((line) => `  ${line}`);
  });
  return [open, ...inner, ...rest(value).map((line) => `  ${line}`), close];
}

const quoted = (text: string): string => oneLine(JSON.stringify(text));

/** What a node is that has no entries to show. */
function leaf({ $, name, text, size }: PreviewNode): string {
  const said = oneLine(text ?? '');
  switch ($) {
    case 'string':
      return `${quoted(text ?? '')}… (${size} characters)`;
    case 'bytes':
      return `[${size ?? '?'} bytes${said === '' ? '' : ` ${said}`}]`;
    case 'function':
      return `[function ${oneLine(name ?? 'anonymous')}]`;
    case 'error':
      return `${oneLine(name ?? 'Error')}: ${said}`;
    case 'bigint':
      return `${said}n`;
    case 'pid':
    case 'ref':
      return `<${said}>`;
    case 'cut':
      return '…';
    case 'undefined':
    case 'masked':
    case 'getter':
    case 'circular':
      return $ === 'undefined' ? $ : `[${$}]`;
    default:
      return said === '' ? `[${$}]` : said;
  }
}

/** Between what its entries stand; none for what has none. */
function bracketsOf({ $, name, size }: PreviewNode): { open?: string; close: string } {
  const called = name === undefined || name === 'Object' || name === 'Array' ? '' : `${oneLine(name)} `;
  if ($ === 'object') return { open: `${called}{`, close: '}' };
  if ($ === 'array') return { open: `${called}[`, close: ']' };
  if ($ === 'map') return { open: `Map(${size ?? '?'}) {`, close: '}' };
  if ($ === 'set') return { open: `Set(${size ?? '?'}) {`, close: '}' };
  return { close: '' };
}

function part({ $ }: PreviewNode, key: string, text: string): string {
  if ($ === 'array' || $ === 'set') return text;
  const named = $ === 'map' || /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? oneLine(key) : quoted(key);
  return `${named}${$ === 'map' ? ' => ' : ': '}${text}`;
}

function rest({ size, entries = [] }: PreviewNode): string[] {
  const missing = (size ?? entries.length) - entries.length;
  return missing > 0 ? [`… ${missing} more`] : [];
}
