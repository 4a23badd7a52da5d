/**
 * Links: the end of one actor is an exit signal to the other. Both know it, one link at most between two
 * (otp S-131).
 */
import { minus, plus } from './few.ts';
import type { Process } from './process.ts';

export function link(a: Process, b: Process): void {
  a.links = plus(a.links, b);
  b.links = plus(b.links, a);
}

export function unlink(a: Process, b: Process | undefined): void {
  if (b === undefined) return;
  a.links = minus(a.links, b);
  b.links = minus(b.links, a);
}
