/** What stands in messages and is no copy on the other side: see marks.ts. */
import { FailedToStart } from '../exit-reason.ts';
import { From } from '../from.ts';
import { Pid } from '../pid.ts';
import { ActorRef } from '../ref.ts';

export const isMarked = (value: object): boolean =>
  value instanceof Error ||
  value instanceof Pid ||
  value instanceof ActorRef ||
  value instanceof From ||
  value instanceof FailedToStart;
