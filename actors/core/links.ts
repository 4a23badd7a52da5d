/**
 * Links: the end of one actor is an exit signal to the other. Both know it, one link at most between two
 * (otp S-131).
 */
import type { Process } from './process.ts';

/** Makes a link: the end of one is an exit signal to the other. One link at most between two. */
export function link(a: Process, b: Process): void {
  a.links ??= new Set();
  b.links ??= new Set();
  a.links.add(b);
  b.links.add(a);
}

export function unlink(a: Process, b: Process | undefined): void {
  if (b === undefined) return;
  a.links?.delete(b);
  b.links?.delete(a);
}
