/**
 * Who is known on both sides of a thread: ours that they know, each told of when it ends, and theirs that stand-ins
 * stand for here. No more than the living are kept, and a thousand that were, so that a pid stays who it is.
 */
import { type ExitReason, exitReason } from '../exit-reason.ts';
import type { Monitor } from '../exits.ts';
import { addMonitor, unwatch } from '../monitors.ts';
import { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import { type Address, keyOf } from './messages.ts';
import type { Neighbour } from './neighbour.ts';
import { type StandIn, standInLogic } from './stand-in.ts';

const remembered = 1_000;

/** The last that have ended. */
class Gone {
  readonly #pids = new Map<string, Pid>();

  add(key: string, pid: Pid): void {
    this.#pids.set(key, pid);
    for (const oldest of this.#pids.keys()) {
      if (this.#pids.size <= remembered) return;
      this.#pids.delete(oldest);
    }
  }

  get(key: string): Pid | undefined {
    return this.#pids.get(key);
  }
}

export class Acquaintances {
  readonly #neighbour: Neighbour;
  /** The isolated actor: its process here. Undefined until it is there. */
  self: Process | undefined;
  /** Ours that they know. */
  readonly #ours = new Map<string, { readonly pid: Pid; readonly monitor: Monitor }>();
  readonly #oursGone = new Gone();
  /** Theirs that are known here, by path. */
  readonly #standIns = new Map<string, StandIn>();
  readonly #theirs = new WeakMap<Pid, StandIn>();
  readonly #theirsGone = new Gone();

  constructor(neighbour: Neighbour) {
    this.#neighbour = neighbour;
  }

  // Ours

  /** How an actor, of ours or of theirs, is called there. */
  addressOf(pid: Pid): Address {
    if (this.self !== undefined && pid === this.self.pid) return 'self';
    const theirs = this.#theirs.get(pid);
    if (theirs !== undefined) return theirs.address;
    const process = Pid.processOf(pid);
    const { path, incarnation } = pid;
    if (process !== undefined) this.#tellEnd(keyOf(path, incarnation), process);
    // One that has ended may still have to be told of.
    return { whose: this.#ours.has(keyOf(path, incarnation)) ? 'mine' : 'nobody', path, incarnation };
  }

  /** They want to know who lives at that place, or has that name, and when that one ends. */
  watch(place: string): void {
    const process = this.#placeAt(place);
    const nobody = keyOf(place, 0);
    if (process === undefined) this.#neighbour.down(nobody, exitReason.noproc);
    else if (place !== process.pid.path) this.#tellEnd(nobody, process);
    else {
      const { incarnation } = process.pid;
      this.#tellEnd(keyOf(place, incarnation), process);
      this.#neighbour.post({ type: 'watched', path: place, incarnation });
    }
  }

  #tellEnd(key: string, process: Process): void {
    if (this.#ours.has(key)) return;
    const { pid } = process;
    const monitor = addMonitor(process, (_pid, reason) => {
      // Exit signals of that end, and what it has sent, come before.
      this.#neighbour.flush();
      this.#ours.delete(key);
      this.#oursGone.add(key, pid);
      this.#neighbour.down(key, reason);
    });
    this.#ours.set(key, { pid, monitor });
  }

  /** Who of ours lives at a path, or has a name, now. */
  #placeAt(place: string): Process | undefined {
    const { system } = this.#neighbour;
    return place.startsWith('name:') ? system.names.find(place.slice('name:'.length)) : system.lookup(place);
  }

  // Theirs

  /** Whom an address of theirs means; undefined for one that is not known here any more. */
  pidAt(address: Address): Pid | undefined {
    if (address === 'self') return this.self?.pid;
    const { whose, path, incarnation } = address;
    const key = keyOf(path, incarnation);
    if (whose === 'nobody') return this.#theirsGone.get(key);
    if (whose === 'mine') return this.standIn(path, incarnation)?.pid;
    return incarnation === 0 ? this.#placeAt(path)?.pid : (this.#ours.get(key)?.pid ?? this.#oursGone.get(key));
  }

  /** The one that stands in for one of theirs; undefined when a later incarnation is known already. */
  standIn(path: string, incarnation: number): Process | undefined {
    const there = this.#standIns.get(path);
    if (there !== undefined) {
      if (there.incarnation === 0) there.incarnation = incarnation;
      if (incarnation === 0 || incarnation === there.incarnation) return there.process;
      if (incarnation < there.incarnation) return undefined;
      there.end(exitReason.noproc);
    }
    const onEnd = (ended: StandIn) => this.#forget(ended);
    const options = { path, incarnation, logic: standInLogic(this.#neighbour, incarnation, onEnd) };
    const started = this.#neighbour.system.spawn(options);
    if (started instanceof Promise || started.type !== 'started') return undefined;
    const standIn = started.process.behavior as StandIn;
    this.#standIns.set(path, standIn);
    this.#theirs.set(started.process.pid, standIn);
    if (incarnation === 0) this.#neighbour.post({ type: 'watch', path });
    return started.process;
  }

  /** Who lives at a place that was asked for. */
  watched(path: string, incarnation: number): void {
    const standIn = this.#standIns.get(path);
    if (standIn?.incarnation === 0) standIn.incarnation = incarnation;
  }

  /** One of theirs has ended: who stood in for it; undefined when that is another one already. */
  ended(key: string): StandIn | undefined {
    const at = key.lastIndexOf('#');
    const standIn = this.#standIns.get(key.slice(0, at));
    return standIn?.incarnation === Number(key.slice(at + 1)) ? standIn : undefined;
  }

  #forget(standIn: StandIn): void {
    const { pid } = standIn.process;
    if (this.#standIns.get(pid.path) === standIn) this.#standIns.delete(pid.path);
    this.#theirsGone.add(keyOf(pid.path, standIn.incarnation), pid);
  }

  standIns(): StandIn[] {
    return [...this.#standIns.values()];
  }

  /** The other side is gone, and all of its actors with it. */
  close(reason: ExitReason): void {
    for (const { monitor } of this.#ours.values()) unwatch(monitor);
    this.#ours.clear();
    for (const standIn of this.standIns()) standIn.end(reason);
  }
}
