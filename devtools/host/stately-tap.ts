/** Feeds receivers of `@statelyai/inspect` with the actors of a system, as long as one is connected. */
import type { AnyEvent, CoreEvent, ExitReason, Letter, Process, Tracer } from '../../actors/core/index.ts';
import { isNormal } from '../../actors/core/index.ts';
import { StatelyFeed, type StatelySocket } from '../adapters/stately.ts';
import { inspected } from '../inspect/actor-rows.ts';
import type { Inspector } from '../inspect/inspector.ts';
import { contentOf, nameOf, senderOf, titleOf } from '../inspect/letters.ts';

const shallow = { depth: 3, characters: 2_048 } as const;

export class StatelyTap implements Tracer {
  readonly #inspector: Inspector;
  readonly #feed: StatelyFeed;
  #sockets = 0;
  #stop: (() => void) | undefined;

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
    this.#feed = new StatelyFeed({ clock: inspector.system.runtime.clock });
  }

  /** Answers what ends it. */
  attach(socket: StatelySocket): () => void {
    this.#sockets += 1;
    if (this.#sockets === 1) this.#start();
    const detach = this.#feed.attach(socket);
    let attached = true;
    return () => {
      if (!attached) return;
      attached = false;
      detach();
      this.#sockets -= 1;
      if (this.#sockets === 0) this.stop();
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #start(): void {
    const { system, pace } = this.#inspector;
    let stopped = false;
    const forget = system.events.onAll((event) => this.#heard(event));
    const untap = this.#inspector.tap(this);
    this.#stop = () => {
      stopped = true;
      forget();
      untap();
    };
    const there = (process: Process) => {
      if (!stopped && process.status !== 'dead') this.#appeared(process);
    };
    void pace.each([...system.processes()], there, { steps: 10 });
  }

  #heard(event: AnyEvent): void {
    const told = event as CoreEvent;
    if (told.type === 'actor.started') {
      const process = told.pid.find();
      if (process !== undefined) this.#appeared(process);
    } else if (told.type === 'actor.exited') this.#feed.ended(String(told.pid), !isNormal(told.reason));
  }

  #appeared(process: Process): void {
    const { path } = process.pid;
    const { previews, rows } = this.#inspector;
    const state = inspected(process);
    this.#feed.actor({
      path,
      pid: String(process.pid),
      kind: process.kind,
      chart: rows.chart(process, state),
      state: previews.of(state, shallow),
      at: rows.at(process, state),
    });
  }

  // As a tracer

  sent(): void {}

  refused(): void {}

  faulted(): void {}

  handling(by: Process, letter: Letter): void {
    if (letter.kind === 'system' || !this.#feed.open) return;
    this.#feed.message({
      to: String(by.pid),
      from: String(senderOf(letter) ?? 'outside'),
      name: nameOf(letter),
      content: this.#inspector.previews.of(contentOf(letter), shallow),
    });
  }

  handled(by: Process, letter: Letter, _failure: ExitReason | undefined): void {
    if (letter.kind === 'system' || !this.#feed.open) return;
    const { previews, rows } = this.#inspector;
    const state = inspected(by);
    const shown = previews.of(state, shallow);
    this.#feed.state({ pid: String(by.pid), label: titleOf(letter), state: shown }, rows.at(by, state));
  }
}
