/** Which messages a filter lets through; pure, for recordings and for what is recorded. */
import { pathOf } from './paths.ts';
import type { MessageRow } from './rows.ts';
import type { MessageFilter } from './views.ts';

/** Whether a path fits a glob: `*` within a part, `**` over parts; without a star it stands for itself and all below it. */
export function globOf(glob: string): (path: string) => boolean {
  if (!glob.includes('*')) return (path) => path === glob || path.startsWith(`${glob}/`);
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  const form = new RegExp(`^${parts.join('')}$`, 's');
  return (path) => form.test(path);
}

/** Whether a name fits: `*` stands for anything. */
export function nameGlobOf(glob: string): (name: string) => boolean {
  return glob.includes('*') ? globOf(glob.replace(/\*+/g, '**')) : (name) => name === glob;
}

const failures: ReadonlySet<MessageRow['outcome']> = new Set(['crashed', 'dead', 'refused', 'lost']);

/** Whether something went wrong with it. */
export const isFailure = ({ outcome, error }: MessageRow): boolean => failures.has(outcome) || error !== null;

/** Made once for a filter. */
export function messageFilter(filter: MessageFilter): (message: MessageRow) => boolean {
  const { path, name, direction, failures: failed, minMs, session, traceId } = filter;
  const fitsPath = path === undefined ? undefined : globOf(path);
  const fitsName = name === undefined ? undefined : nameGlobOf(name);
  return (message) => {
    if (fitsPath !== undefined) {
      const [from, to] = [pathOf(message.from), pathOf(message.to)];
      const here = (direction !== 'out' && fitsPath(to)) || (direction !== 'in' && fitsPath(from));
      if (!here) return false;
    }
    if (fitsName?.(message.name) === false) return false;
    if (failed === true && !isFailure(message)) return false;
    if (minMs !== undefined && (message.tookMs ?? 0) < minMs) return false;
    if (session !== undefined && message.session !== session) return false;
    return traceId === undefined || message.traceId === traceId;
  };
}
