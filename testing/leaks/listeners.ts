/** Listeners on `process`: signals, uncaught errors, exit. Those of others are their owners' business. */
import type { LeakSource, Left } from './left.ts';
import { Site } from './site.ts';

type Listener = (...args: never[]) => void;

export class Listeners implements LeakSource {
  readonly #sites = new WeakMap<Listener, Site>();
  readonly #note = (_name: string | symbol, listener: Listener): void => {
    this.#sites.set(listener, new Site(process.emit as Listener));
  };

  start(): void {
    process.on('newListener', this.#note);
  }

  stop(): void {
    process.removeListener('newListener', this.#note);
  }

  look(): readonly Left[] {
    return process.eventNames().flatMap((name) => {
      if (name === 'newListener' || name === 'removeListener') return [];
      // With `rawListeners` one that is to be called once is the same as when it was added.
      return (process.rawListeners(name as 'exit') as Listener[]).flatMap((listener): Left[] => {
        const site = this.#sites.get(unwrapped(listener));
        if (site === undefined || site.isRunner || site.isForeign) return [];
        const free = () => void process.removeListener(name as 'exit', listener as never);
        const what = `listener for '${String(name)}' on process`;
        return [{ kind: 'listener', key: listener, what, madeAt: site.place ?? site.nearest, free }];
      });
    });
  }
}

/** `newListener` is told of what was given, not of what `once` makes of it. */
const unwrapped = (listener: Listener): Listener => (listener as { listener?: Listener }).listener ?? listener;
