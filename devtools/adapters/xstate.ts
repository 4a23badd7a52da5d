/**
 * Shows any plain xstate v5 actor in the dev tools, through xstate's own `inspect` option. Keeps references, and renders when
 * somebody looks; never throws into xstate, which would lose the event that it was told of.
 */
import { type Clock, nodeRuntime } from '../../actors/core/index.ts';
import { Previews } from '../inspect/preview.ts';
import type { ActorDetail, ActorRow, MessageRow, StateRow } from '../protocol/index.ts';
import { ForeignActor, type ForeignRef } from './foreign-actor.ts';
import type { ForeignSource } from './foreign-source.ts';

export interface XstateInspectorOptions {
  /** The first part of all paths. Default `xstate`. */
  readonly root?: string;
  /** How many actors are shown; those that have ended go first, then the oldest. Default 1,000. */
  readonly maxActors?: number;
  /** How many of the last events and states of each are kept. Default 20. */
  readonly kept?: number;
  /** How many events and states are kept in a second, over all of them; the rest is counted alone. Default 1,000. */
  readonly maxPerSecond?: number;
  /** How values are shown. Default: secrets masked, nothing else. */
  readonly previews?: Previews;
  /** Default: the real one. */
  readonly clock?: Pick<Clock, 'monotonicMs' | 'wallMs'>;
}

/** An inspection event, of whatever copy of xstate. */
export interface Inspected {
  readonly type: string;
  readonly actorRef: object;
  readonly event?: { readonly type: string };
  readonly snapshot?: unknown;
  readonly sourceRef?: object | undefined;
}

/** Give it to xstate as `inspect`, and its `source` to the dev tools. */
export interface XstateInspector {
  (event: Inspected): void;
  readonly source: XstateSource;
}

/**
 * @example
 * const inspect = xstateInspector();
 * createActor(machine, { inspect }).start();
 */
export function xstateInspector(options: XstateInspectorOptions = {}): XstateInspector {
  const source = new XstateSource(options);
  return Object.assign((event: Inspected) => source.take(event), { source });
}

export class XstateSource implements ForeignSource {
  readonly root: string;
  /** Events and states beyond `maxPerSecond`, actors beyond `maxActors`, and what could not be read. */
  dropped = 0;
  readonly #maxActors: number;
  readonly #kept: number;
  readonly #maxPerSecond: number;
  readonly #previews: Previews;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly #actors = new Map<object, ForeignActor>();
  readonly #byPath = new Map<string, ForeignActor>();
  readonly #incarnations = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #seq = 0;
  #second = 0;
  #inSecond = 0;

  constructor({
    root = 'xstate',
    maxActors = 1_000,
    kept = 20,
    maxPerSecond = 1_000,
    previews = new Previews(),
    clock = nodeRuntime().clock,
  }: XstateInspectorOptions) {
    this.root = root;
    this.#maxActors = maxActors;
    this.#kept = kept;
    this.#maxPerSecond = maxPerSecond;
    this.#previews = previews;
    this.#clock = clock;
  }

  /** Never throws. */
  take(event: Inspected): void {
    try {
      if (this.#took(event)) for (const changed of this.#listeners) changed();
    } catch {
      this.dropped += 1;
    }
  }

  rows(): ActorRow[] {
    return [...this.#byPath.values()].map((actor) => actor.row()).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  detail(path: string): ActorDetail | undefined {
    return this.#byPath.get(path)?.detail(this.#previews);
  }

  messages(path?: string): MessageRow[] {
    const actors = path === undefined ? [...this.#byPath.values()] : [this.#byPath.get(path)];
    const rows = actors.flatMap((actor) => actor?.messages(this.#previews) ?? []);
    return rows.sort((a, b) => b.seq - a.seq);
  }

  history(path: string): StateRow[] {
    return this.#byPath.get(path)?.history(this.#previews) ?? [];
  }

  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #took({ type, actorRef, event, snapshot, sourceRef }: Inspected): boolean {
    if (type === '@xstate.actor') {
      this.#register(actorRef);
      return true;
    }
    if (type !== '@xstate.event' && type !== '@xstate.snapshot') return false;
    const actor = this.#actors.get(actorRef);
    if (actor === undefined) return false;
    const atMs = this.#clock.wallMs();
    const label = event?.type ?? '';
    this.#seq += 1;
    if (type === '@xstate.snapshot') {
      actor.state({ seq: this.#seq, atMs, label, snapshot }, this.#kept, this.#mayKeep());
      return true;
    }
    if (label !== 'xstate.init') actor.handled += 1;
    if (event === undefined || !this.#mayKeep()) return true;
    const from = sourceRef === undefined ? 'outside' : (this.#actors.get(sourceRef)?.pid ?? 'outside');
    actor.event({ seq: this.#seq, atMs, from, event }, this.#kept);
    return true;
  }

  #register(ref: ForeignRef & object): void {
    if (this.#actors.has(ref)) return;
    const parent = ref._parent === undefined ? undefined : this.#actors.get(ref._parent as object);
    const above = parent?.path ?? this.root;
    const path = this.#freePath(`${above}/${nameOf(ref)}`);
    const incarnation = (this.#incarnations.get(path) ?? 0) + 1;
    this.#incarnations.set(path, incarnation);
    const before = this.#byPath.get(path);
    if (before !== undefined) this.#forget(before);
    const actor = new ForeignActor(ref, path, incarnation, parent, this.#clock.wallMs());
    this.#actors.set(ref, actor);
    this.#byPath.set(path, actor);
    if (parent !== undefined) parent.children += 1;
    if (this.#byPath.size > this.#maxActors) this.#makeRoom();
  }

  /** Whoever has ended leaves his path to the next; one that lives keeps it. */
  #freePath(wanted: string): string {
    let path = wanted;
    for (let n = 2; this.#byPath.get(path)?.ended === false; n += 1) path = `${wanted}~${n}`;
    return path;
  }

  #makeRoom(): void {
    let victim: ForeignActor | undefined;
    for (const actor of this.#byPath.values()) {
      victim ??= actor;
      if (!actor.ended) continue;
      victim = actor;
      break;
    }
    if (victim === undefined) return;
    if (!victim.ended) this.dropped += 1;
    this.#forget(victim);
    this.#incarnations.delete(victim.path);
  }

  #forget(actor: ForeignActor): void {
    this.#byPath.delete(actor.path);
    this.#actors.delete(actor.ref);
    if (actor.parent !== undefined) actor.parent.children -= 1;
  }

  #mayKeep(): boolean {
    const second = Math.floor(this.#clock.monotonicMs() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    if (this.#inSecond <= this.#maxPerSecond) return true;
    this.dropped += 1;
    return false;
  }
}

/** Its id; a machine that was given none is called as its definition is. */
function nameOf({ id, sessionId, logic }: ForeignRef): string {
  const machine = (logic as { readonly config?: { readonly id?: unknown } } | undefined)?.config?.id;
  const name = id === sessionId && typeof machine === 'string' ? machine : String(id);
  return name.replaceAll('/', '%2F').slice(0, 200);
}
