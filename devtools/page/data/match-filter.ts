/** The host's filter of messages, for those of a file. */
import type { MessageFilter, MessageRow } from '../../protocol/index.ts';
import { pathOf } from './format.ts';

const escaped = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');

/** `*` stands for a part of a path or of one, `**` for any number of parts. */
export function matchesPath(glob: string, path: string): boolean {
  const pattern = glob
    .split('/')
    .map((part) => (part === '**' ? '**' : escaped(part).replaceAll('*', '[^/]*')))
    .join('/')
    .replaceAll('/**', '(/.*)?')
    .replaceAll('**/', '(.*/)?')
    .replaceAll('**', '.*');
  return new RegExp(`^${pattern}$`).test(path);
}

const matchesName = (glob: string, name: string) => new RegExp(`^${escaped(glob).replaceAll('*', '.*')}$`).test(name);

export function matchesFilter(row: MessageRow, filter: MessageFilter): boolean {
  const { path, name, direction, failures, minMs, session, traceId } = filter;
  if (path !== undefined) {
    const received = matchesPath(path, pathOf(row.to));
    const sent = matchesPath(path, pathOf(row.from));
    if (!(direction === 'in' ? received : direction === 'out' ? sent : received || sent)) return false;
  }
  if (name !== undefined && !matchesName(name, row.name)) return false;
  if (failures && !['crashed', 'dead', 'refused', 'lost'].includes(row.outcome)) return false;
  if (minMs !== undefined && (row.tookMs ?? 0) < minMs) return false;
  if (session !== undefined && row.session !== session) return false;
  return traceId === undefined || row.traceId === traceId;
}
