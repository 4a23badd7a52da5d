/** One run of a command that is attached to a system: what it asks with, and how it answers. */
import type { Connection, ConnectionNews } from '../client/index.ts';
import type { Action, Replica, Viewer, ViewerError } from '../protocol/index.ts';
import type { QueryOf, View, Views } from '../protocol/views.ts';
import type { Paint } from '../report/paint.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { type Column, table } from './table.ts';

/** Of one request. */
const pageMax = 1_000;

export interface Rows<V extends View> {
  readonly head: Views[V]['head'];
  readonly rows: Views[V]['row'][];
  /** How many there are, also those that are not among the rows. */
  readonly total: number;
}

export class Session {
  readonly io: Io;
  readonly connection: Connection;
  readonly json: boolean;
  readonly #listeners = new Set<(news: ConnectionNews) => void>();

  constructor(io: Io, connection: Connection, json: boolean) {
    this.io = io;
    this.connection = connection;
    this.json = json;
  }

  /** The same on a terminal of another width. */
  sized(columns: number): Session {
    return new Session({ ...this.io, columns }, this.connection, this.json);
  }

  /** Told of losses of the connection and of the next one, instead of people, until what this returns is called. */
  onChange(listener: (news: ConnectionNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  told(news: ConnectionNews): void {
    for (const listener of this.#listeners) listener(news);
    if (this.#listeners.size > 0) return;
    this.io.err(news.state === 'lost' ? `connection lost (${news.why}); trying again` : 'connected again');
  }

  get viewer(): Viewer {
    return this.connection.viewer;
  }

  get paint(): Paint {
    return this.io.paint;
  }

  /** The answer: as one JSON value, or as lines for people. */
  show(value: unknown, lines: () => readonly string[]): void {
    if (this.json) this.io.out(JSON.stringify(value, null, 2));
    else for (const line of lines()) this.io.out(line);
  }

  /** One answer of many, while following: a JSON value on one line, or lines. */
  next(value: unknown, lines: () => readonly string[]): void {
    if (this.json) this.io.out(JSON.stringify(value));
    else for (const line of lines()) this.io.out(line);
  }

  table<T>(rows: readonly T[], columns: readonly Column<T>[]): string[] {
    return table(rows, columns, { paint: this.paint, columns: this.io.columns });
  }

  /** Fails with what the host refused. */
  act(action: Action): Promise<unknown> {
    return this.viewer.act(action);
  }

  /** All rows of a view, page by page; at most `max`. */
  async rows<V extends View>(query: QueryOf<V>, max = 100_000): Promise<Rows<V>> {
    const rows: Rows<V>['rows'] = [];
    for (;;) {
      const limit = Math.min(pageMax, max - rows.length);
      const page = await this.viewer.get<V>({ ...query, offset: rows.length, limit } as QueryOf<V>);
      for (const [, row] of page.rows) rows.push(row);
      if (rows.length >= Math.min(max, page.total) || page.rows.length === 0) {
        return { head: page.head, rows, total: page.total };
      }
    }
  }

  /**
   * Follows a view until `taken` answers true, `forMs` have passed, or the reader has enough. Resolves then; throws what
   * the host refused, when the connection is lost for good, and at Ctrl-C a CommandError.
   */
  follow<V extends View>(
    query: QueryOf<V>,
    taken: (replica: Replica<V>) => boolean,
    { forMs }: { readonly forMs?: number | undefined } = {},
  ): Promise<void> {
    const { signal } = this.io;
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        watch.stop();
        stopTimer();
        signal.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const aborted = (): void => {
        end(signal.reason === 'interrupted' ? new CommandError(exitCodes.interrupted, '') : undefined);
      };
      const watch = this.viewer.watch<V>(
        query,
        (replica) => {
          if (taken(replica)) end();
        },
        (error: ViewerError) => end(error),
      );
      const stopTimer = forMs === undefined ? () => {} : this.io.after(forMs, () => end());
      signal.addEventListener('abort', aborted, { once: true });
      if (signal.aborted) aborted();
      void this.connection.ended.then((error) => end(error));
    });
  }

  /** Until so many milliseconds have passed, or Ctrl-C. */
  wait(ms: number): Promise<void> {
    const { signal } = this.io;
    return new Promise((resolve) => {
      const done = (): void => {
        stopTimer();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stopTimer = this.io.after(ms, done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
