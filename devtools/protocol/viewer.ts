/**
 * The viewer's end of a connection, for any socket: page, command line, MCP server and tests. Grants credit as frames are
 * taken, finds gaps, and resumes its watches on the next socket.
 */
import type { Action } from './actions.ts';
import type { Hello, HostMessage, ViewerMessage, WireError } from './messages.ts';
import { Replica } from './replica.ts';
import type { Query, QueryOf, Snapshot, View } from './views.ts';

/** Where texts go to. */
export interface ViewerSocket {
  send(text: string): void;
  close(): void;
}

/** What the host refused, by its code. */
export class ViewerError extends Error {
  override readonly name = 'ViewerError';
  readonly code: string;
  /** Of a fault plan that is wrong: which of its fields, such as `rules[0].when.nth`. */
  readonly field: string | undefined;

  constructor({ code, message, field }: WireError) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** A view that is followed. */
export interface Watch<V extends View = View> {
  readonly replica: Replica<V>;
  stop(): void;
}

interface Asked {
  /** What came of a long text. */
  readonly parts: string[];
  resolve(result: never): void;
  reject(error: Error): void;
}

interface Watched {
  readonly query: Query;
  readonly replica: Replica;
  readonly changed: (replica: Replica) => void;
  readonly failed: (error: ViewerError) => void;
}

export class Viewer {
  #socket: ViewerSocket | undefined;
  #hello: Hello['hello'] | undefined;
  #lastId = 0;
  readonly #asked = new Map<number, Asked>();
  readonly #watches = new Map<number, Watched>();
  /** Called with each greeting: the first one, and after each reconnection. */
  onHello: (hello: Hello['hello']) => void = () => {};

  /** What the host said of itself; undefined before it greeted. */
  get hello(): Hello['hello'] | undefined {
    return this.#hello;
  }

  /** A socket is open: its texts go to `take`, its end to `lost`. */
  attach(socket: ViewerSocket): void {
    this.#socket = socket;
  }

  /** The socket is gone. What was asked fails; what is watched goes on with the next socket. */
  lost(why: string): void {
    this.#socket = undefined;
    const error = new ViewerError({ code: 'disconnected', message: why });
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }

  get<V extends View>(query: QueryOf<V>): Promise<Snapshot<V>> {
    return this.#ask((id) => ({ id, get: query as Query }));
  }

  act(action: Action): Promise<unknown> {
    return this.#ask((id) => ({ id, act: action }));
  }

  /** Follows a view: `changed` is told after each frame, `failed` once when the host ends it. */
  watch<V extends View>(
    query: QueryOf<V>,
    changed: (replica: Replica<V>) => void,
    failed: (error: ViewerError) => void = () => {},
  ): Watch<V> {
    this.#lastId += 1;
    const id = this.#lastId;
    const replica = new Replica<V>();
    this.#watches.set(id, {
      query: query as Query,
      replica: replica as never,
      changed: changed as never,
      failed,
    });
    if (this.#hello !== undefined) this.#send({ id, watch: query as Query });
    const stop = () => {
      if (this.#watches.delete(id)) this.#send({ id, stop: true });
    };
    return { replica, stop };
  }

  /** A text of the socket. Throws SyntaxError when it is no JSON. */
  take(text: string): void {
    const message = JSON.parse(text) as HostMessage;
    if ('hello' in message) {
      this.#greeted(message.hello);
    } else if ('part' in message) {
      this.#asked.get(message.id)?.parts.push(message.part);
    } else if ('result' in message) {
      this.#settle(message.id, ({ parts, resolve }) =>
        resolve((parts.length > 0 ? parts.join('') : message.result) as never),
      );
    } else if ('error' in message) {
      const error = new ViewerError(message.error);
      const watched = this.#watches.get(message.id);
      this.#watches.delete(message.id);
      watched?.failed(error);
      this.#settle(message.id, ({ reject }) => reject(error));
    } else {
      this.#frame(message);
    }
  }

  #greeted(hello: Hello['hello']): void {
    const sameRun = this.#hello?.run === hello.run;
    this.#hello = hello;
    for (const [id, { query, replica }] of this.#watches) {
      const { n } = replica;
      this.#send({ id, watch: query, ...(sameRun && n !== undefined ? { after: n } : {}) });
    }
    this.onHello(hello);
  }

  #frame(message: Extract<HostMessage, { readonly n: number }>): void {
    const { id, n } = message;
    const watched = this.#watches.get(id);
    if (watched === undefined) return;
    const { replica, changed } = watched;
    if ('snapshot' in message) replica.snapshot(n, message.snapshot);
    else if (!replica.delta(n, message.delta)) {
      this.#send({ id, resync: true });
      return;
    }
    this.#send({ id, grant: 1 });
    changed(replica);
  }

  #ask<T>(message: (id: number) => ViewerMessage): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      if (this.#socket === undefined) {
        reject(new ViewerError({ code: 'disconnected', message: 'there is no connection' }));
        return;
      }
      this.#asked.set(this.#lastId, { parts: [], resolve, reject });
      this.#send(message(this.#lastId));
    });
  }

  #settle(id: number, settle: (asked: Asked) => void): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (asked !== undefined) settle(asked);
  }

  #send(message: ViewerMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
