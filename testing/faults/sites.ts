/** How places at which faults strike are called: of actors and what is sent to them. */
import type { Letter, Process } from '../../actors/core/index.ts';
import type { Site } from './active-rule.ts';

export function siteOf(point: string, process: Process, letter: Letter | undefined): Site {
  const { path } = process.pid;
  return { point, path, message: letter === undefined ? undefined : messageType(letter), ...whereIs(path) };
}

/** What a letter is called: of a call or cast its name, of a message its `type`. */
export function messageType(letter: Letter): string {
  switch (letter.kind) {
    case 'call':
    case 'cast':
      return letter.name;
    case 'info': {
      const { message } = letter;
      if (typeof message === 'string') return message;
      const type = (message as { readonly type?: unknown } | null | undefined)?.type;
      return typeof type === 'string' ? type : typeof message;
    }
    default:
      return letter.kind;
  }
}

const partOfTree = /\/(vault|observers|store|bridge|tasks|sessions|contexts|links|pools)(?:\/([^/]+))?/;

/** The layer that an actor of an ophion tree belongs to, and the session that it serves. */
export function whereIs(path: string | undefined): Pick<Site, 'layer' | 'session'> {
  const [, part, child] = path === undefined ? [] : (partOfTree.exec(path) ?? []);
  if (part === undefined) return {};
  if (part === 'contexts') return { layer: 'context' };
  if (part === 'links' || part === 'pools') return { layer: 'infrastructure' };
  return { layer: 'state', session: part === 'sessions' ? child : undefined };
}
