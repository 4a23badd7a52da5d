/** Who writes a session and who watches it, wherever it is; and what they were told, to be compared in the end. */
import { Variables } from '../../../actors/context/index.ts';
import { StateError } from '../../../actors/core/index.ts';
import { type Declarations, integer, type StateSession } from '../../../actors/state/index.ts';
import type { Traveller } from './traveller.ts';

/** A commit that was answered. */
interface Told {
  readonly revision: number;
  readonly name: string;
  readonly value: number;
}

export interface ClientCounts {
  /** Of each kind: who sets its own variable, who adds to the common one, who keeps old handles, who watches. */
  readonly setters: number;
  readonly adders: number;
  readonly stale: number;
  readonly watchers: number;
}

export class Clients {
  readonly told: Told[] = [];
  readonly wrong: string[] = [];
  /** What each revision wrote, as the first watcher was told. */
  readonly log = new Map<number, string>();
  /** How often each of those with old handles found that its session had gone. */
  gone = 0;
  readonly #traveller: Traveller;
  readonly #variables: Variables<Record<string, number>>;
  readonly #watchers: Watcher[] = [];
  readonly #writers: Promise<void>[] = [];
  #done = false;

  constructor(traveller: Traveller, counts: ClientCounts) {
    this.#traveller = traveller;
    this.#variables = new Variables(traveller.session.id, traveller.find);
    for (let i = 0; i < counts.watchers; i += 1)
      this.#watchers.push(new Watcher(this.#variables, this.log, this.wrong));
    for (let i = 0; i < counts.setters; i += 1) this.#run(() => this.#sets(`setter${i}`));
    for (let i = 0; i < counts.adders; i += 1) this.#run(() => this.#adds());
    for (let i = 0; i < counts.stale; i += 1) this.#run(() => this.#keepsHandles(`stale${i}`));
  }

  static declarations({ setters, stale }: ClientCounts): Declarations {
    const names = [
      'sum',
      ...Array.from({ length: setters }, (_, i) => `setter${i}`),
      ...Array.from({ length: stale }, (_, i) => `stale${i}`),
    ];
    return Object.fromEntries(names.map((name) => [name, integer()]));
  }

  /** Resolves when nobody writes any more, and all watchers have been told of all. */
  async finish(): Promise<void> {
    this.#done = true;
    await Promise.all(this.#writers);
    const { revision, variables } = await this.#traveller.session.read();
    for (const watcher of this.#watchers) {
      await watcher.reach(revision);
      await watcher.stop();
    }
    this.#compare(revision, new Map(variables.map(({ name, value, version }) => [name, { value, version }])));
  }

  #compare(revision: number, now: ReadonlyMap<string, { readonly value: unknown; readonly version: number }>): void {
    if (this.log.size !== revision) this.wrong.push(`watchers know ${this.log.size} revisions of ${revision}`);
    const last = new Map<string, Told>();
    for (const told of this.told) {
      const written = JSON.stringify({ [told.name]: told.value });
      if (this.log.get(told.revision) !== written)
        this.wrong.push(`revision ${told.revision} is ${this.log.get(told.revision)}, and was answered as ${written}`);
      if (told.revision > (last.get(told.name)?.revision ?? 0)) last.set(told.name, told);
    }
    // The first commit declares them all.
    if (this.told.length !== revision - 1)
      this.wrong.push(`${this.told.length} commits were answered, of ${revision - 1}`);
    for (const { name, value, revision: version } of last.values()) {
      const found = now.get(name);
      if (found?.value !== value || found.version !== version)
        this.wrong.push(`${name} is ${JSON.stringify(found)} in the end, not ${value} of version ${version}`);
    }
    const sum = this.told.filter(({ name }) => name === 'sum').length;
    if (now.get('sum')?.value !== sum) this.wrong.push(`sum is ${String(now.get('sum')?.value)}, not ${sum}`);
  }

  #run(work: () => Promise<void>): void {
    this.#writers.push(work().catch((error: unknown) => void this.wrong.push(`a writer ended with ${String(error)}`)));
  }

  async #sets(name: string): Promise<void> {
    for (let value = 1; !this.#done; value += 1) {
      const { revision } = await this.#variables.set(name, value);
      this.told.push({ revision, name, value });
    }
  }

  async #adds(): Promise<void> {
    while (!this.#done) {
      try {
        const { revision, written } = await this.#variables.update('sum', async (value) => value + 1);
        this.told.push({ revision, name: 'sum', value: written[0]?.value as number });
      } catch (error) {
        // The other was always quicker: nothing was written, and it begins anew.
        if (!(error instanceof StateError && error.code === 'conflict')) throw error;
      }
    }
  }

  /** Uses a handle as long as it works, and asks the next one under the same key. */
  async #keepsHandles(name: string): Promise<void> {
    let session: StateSession = this.#traveller.session;
    for (let value = 1; !this.#done; value += 1) {
      for (;;) {
        try {
          const { revision } = await session.commit({ set: { [name]: value }, idempotencyKey: `${name}-${value}` });
          this.told.push({ revision, name, value });
          break;
        } catch (error) {
          if (!(error instanceof StateError && ['not_found', 'expired', 'unavailable'].includes(error.code)))
            throw error;
          this.gone += 1;
          session = await this.#traveller.find();
        }
      }
    }
  }
}

/** Follows from the first commit on, and sees to it that nothing is left out and nothing comes twice. */
class Watcher {
  #place = 0;
  #reached: { readonly revision: number; readonly resolve: () => void } | undefined;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;

  constructor(variables: Variables<Record<string, number>>, log: Map<number, string>, wrong: string[]) {
    this.#ended = this.#follow(variables, log, wrong);
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#ended;
  }

  async #follow(
    variables: Variables<Record<string, number>>,
    log: Map<number, string>,
    wrong: string[],
  ): Promise<void> {
    const { signal } = this.#stopping;
    try {
      for await (const { revision, values, folded } of variables.watch({ from: 0, signal })) {
        if (folded || revision !== this.#place + 1) wrong.push(`a watch went from ${this.#place} to ${revision}`);
        this.#place = revision;
        const written = JSON.stringify(values);
        if ((log.get(revision) ?? written) !== written) wrong.push(`two watches differ at revision ${revision}`);
        log.set(revision, written);
        if (revision === this.#reached?.revision) this.#reached.resolve();
      }
    } catch (error) {
      if (error !== signal.reason) wrong.push(`a watch ended with ${String(error)}`);
      this.#reached?.resolve();
    }
  }

  reach(revision: number): Promise<void> {
    if (this.#place >= revision) return Promise.resolve();
    return new Promise((resolve) => {
      this.#reached = { revision, resolve };
    });
  }
}
