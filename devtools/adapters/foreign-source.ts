/** Actors that are not ours, for the dev tools to show beside those that are. */
import type { ActorDetail, ActorRow, MessageRow, StateRow } from '../protocol/index.ts';

export interface ForeignSource {
  /** The first part of all its paths. */
  readonly root: string;
  /** As they are now, parents before their children. */
  rows(): ActorRow[];
  /** Undefined: there is no such actor. */
  detail(path: string): ActorDetail | undefined;
  /** The last ones, newest first; of one actor, or of all. */
  messages(path?: string): MessageRow[];
  /** The last states of an actor, newest first. */
  history(path: string): StateRow[];
  /** Told whenever something has changed; whoever listens gathers as many changes as he likes. Answers what ends it. */
  onChange(changed: () => void): () => void;
}
