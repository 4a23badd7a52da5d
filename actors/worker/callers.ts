/** For whom requests are: one monitor for each such actor, as long as a request of it may still be dropped. */
import type { ActorContext, MonitorRef, Pid } from '../core/index.ts';
import type { Lease } from './pool-table.ts';

interface Watched {
  readonly monitor: MonitorRef;
  readonly leases: Set<Lease>;
}

export class Callers {
  readonly #ctx: ActorContext<never>;
  readonly #watched = new Map<Pid, Watched>();
  readonly #byMonitor = new Map<MonitorRef, Pid>();

  constructor(ctx: ActorContext<never>) {
    this.#ctx = ctx;
  }

  watch(lease: Lease): void {
    const { caller } = lease;
    if (caller === undefined) return;
    let watched = this.#watched.get(caller);
    if (watched === undefined) {
      watched = { monitor: this.#ctx.monitor(caller), leases: new Set() };
      this.#watched.set(caller, watched);
      this.#byMonitor.set(watched.monitor, caller);
    }
    watched.leases.add(lease);
  }

  /** It has started, or is over. */
  unwatch(lease: Lease): void {
    const { caller } = lease;
    if (caller === undefined) return;
    const watched = this.#watched.get(caller);
    if (watched === undefined || !watched.leases.delete(lease) || watched.leases.size > 0) return;
    this.#forget(caller, watched);
    this.#ctx.demonitor(watched.monitor, { flush: true });
  }

  /** What was asked for by an actor that is gone; undefined when it was nobody's monitor. */
  down(monitor: MonitorRef): readonly Lease[] | undefined {
    const caller = this.#byMonitor.get(monitor);
    const watched = caller === undefined ? undefined : this.#watched.get(caller);
    if (caller === undefined || watched === undefined) return undefined;
    this.#forget(caller, watched);
    return [...watched.leases];
  }

  #forget(caller: Pid, { monitor }: Watched): void {
    this.#watched.delete(caller);
    this.#byMonitor.delete(monitor);
  }
}
