/**
 * One connected viewer: answers what it asks, follows what it watches, sends no more than it has credit for. What it
 * sends is checked before it means anything.
 */
import { isActorError } from '../../actors/core/index.ts';
import { ViewError } from '../inspect/view-error.ts';
import { isView } from '../inspect/views.ts';
import {
  type Action,
  defaultCredit,
  type Query,
  type Scope,
  scopeOf,
  type ViewerMessage,
  type ViewerRow,
} from '../protocol/index.ts';
import type { Hub } from './hub.ts';
import type { LiveView, ViewListener } from './live-view.ts';

/** Where texts go to. */
export interface LinkSocket {
  send(text: string): void;
  close(code: number, why: string): void;
}

export interface LinkOptions {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly socket: LinkSocket;
  readonly hub: Hub;
  readonly act: (action: Action, link: ViewerLink) => Promise<unknown>;
}

/** How many views one viewer may watch, how many frames of each may be under way, and what it may ask at once. */
const watchesMax = 64;
const creditMax = 1_000;
const answersMax = 64;

/** A result that is a long text: sent in pieces, in order, as they are made. */
export class Parts {
  /** Calls `send` with each piece. */
  readonly each: (send: (piece: string) => void) => Promise<void>;

  constructor(each: Parts['each']) {
    this.each = each;
  }
}

interface Watching {
  readonly query: Query;
  readonly view: LiveView;
  readonly listener: ViewListener;
  sent: number | undefined;
  credit: number;
}

export class ViewerLink {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly #options: LinkOptions;
  readonly #watches = new Map<number, Watching>();
  #answers = 0;
  #sent = 0;
  #folded = 0;
  #open = true;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.name = options.name;
    this.scopes = options.scopes;
  }

  get row(): ViewerRow {
    const { id, name, scopes } = this.#options;
    return { id, name, scopes, watches: this.#watches.size, sent: this.#sent, folded: this.#folded };
  }

  /** The socket is gone, or shall go. */
  close(why?: string): void {
    if (!this.#open) return;
    this.#open = false;
    for (const id of [...this.#watches.keys()]) this.#unwatch(id);
    this.#options.hub.links.delete(this);
    if (why !== undefined) this.#options.socket.close(1001, why);
  }

  /** A text of the viewer. */
  take(text: string): void {
    const message = read(text);
    if (message === undefined) {
      this.#options.socket.close(1007, 'not a message of this protocol');
      this.close();
      return;
    }
    const { id } = message;
    if ('get' in message) void this.#answer(id, () => this.#get(message.get));
    else if ('watch' in message) this.#watch(id, message);
    else if ('grant' in message) this.#grant(id, message.grant);
    else if ('resync' in message) this.#resync(id);
    else if ('stop' in message) this.#unwatch(id);
    else void this.#answer(id, () => this.#act(message.act));
  }

  async #answer(id: number, work: () => unknown): Promise<void> {
    this.#answers += 1;
    try {
      if (this.#answers > answersMax) throw new ViewError('too_many', `at most ${answersMax} questions at once`);
      const result = await work();
      if (result instanceof Parts) await result.each((part) => this.#send({ id, part }));
      this.#send({ id, result: result instanceof Parts ? null : (result ?? null) });
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.#answers -= 1;
    }
  }

  #get(query: Query): unknown {
    checkQuery(query);
    return this.#options.hub.get(query);
  }

  #act(action: Action): Promise<unknown> {
    const scope = scopeOf[action?.do];
    if (scope === undefined) throw new ViewError('invalid', `there is no action '${String(action?.do)}'`);
    return this.#options.act(action, this);
  }

  #watch(id: number, message: Extract<ViewerMessage, { readonly watch: Query }>): void {
    const { watch: query, after, credit = defaultCredit } = message;
    try {
      checkQuery(query);
      if (this.#watches.has(id)) throw new ViewError('invalid', `watch ${id} is open already`);
      if (this.#watches.size >= watchesMax) throw new ViewError('too_many', `at most ${watchesMax} watches each`);
      const listener = {
        changed: () => this.#pump(id),
        failed: (error: unknown) => {
          this.#unwatch(id);
          this.#options.hub.forget(query, view);
          this.#fail(id, error);
        },
      };
      const view = this.#options.hub.follow(query, listener);
      const bounded = Number.isSafeInteger(credit) ? Math.min(Math.max(credit, 1), creditMax) : defaultCredit;
      this.#watches.set(id, { query, view, listener, sent: after, credit: bounded });
      this.#pump(id);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #grant(id: number, more: number): void {
    const watching = this.#watches.get(id);
    if (watching === undefined || !(more > 0)) return;
    watching.credit = Math.min(watching.credit + more, creditMax);
    this.#pump(id);
  }

  #resync(id: number): void {
    const watching = this.#watches.get(id);
    if (watching === undefined) return;
    watching.sent = undefined;
    // What it could not use has taken credit that it will not grant again.
    watching.credit += 1;
    this.#pump(id);
  }

  #unwatch(id: number): void {
    const watching = this.#watches.get(id);
    if (watching === undefined) return;
    this.#watches.delete(id);
    this.#options.hub.unfollow(watching.query, watching.view, watching.listener);
  }

  #pump(id: number): void {
    const watching = this.#watches.get(id);
    if (watching === undefined || watching.credit <= 0) return;
    const frame = watching.view.frame(watching.sent);
    if (frame === undefined) return;
    watching.credit -= 1;
    watching.sent = frame.n;
    this.#sent += 1;
    if ('delta' in frame) this.#folded += frame.delta.folded ?? 0;
    this.#send({ id, ...frame });
  }

  #fail(id: number, error: unknown): void {
    const known = error instanceof ViewError || isActorError(error);
    const code = known ? (error as { readonly code: string }).code : 'failed';
    const message = error instanceof Error ? error.message : String(error);
    const field = error instanceof ViewError && error.field !== undefined ? { field: error.field } : {};
    this.#send({ id, error: { code, message, ...field } });
  }

  #send(message: object): void {
    if (this.#open) this.#options.socket.send(JSON.stringify(message));
  }
}

function checkQuery(query: Query): void {
  const view: unknown = (query as { readonly view?: unknown } | null)?.view;
  if (!isView(view)) throw new ViewError('invalid', `there is no view '${String(view)}'`);
}

/** Undefined: it is no message of a viewer. */
function read(text: string): ViewerMessage | undefined {
  try {
    const message = JSON.parse(text) as ViewerMessage | null;
    return typeof message === 'object' && message !== null && Number.isSafeInteger(message.id) ? message : undefined;
  } catch {
    return undefined;
  }
}
