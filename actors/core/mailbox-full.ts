/**
 * What happens to a letter that is one too many: refused (as of old), the oldest dropped in its place, or its sender
 * made to wait. Beyond OTP, whose mailboxes have no end.
 */
import { MailboxFullError } from './errors.ts';
import type { Letter } from './letter.ts';
import type { Process } from './process.ts';

/**
 * `reject`: the sender gets a MailboxFullError, and nothing is sent. `drop_oldest`: the letter that has waited longest
 * becomes a dead letter; a call among them fails with MailboxFullError. `park_sender`: the letter is taken, and the
 * actor that sent it handles nothing more, after what it is doing, until half of the mailbox is free again. Who is in
 * no turn of an actor (code outside, or behind an `await`) cannot be parked, nor can one that is waited for itself, nor
 * one that sends as much again: they are rejected.
 */
export type MailboxPolicy = 'reject' | 'drop_oldest' | 'park_sender';

/** Makes room for one more letter, or throws MailboxFullError at the sender. */
export function makeRoom(process: Process, letter: Letter, waiting: number): void {
  // Whoever looks into an overloaded actor must get in.
  if (letter.kind === 'system') return;
  const { mailboxPolicy = 'reject', mailboxMax, postponed = 0 } = process.behavior;
  if (mailboxPolicy === 'drop_oldest' && dropOldest(process)) return;
  if (mailboxPolicy === 'park_sender' && waiting < 2 * mailboxMax && park(process.system.current, process)) return;
  throw new MailboxFullError(String(process.pid), mailboxMax + postponed);
}

function park(sender: Process | undefined, target: Process): boolean {
  if (sender === undefined) return false;
  for (let one: Process | undefined = target; one !== undefined; one = one.parkedBy) {
    // Two that wait for each other would wait for ever.
    if (one === sender) return false;
  }
  if (sender.parkedBy === undefined) sender.park(target);
  return true;
}

function dropOldest(process: Process): boolean {
  const dropped = process.takeBack(isUsers);
  if (dropped === undefined) return false;
  const { path } = process.pid;
  process.system.deadLetter(path, dropped.kind === 'info' ? dropped.message : dropped);
  if (dropped.kind === 'call')
    dropped.from.fail(new MailboxFullError(String(process.pid), process.behavior.mailboxMax));
  return true;
}

/** What the kernel tells an actor is never dropped: it would be told by nobody else. */
function isUsers(letter: Letter): boolean {
  if (letter.kind === 'call' || letter.kind === 'cast') return true;
  if (letter.kind !== 'info') return false;
  const type = (letter.message as { readonly type?: unknown } | null | undefined)?.type;
  return type !== 'down' && type !== 'response' && type !== 'timeout';
}
