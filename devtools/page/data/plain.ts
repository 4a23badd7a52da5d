/** A preview as plain values, for comparing two of them, and as one line. */
import type { Preview, PreviewNode } from '../../protocol/index.ts';

export const isNode = (value: Preview | undefined): value is PreviewNode => typeof value === 'object' && value !== null;

/** Objects and lists as such; what JSON has not as its word. */
export function plain(value: Preview | undefined): unknown {
  if (!isNode(value)) return value;
  const { $: kind, entries } = value;
  if (kind === 'array' || kind === 'set') return (entries ?? []).map(([, item]) => plain(item));
  if (entries !== undefined) return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
  return word(value);
}

/** A node that is not opened, in a word. */
export function word(node: PreviewNode): string {
  const { $: kind, name, text, size } = node;
  switch (kind) {
    case 'array':
      return `${name ?? 'array'}(${size ?? node.entries?.length ?? 0})`;
    case 'map':
    case 'set':
    case 'bytes':
      return `${name ?? kind}(${size ?? 0})`;
    case 'object':
      return size === 0 || node.entries?.length === 0 ? `${name ?? ''}{}` : (name ?? '{…}');
    case 'error':
      return `${name ?? 'Error'}: ${text ?? ''}`;
    case 'function':
      return `ƒ ${name ?? ''}`;
    case 'masked':
      return '•••• masked';
    case 'getter':
      return 'getter, not called';
    case 'circular':
      return 'circular';
    case 'cut':
      return '…';
    case 'string':
      return `${JSON.stringify(text ?? '').slice(0, -1)}…"`;
    default:
      return text ?? name ?? String(kind);
  }
}

/** The whole value in one line of at most `max` characters. */
export function oneLine(value: Preview | undefined, max = 120): string {
  const text = line(value, max);
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

function line(value: Preview | undefined, left: number): string {
  if (value === undefined) return '–';
  if (!isNode(value)) return JSON.stringify(value);
  const { $: kind, entries, name } = value;
  if (entries === undefined || kind === 'error') return word(value);
  const parts: string[] = [];
  let used = 0;
  const isList = kind === 'array' || kind === 'set';
  for (const [key, item] of entries) {
    const part = isList ? line(item, left - used) : `${key}: ${line(item, left - used)}`;
    parts.push(part);
    used += part.length + 2;
    if (used > left) break;
  }
  const named = name === undefined || name === 'Object' || name === 'Array' ? '' : `${name} `;
  if (isList) return `${named}[${parts.join(', ')}]`;
  return parts.length === 0 ? `${named}{}` : `${named}{ ${parts.join(', ')} }`;
}
