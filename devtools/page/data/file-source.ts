/** A file that was opened as the source of the views. Nothing in it changes, and nothing can be done to it. */
import type { TraceFile } from '../../export/trace-file.ts';
import { type QueryOf, Replica, type View, ViewerError } from '../../protocol/index.ts';
import type { Source } from './source.ts';

export function fileSource(file: TraceFile): Source {
  return {
    get: async (query) => file.get(query),
    watch: (query, changed, failed) => {
      let wanted = true;
      queueMicrotask(() => {
        if (!wanted) return;
        try {
          changed(answered(file, query));
        } catch (error) {
          failed(error as ViewerError);
        }
      });
      return {
        stop: () => {
          wanted = false;
        },
      };
    },
    act: async () => {
      throw new ViewerError({ code: 'disabled', message: 'a file is shown, not a live system' });
    },
  };
}

function answered<V extends View>(file: TraceFile, query: QueryOf<V>): Replica<V> {
  const replica = new Replica<V>();
  replica.snapshot(0, file.get(query));
  return replica;
}
