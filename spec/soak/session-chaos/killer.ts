/** What is ended and cut meanwhile, dealt by a seed: each comes about as often as the deck has it. */
import { ActorRef, type OphionRef } from '../../../index.ts';
import { armFaults, type FaultyWire, plan, type RandomStream, type WireProxy } from '../../../testing/index.ts';
import type { WorkerStates } from '../worker-states.ts';

/** The vault's tables outlive it, as law 9 says. */
const actorDeck = {
  local: { vault: 4, observers: 3, context: 1 },
  shared: { vault: 3, observers: 2, store: 2, session: 3, bridge: 4, tasks: 1, context: 1 },
} as const;
const wireDeck = { cut: 5, killed: 1, stopped: 1 } as const;
/** Of another host that has the session: its port is killed, and the way there cut. */
const elsewhereDeck = { port: 2, severed: 5 } as const;

type Actor = keyof typeof actorDeck.shared | 'port';
export type Victim = Actor | keyof typeof wireDeck | keyof typeof elsewhereDeck;

export interface KillerOptions {
  readonly ophion: OphionRef;
  readonly sessionId: string;
  readonly random: RandomStream;
  /** Undefined: there are no workers. */
  readonly workers: { readonly wire: FaultyWire; readonly states: WorkerStates } | undefined;
  /** The host that has the session, where that is another one. */
  readonly elsewhere: { readonly ophion: OphionRef; readonly wire: WireProxy } | undefined;
}

/** A context that crashes oftener within five seconds is given up, as it is meant to be. */
const contextKillsMax = 3;
/** How often an actor is ended at once, at most, and how many turns of the event loop are between two of them. */
const timesMax = 3;
const turnsBetween = 8;
/** Which message, at most, one throws at that is to crash by itself. */
const messagesMost = 4;
/** Where a direction is cut, at most, counted from when that is armed. */
const bytesBefore = 4_000;

export class Killer {
  readonly counts: Partial<Record<Victim, number>> = {};
  readonly #options: KillerOptions;
  readonly #crashedLast = new Set<Victim>();
  #deck: Victim[] = [];
  #stopped: number | undefined;
  #crashing: { readonly victim: Victim; readonly active: ReturnType<typeof armFaults> } | undefined;

  constructor(options: KillerOptions) {
    this.#options = options;
  }

  /** A worker stands still. */
  get holds(): boolean {
    return this.#stopped !== undefined;
  }

  /** Deals the next. Resolves when it has happened, or when all is over and it could hit nobody any more. */
  async strike(over: Promise<void>): Promise<void> {
    // What was stopped goes on when the next thing happens.
    this.resume();
    const victim = this.#dealt();
    if (victim === 'cut') await this.#cut(over);
    else if (victim === 'severed') await this.#sever(over);
    else if (victim === 'killed') this.#kill();
    else if (victim === 'stopped') this.#stop();
    else if (victim === 'context' || victim === 'tasks' || victim === 'port' || !this.#mayCrash(victim))
      await this.#end(victim);
    else this.#crash(victim);
  }

  /** Lets everybody go on. */
  resume(): void {
    if (this.#crashing !== undefined) {
      const { victim, active } = this.#crashing;
      for (const { done } of active.status) this.#count(victim, done);
      active.stop();
      this.#crashing = undefined;
    }
    if (this.#stopped !== undefined) signal(this.#stopped, 'SIGCONT');
    this.#stopped = undefined;
  }

  #dealt(): Victim {
    const { random, workers, elsewhere } = this.#options;
    if (this.#deck.length === 0) {
      const more = elsewhere === undefined ? {} : elsewhereDeck;
      const shares = workers === undefined ? actorDeck.local : { ...actorDeck.shared, ...wireDeck, ...more };
      const sorted = Object.entries(shares).flatMap(([victim, times]) => Array<Victim>(times).fill(victim as Victim));
      while (sorted.length > 0) this.#deck.push(...sorted.splice(random.below(sorted.length), 1));
    }
    return this.#deck.pop() as Victim;
  }

  /** Every other time it is a crash of its own. */
  #mayCrash(victim: Victim): boolean {
    if (this.#crashedLast.delete(victim)) return false;
    this.#crashedLast.add(victim);
    return true;
  }

  /** It throws at a message, and who waits for that is told so. */
  #crash(victim: Actor): void {
    const { random } = this.#options;
    const actor = this.#actor(victim);
    const faults = plan()
      .at('actor.receive', { path: actor.path })
      .nth(1 + random.below(messagesMost))
      .throw('it was to crash');
    this.#crashing = { victim, active: armFaults(actor.system, faults) };
  }

  async #end(victim: Actor): Promise<void> {
    const { random } = this.#options;
    const times = victim === 'context' || victim === 'port' ? 1 : 1 + random.below(timesMax);
    for (let n = 0; n < times; n += 1) {
      for (let turns = random.below(turnsBetween); turns > 0; turns -= 1) await new Promise(setImmediate);
      const { process } = this.#actor(victim);
      if (process === undefined || (victim === 'context' && (this.counts.context ?? 0) >= contextKillsMax)) continue;
      process.kill();
      this.#count(victim);
    }
  }

  #actor(victim: Actor): ActorRef {
    const { ophion, sessionId, elsewhere } = this.#options;
    const { bridge } = ophion;
    const { state, path, system } = elsewhere?.ophion ?? ophion;
    const actors: Readonly<Record<typeof victim, ActorRef>> = {
      vault: state.vault,
      observers: state.observers,
      store: state.store,
      session: state.session(sessionId),
      bridge: bridge.bridge,
      tasks: bridge.tasks,
      context: ophion.contextRef(sessionId),
      port: new ActorRef(system, `${path}/services`),
    };
    return actors[victim];
  }

  #kill(): void {
    const { workers, random } = this.#options;
    const ready = workers?.states.ready ?? [];
    const victim = ready[random.below(ready.length)];
    if (victim === undefined) return;
    workers?.states.kill(victim);
    this.#count('killed');
  }

  #stop(): void {
    const { workers, random } = this.#options;
    const ready = workers?.states.ready ?? [];
    const victim = ready[random.below(ready.length)];
    if (victim === undefined) return;
    signal(victim.osPid, 'SIGSTOP');
    this.#stopped = victim.osPid;
    this.#count('stopped');
  }

  async #cut(over: Promise<void>): Promise<void> {
    const { workers, random } = this.#options;
    if (workers === undefined) return;
    this.#count('cut');
    await cut(await workers.wire.proxy(), random, over);
  }

  async #sever(over: Promise<void>): Promise<void> {
    const { elsewhere, random } = this.#options;
    if (elsewhere === undefined) return;
    this.#count('severed');
    await cut(elsewhere.wire, random, over);
  }

  #count(victim: Victim, times = 1): void {
    if (times > 0) this.counts[victim] = (this.counts[victim] ?? 0) + times;
  }
}

async function cut(proxy: WireProxy, random: RandomStream, over: Promise<void>): Promise<void> {
  const how = random.below(3);
  if (how === 0) return proxy.reset();
  const side = how === 1 ? proxy.toServer : proxy.toClient;
  // In the middle of a frame as well as between two.
  side.inject({ limit: { bytes: random.below(bytesBefore), how: 'reset' } });
  // Whoever comes next is cut as well, until one was: also a worker that starts.
  const before = ended(proxy);
  await Promise.race([proxy.until(() => ended(proxy) > before), over]);
  await proxy.heal();
}

/** How many of its connections have ended. */
const ended = ({ accepted, connections }: WireProxy): number => accepted - connections.length;

function signal(osPid: number, name: NodeJS.Signals): void {
  try {
    process.kill(osPid, name);
  } catch {
    // It has ended by itself.
  }
}
