/**
 * What runs in the thread of an isolated actor: a system of its own with that one actor in it, and the wire to the host.
 * It knows no Node: node-thread-entry.ts gives it its port and its runtime.
 */
import type { Logic } from '../behavior.ts';
import { ActorError } from '../errors.ts';
import { type ExitReason, toExitReason } from '../exit-reason.ts';
import type { Monitor } from '../exits.ts';
import { From } from '../from.ts';
import type { Letter } from '../letter.ts';
import { unlink } from '../links.ts';
import { Pid } from '../pid.ts';
import type { Process, StartResult } from '../process.ts';
import type { Runtime } from '../runtime.ts';
import { Counters } from './counters.ts';
import { watched } from './inside.ts';
import type { Address, CommonMessage, HostMessage, ThreadData, ThreadMessage } from './messages.ts';
import { logicOf } from './module-logic.ts';
import { Neighbour } from './neighbour.ts';
import { type Shape, shapeOf } from './shape.ts';
import { StandIn } from './stand-in.ts';
import { ThreadSystem } from './thread-system.ts';

export class ThreadMain {
  readonly #data: ThreadData;
  readonly #post: (message: ThreadMessage) => void;
  readonly #counters: Counters;
  readonly #system: ThreadSystem;
  readonly #host: Neighbour;
  /** Letters from the host that are not handled yet. */
  readonly #fromHost = new WeakSet<Letter>();
  #process: Process | undefined;
  #trapsExit = false;
  /** Actors of the host's that the isolated one is linked with. */
  readonly #linked = new Map<Process, Address>();

  constructor(data: ThreadData, post: (message: unknown) => void, runtime: Runtime) {
    this.#data = data;
    this.#post = post;
    this.#counters = new Counters(data.counters);
    const log: Runtime['log'] = (level, text) => this.#post({ type: 'log', level, text });
    this.#system = new ThreadSystem(
      { ...runtime, log },
      {
        find: (place) => (place === data.path ? undefined : this.#host.known.standIn(place, 0)),
        emit: (event) => this.#post({ type: 'event', event: this.#host.pack(event, true) }),
        deadLetter: (path, message) =>
          this.#post({ type: 'dead_letter', path, message: this.#host.pack(message, true) }),
        reports: (process) => process === this.#process || process.behavior instanceof StandIn,
      },
    );
    this.#host = new Neighbour({
      system: this.#system,
      post: (message) => {
        // Who hears of what it did finds what it has become.
        this.#tellChanges();
        this.#post(message);
      },
      mailboxMax: data.mailboxMax,
      arrived: () => this.#counters.taken,
      toSelf: (process, letter) => {
        this.#fromHost.add(letter);
        process.deliver(letter);
      },
      onTaken: () => this.#counters.handle(),
      selfIsThere: false,
      isPrivate: (path) => path !== data.path && this.#system.isPrivate(path),
      onDown: (standIn) => this.#unlink(standIn),
    });
  }

  /** Loads the module and starts the actor. Its end, and a start that fails, are told to the host. */
  async run(): Promise<void> {
    this.#beat();
    try {
      const { path, module, name } = this.#data;
      const logic = await logicOf(path, module, name);
      this.#post({ type: 'loaded', shape: shapeOf(logic) as Shape });
      this.#told(await this.#start(logic));
    } catch (error) {
      this.#fail(toExitReason(error));
    }
  }

  /** An error outside all turns is the actor's: nobody else lives here. */
  stray(error: unknown): void {
    const own = error instanceof Error ? error : new Error(String(error), { cause: error });
    if (this.#process?.status === 'running') this.#process.crash(own);
    else if (this.#process?.status === 'stopping') this.#system.runtime.log('error', own.stack ?? String(own));
    else this.#fail({ kind: 'error', error: own });
  }

  heard(message: HostMessage): void {
    if (this.#host.heard(message)) return;
    // Read only to be shown, a state is shown also with what cannot be cloned.
    const from = new From((outcome) => {
      const answer = outcome.ok ? outcome.value : outcome.error;
      this.#host.answer(message.from, outcome.ok, answer, !outcome.ok || message.what === 'state');
    });
    this.#process?.deliver({ kind: 'system', from, work: () => this.#answer(from, message) });
  }

  #answer(from: From, message: Exclude<HostMessage, CommonMessage>): void {
    const { behavior, pid } = this.#process as Process;
    const { sys } = behavior;
    try {
      if (message.what !== 'replace') from.reply(sys === undefined ? behavior.inspect() : sys.state());
      else if (sys !== undefined) from.reply(sys.replace(() => this.#host.unpack(message.state)));
      else throw new ActorError('unsupported', `${pid}: its state cannot be replaced`);
    } catch (error) {
      from.fail(error as Error);
    }
  }

  /** While its event loop turns, the thread is alive. */
  #beat(): void {
    this.#counters.beat();
    this.#system.runtime.clock.setTimer(this.#data.beatMs, () => this.#beat());
  }

  #start(logic: Logic<never>): StartResult | Promise<StartResult> {
    const { path, incarnation, content } = this.#data;
    const [parentPid, input] = this.#host.unpack(content) as readonly [Pid | undefined, unknown];
    const monitor: Monitor = { target: undefined, notify: (_pid, reason) => this.#ended(reason) };
    const inside = watched(logic, {
      born: (process) => {
        this.#process = process;
        this.#host.known.self = process;
      },
      acted: () => this.#tellChanges(),
      handled: (letter) => {
        if (this.#fromHost.delete(letter)) this.#counters.handle();
      },
      ending: () => this.#unlinkAll(),
    });
    const parent = parentPid === undefined ? undefined : Pid.processOf(parentPid);
    const options = { path, incarnation, logic: inside, input, parent, linked: false, monitor };
    return this.#system.spawn(options);
  }

  #told(result: StartResult): void {
    if (result.type === 'failed') this.#fail(result.reason);
    else if (result.type === 'ignore') this.#post({ type: 'ignored' });
    else {
      const info = 'info' in result ? this.#host.pack(result.info) : undefined;
      this.#post({ type: 'started', info });
    }
  }

  #fail(reason: ExitReason): void {
    this.#host.flush();
    this.#post({ type: 'failed', reason: this.#host.pack(reason, true) });
  }

  #ended(reason: ExitReason): void {
    // What it has sent goes out before.
    this.#host.flush();
    this.#post({ type: 'ended', reason: this.#host.pack(reason, true) });
  }

  // What the host has to know of the actor: whether it traps exits, and its links, which outlive this thread

  #tellChanges(): void {
    const process = this.#process;
    if (process === undefined) return;
    if (process.trapExit !== this.#trapsExit) {
      this.#trapsExit = process.trapExit;
      this.#post({ type: 'trap_exit', value: process.trapExit });
    }
    const links = process.linkedWith.filter(({ behavior }) => behavior instanceof StandIn);
    if (links.length === 0 && this.#linked.size === 0) return;
    for (const [other, to] of this.#linked) {
      if (links.includes(other)) continue;
      this.#linked.delete(other);
      this.#post({ type: 'unlink', to });
    }
    for (const other of links) {
      if (this.#linked.has(other)) continue;
      const to = (other.behavior as StandIn).address;
      this.#linked.set(other, to);
      this.#post({ type: 'link', to });
    }
  }

  /** The host has the same link, and signals through it. */
  #unlink(other: Process): void {
    if (this.#linked.delete(other)) unlink(this.#process as Process, other);
  }

  #unlinkAll(): void {
    this.#tellChanges();
    for (const other of [...this.#linked.keys()]) this.#unlink(other);
  }
}
