/**
 * Which incarnations run which code, while the code of a pool changes. New code is proven by the first worker that
 * becomes ready with it; only then are the others old, so that code that does not load takes nobody's place. Pure.
 */

export class Generations<P> {
  #newest = 0;
  /** The newest that a worker has become ready with, */
  #proven = 0;
  /** that one has failed with, */
  #broken = 0;
  /** and that all run. */
  #done = 0;
  readonly #began = new Map<P, number>();
  /** The id of the worker that was started to try the newest. */
  trial: string | undefined;

  /** The code has changed. */
  change(): void {
    this.#newest += 1;
  }

  /** Nobody has shown yet whether the newest code is of use. */
  get pending(): boolean {
    return this.#newest > Math.max(this.#proven, this.#broken);
  }

  /** An incarnation begins: it loads what is there now, or what comes later. */
  began(one: P): void {
    if (!this.#began.has(one)) this.#began.set(one, this.#newest);
  }

  isNewest(one: P): boolean {
    return this.#of(one) === this.#newest;
  }

  /** It should be replaced: there is newer code that is of use. */
  isOld(one: P): boolean {
    return this.#proven === this.#newest && !this.isNewest(one);
  }

  /** It has become ready. True when it is the first with the newest code. */
  ready(one: P): boolean {
    if (!this.isNewest(one) || this.#proven === this.#newest) return false;
    this.#proven = this.#newest;
    return true;
  }

  /** It did not become ready. True when it is the first with the newest code, and nobody has with that. */
  failed(one: P): boolean {
    if (!this.isNewest(one) || !this.pending) return false;
    this.#broken = this.#newest;
    return true;
  }

  ended(one: P): void {
    this.#began.delete(one);
  }

  /** The others have ended. */
  retain(lives: (one: P) => boolean): void {
    for (const one of [...this.#began.keys()]) if (!lives(one)) this.#began.delete(one);
  }

  /** True, once for each change, when all of these run the newest code. */
  done(all: readonly P[]): boolean {
    if (this.#proven !== this.#newest || this.#done === this.#newest) return false;
    if (!all.every((one) => this.isNewest(one))) return false;
    this.#done = this.#newest;
    return true;
  }

  #of(one: P): number {
    return this.#began.get(one) ?? 0;
  }
}
