/** A preview as the plain JSON that other tools show: what could not be shown stands there as text. */
import type { Preview } from '../protocol/index.ts';

export function plainOf(preview: Preview): unknown {
  if (typeof preview !== 'object' || preview === null) return preview;
  const { $: kind, entries = [], name, text, size } = preview;
  switch (kind) {
    case 'array':
    case 'set':
      return entries.map(([, value]) => plainOf(value));
    case 'object':
    case 'map':
      return Object.fromEntries(entries.map(([key, value]) => [key, plainOf(value)]));
    case 'error':
      return `${name ?? 'Error'}: ${text ?? ''}`;
    case 'string':
      return `${text ?? ''}…`;
    default:
      return `[${[kind, name, text, size].filter((one) => one !== undefined).join(' ')}]`;
  }
}
