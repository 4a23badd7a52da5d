/** All viewers of one host, and the views that they share. */
import type { Inspector } from '../inspect/inspector.ts';
import { ViewError } from '../inspect/view-error.ts';
import { type HostFacts, show } from '../inspect/views.ts';
import type { Query, Snapshot, ViewerRow } from '../protocol/index.ts';
import type { Audit } from './audit.ts';
import { LiveView, type LiveViewHost, type ViewListener } from './live-view.ts';
import type { ViewerLink } from './viewer-link.ts';

/** For how long a view that nobody watches waits for a viewer that comes back, in milliseconds. */
const lingerMs = 30_000;
/** How many different views are followed at once, and how many viewers there may be. */
const viewsMax = 200;
export const viewersMax = 32;

export class Hub implements LiveViewHost {
  readonly inspector: Inspector;
  readonly facts: HostFacts;
  readonly links = new Set<ViewerLink>();
  readonly #views = new Map<string, { readonly view: LiveView; timer: { cancel(): void } | undefined }>();
  readonly #asked = new Map<string, Promise<Snapshot>>();
  #number = 0;
  #stopLooking: (() => void) | undefined;

  constructor(inspector: Inspector, audit: Audit) {
    this.inspector = inspector;
    this.facts = {
      viewers: () => [...this.links].map((link): ViewerRow => link.row),
      audit: (offset, limit) => audit.view(offset, limit),
    };
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** What a query shows now; looked at once for all who ask the same while it is. Rejects with ViewError. */
  get(query: Query): Promise<Snapshot> {
    const key = JSON.stringify(query);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = (async () => show(query as never, this.inspector, this.facts))().finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    return asked;
  }

  /** The view of a query, followed from now on. Throws ViewError `too_many`. */
  follow(query: Query, listener: ViewListener): LiveView {
    const key = JSON.stringify(query);
    let entry = this.#views.get(key);
    if (entry === undefined) {
      if (this.#views.size >= viewsMax) throw new ViewError('too_many', `${viewsMax} views are followed already`);
      this.#stopLooking ??= this.inspector.look();
      entry = { view: new LiveView(this, query), timer: undefined };
      this.#views.set(key, entry);
    }
    entry.timer?.cancel();
    entry.timer = undefined;
    entry.view.follow(listener);
    return entry.view;
  }

  unfollow(query: Query, view: LiveView, listener: ViewListener): void {
    const key = JSON.stringify(query);
    view.listeners.delete(listener);
    const entry = this.#views.get(key);
    if (entry?.view !== view || view.listeners.size > 0) return;
    entry.timer = this.inspector.system.runtime.clock.setTimer(lingerMs, () => this.#drop(key));
  }

  /** It has ended by itself: the next who asks gets a new one. */
  forget(query: Query, view: LiveView): void {
    const key = JSON.stringify(query);
    if (this.#views.get(key)?.view === view) this.#drop(key);
  }

  #drop(key: string): void {
    const entry = this.#views.get(key);
    entry?.timer?.cancel();
    entry?.view.stop();
    this.#views.delete(key);
    if (this.#views.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  stop(): void {
    for (const link of [...this.links]) link.close('the host stops');
    for (const key of [...this.#views.keys()]) this.#drop(key);
  }
}
