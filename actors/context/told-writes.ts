/** Writes of TypeScript to the variables of a session, told when they are over. Without a listener they are as they were. */
import type { ActorSystem } from '../core/index.ts';
import { type CommitRequest, type WritableView, withCommit } from '../state/index.ts';
import type { ContextEvent } from './context-actor.ts';

/** More names are not told. */
const namesMax = 100;

/** `parent`: the traceparent of what writes; empty for none. */
export function toldWrites(system: ActorSystem, context: string, parent: string, view: WritableView): WritableView {
  if (!system.events.heard('context.written')) return view;
  const { clock } = system.runtime;
  return withCommit(view, async (request, options) => {
    const startedMs = clock.monotonicMs();
    const told = (revision: number, error: unknown): void => {
      const names = namesOf(request);
      const ms = clock.monotonicMs() - startedMs;
      const event: ContextEvent = { type: 'context.written', context, names, revision, error, ms, parent };
      system.emit(event);
    };
    try {
      const commit = await view.commit(request, options);
      told(commit.revision, undefined);
      return commit;
    } catch (error) {
      told(0, error);
      throw error;
    }
  });
}

const namesOf = ({ set = {}, declare = {}, remove = [] }: CommitRequest): string[] =>
  [...new Set([...Object.keys(set), ...Object.keys(declare), ...remove])].slice(0, namesMax);
