/** Where a request may go: affinity and free workers, decided in one turn. */
import type { ActorError, Pid } from '../core/index.ts';
import type { Lease, PoolTable } from './pool-table.ts';
import { affinityLost, ownWorkerBusy, tooDeep, tooLate, tooManyKeys } from './refusals.ts';
import { nestedMax, type Roster } from './roster.ts';

export class Placement {
  readonly #pool: string;
  readonly #table: PoolTable;
  readonly #roster: Roster;

  constructor(pool: string, table: PoolTable, roster: Roster) {
    this.#pool = pool;
    this.#table = table;
    this.#roster = roster;
  }

  /** Why a request can never go where it must, or not now and does not wait. */
  refusal({ affinityKey, affinityMode, within }: Lease): ActorError | undefined {
    if (within.length > nestedMax) return tooDeep(this.#pool, nestedMax);
    if (affinityKey === undefined || affinityMode === 'hint') return undefined;
    const { affinity } = this.#table;
    const route = affinity.route(affinityKey, affinityMode);
    if (route.to === 'nowhere') return affinityLost(this.#pool, affinityKey, route.loss);
    if (route.to === 'only' && affinityMode === 'strict_fail_fast' && !this.#roster.hasRoomOn(route.worker))
      return ownWorkerBusy(this.#pool, affinityKey, route.worker);
    return affinity.hasRoom(affinityKey) ? undefined : tooManyKeys(this.#pool);
  }

  /** The worker that may have it now. */
  find({ affinityKey, affinityMode }: Lease): Pid | undefined {
    const route = this.#table.affinity.route(affinityKey, affinityMode);
    if (route.to === 'any') return this.#roster.pick(route.preferred);
    return route.to === 'only' && this.#roster.hasRoomOn(route.worker) ? route.worker : undefined;
  }

  /**
   * The worker that may have it now when it is made inside others that hold workers here: a free one, else the nearest
   * of those, beyond its capacity. It must not wait for one of them to be free, which may be when it has ended itself.
   */
  inside({ affinityKey, affinityMode, within }: Lease): Pid | undefined {
    const holders = within.flatMap((id) => this.#table.held.get(id)?.worker ?? []);
    if (holders.length === 0) return undefined;
    const route = this.#table.affinity.route(affinityKey, affinityMode);
    const free = route.to === 'any' ? this.#roster.pick(route.preferred) : undefined;
    const may = (worker: Pid) => route.to === 'any' || (route.to === 'only' && route.worker === worker);
    return free ?? holders.find((worker) => may(worker) && this.#roster.hasRoomInside(worker));
  }

  /**
   * Its key belongs to this worker from now on, in the turn of the grant: two first requests of a key never go to two
   * workers. True when it did not before, and the worker has no room for another one.
   */
  bind({ affinityKey, affinityMode }: Lease, worker: Pid): boolean {
    const id = this.#roster.idOf(worker);
    if (affinityKey === undefined || id === undefined) return false;
    const { affinity } = this.#table;
    const before = affinity.bound;
    affinity.bind(affinityKey, affinityMode, worker, id);
    return affinity.bound > before && !this.#roster.hasRoomOn(worker);
  }

  /** Why a request has waited for too long. */
  late({ affinityKey, affinityMode }: Lease): ActorError {
    const route = this.#table.affinity.route(affinityKey, affinityMode);
    const busy = route.to === 'only' ? `${route.worker} was busy` : 'every worker was busy';
    return tooLate(this.#pool, this.#roster.ready > 0 ? busy : 'no worker was ready', this.#roster.lastFailure);
  }
}
