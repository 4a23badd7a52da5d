/** Letters in words: of what kind, called what, with what in them. */
import type { Letter, Pid } from '../../actors/core/index.ts';
import type { MessageRow } from '../protocol/index.ts';

export const kindOf = (letter: Letter): MessageRow['kind'] => letter.kind;

/** The name of a call or cast, the `type` of a message, the reason of an exit. */
export function nameOf(letter: Letter): string {
  switch (letter.kind) {
    case 'call':
    case 'cast':
      return letter.name;
    case 'info':
      return typeOf(letter.message);
    case 'exit':
      return `exit ${letter.reason.kind}`;
    case 'system':
      return 'system';
  }
}

function typeOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return typeof message;
  const { type } = message as { readonly type?: unknown };
  return typeof type === 'string' ? type : message.constructor?.name || 'object';
}

export function contentOf(letter: Letter): unknown {
  if (letter.kind === 'info') return letter.message;
  if (letter.kind === 'exit') return letter.reason;
  return letter.kind === 'system' ? undefined : letter.arg;
}

/** Who sent it; undefined: code outside all actors, or nobody knows. */
export function senderOf(letter: Letter): Pid | undefined {
  if (letter.kind === 'exit') return letter.from;
  return letter.kind === 'system' ? letter.from?.caller : letter.sender;
}

/** `call add`. */
export const titleOf = (letter: Letter): string => `${letter.kind} ${nameOf(letter)}`;
