/** What an action answered, for people: a preview as one, anything else as JSON. */
import type { Preview } from '../protocol/index.ts';
import { previewLines } from '../report/preview-text.ts';
import { visible } from '../report/visible.ts';

export function resultLines(result: unknown): string[] {
  if (result === undefined) return ['undefined'];
  if (isPreview(result)) return previewLines(result);
  return visible(JSON.stringify(result, null, 2)).split('\n');
}

const isPreview = (value: unknown): value is Preview =>
  value === null || typeof value !== 'object' || typeof (value as { readonly $?: unknown }).$ === 'string';
