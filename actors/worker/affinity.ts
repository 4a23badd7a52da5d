/**
 * Which worker serves which key: for what cannot leave a worker, such as a loaded model or an open file. A key is
 * opaque. A hint is a wish; a strict key belongs to one incarnation of one worker, and when that ends, what it held is
 * lost: everybody who asks with that key is told so, until the key is released.
 */
import { type Pid, Recent } from '../core/index.ts';

/**
 * What a request with an affinity key wants. `hint`: the worker that served the key last when it is free, else any.
 * `strict_queue`: that worker alone, and waits for it. `strict_fail_fast`: that worker alone, refused when it is busy.
 */
export type AffinityMode = 'hint' | 'strict_queue' | 'strict_fail_fast';
export const affinityModes: readonly AffinityMode[] = ['hint', 'strict_queue', 'strict_fail_fast'];

/** Where a request may go. */
export type Route =
  | { readonly to: 'any'; readonly preferred: string | undefined }
  | { readonly to: 'only'; readonly worker: Pid }
  | { readonly to: 'nowhere'; readonly loss: AffinityLoss };

export interface AffinityLoss {
  readonly worker: string;
  readonly why: string;
}

interface Binding {
  readonly worker: Pid;
  /** Work with this key has been sent there: from now on there may be something to lose. */
  used: boolean;
}

/** How many keys are remembered: so many hints, and so many strict keys, lost ones included. */
export const affinityMax = 10_000;

export class Affinity {
  readonly #max: number;
  /** The id of the worker that served a key last, whatever its incarnation. */
  readonly #hints: Recent<string, string>;
  readonly #strict = new Map<string, Binding>();
  readonly #lost = new Map<string, AffinityLoss>();
  readonly #keys = new Map<Pid, Set<string>>();

  constructor(max = affinityMax) {
    this.#max = max;
    this.#hints = new Recent(max);
  }

  route(key: string | undefined, mode: AffinityMode): Route {
    if (key === undefined) return { to: 'any', preferred: undefined };
    if (mode === 'hint') return { to: 'any', preferred: this.#hints.get(key) };
    const loss = this.#lost.get(key);
    if (loss !== undefined) return { to: 'nowhere', loss };
    const binding = this.#strict.get(key);
    if (binding !== undefined) return { to: 'only', worker: binding.worker };
    return { to: 'any', preferred: this.#hints.get(key) };
  }

  /** False when a strict key cannot be bound, because too many are. Never forgets a strict key to make room. */
  hasRoom(key: string): boolean {
    return this.#strict.has(key) || this.#lost.has(key) || this.bound + this.lost < this.#max;
  }

  /** A request with this key is handed a worker. */
  bind(key: string, mode: AffinityMode, worker: Pid, workerId: string): void {
    this.#hints.use(key, workerId);
    if (mode === 'hint' || this.#strict.has(key)) return;
    this.#strict.set(key, { worker, used: false });
    const keys = this.#keys.get(worker) ?? new Set();
    this.#keys.set(worker, keys.add(key));
  }

  /** Work with this key was sent to this worker. */
  use(key: string, worker: Pid): void {
    const binding = this.#strict.get(key);
    if (binding?.worker === worker) binding.used = true;
  }

  /** This incarnation serves nobody any more. Answers the strict keys that have lost something. */
  drop(worker: Pid, why: string): readonly string[] {
    const keys = this.#keys.get(worker);
    if (keys === undefined) return [];
    this.#keys.delete(worker);
    const lost: string[] = [];
    for (const key of keys) {
      const used = this.#strict.get(key)?.used === true;
      this.#strict.delete(key);
      if (!used) continue;
      this.#lost.set(key, { worker: String(worker), why });
      lost.push(key);
    }
    return lost;
  }

  /** Nobody needs what the key stands for any more, or its loss is known: the next request binds it anew. */
  release(key: string): void {
    this.#hints.delete(key);
    this.#lost.delete(key);
    const binding = this.#strict.get(key);
    if (binding === undefined) return;
    this.#strict.delete(key);
    const keys = this.#keys.get(binding.worker);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(binding.worker);
  }

  /** Whether a strict key is bound to this incarnation. */
  holds(worker: Pid): boolean {
    return this.#keys.has(worker);
  }

  /** The workers that strict keys are bound to. */
  get workers(): readonly Pid[] {
    return [...this.#keys.keys()];
  }

  get bound(): number {
    return this.#strict.size;
  }

  get lost(): number {
    return this.#lost.size;
  }
}
