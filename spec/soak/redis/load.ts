/**
 * What one host does to sessions that it shares with others: clients in TypeScript, on sessions and through contexts, and
 * calls of Python, each one operation after the other, until they are told that it is enough.
 */
import { mkdirSync } from 'node:fs';
import type { StateBackend, StateHost } from '../../../actors/state/index.ts';
import { type ActorSystem, type Context, isActorError, type OphionRef, openContext } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import { declared, firstToken } from '../session-chaos/draw.ts';
import { type PythonCall, PythonClient } from '../session-chaos/python-client.ts';
import type { Records } from '../session-chaos/records.ts';
import { TypescriptClient } from '../session-chaos/typescript-client.ts';
import { sleep } from '../sleep.ts';

export interface LoadWork {
  /** Of the host; those of its clients begin with it. */
  readonly name: string;
  readonly sessions: readonly string[];
  /** How many, for each session: on the session itself, through a context, calls of Python. */
  readonly clients: { readonly session: number; readonly context: number; readonly python: number };
  /** How long a client waits between two operations, at most. */
  readonly pauseMs: number;
}

export interface LoadOptions extends LoadWork {
  readonly system: ActorSystem;
  readonly ophion: OphionRef;
  readonly state: StateBackend<StateHost>;
  readonly random: RandomStream;
  /** Where what is done to a session is put down. */
  readonly records: (sessionId: string) => Records;
  /** Where calls of Python note what they do to a session; none: there are no workers. */
  readonly folder?: (sessionId: string) => string;
  readonly calling?: (sessionId: string, call: PythonCall) => void;
  /** Is told of every so many operations. */
  readonly made: (operations: number) => void;
}

/** What a call may end with, other than well: its worker is killed with its host, or the server is not to be had. */
const mayLose = ['worker_lost', 'unavailable', 'read_only', 'redis_not_safe', 'rewound'];

export class Load {
  /** What a call has ended with and may not. */
  readonly wrong: string[] = [];
  readonly clients: PythonClient[] = [];
  readonly #options: LoadOptions;
  readonly #running: Promise<void>;
  #over = false;

  /** Begins at once. */
  constructor(options: LoadOptions) {
    this.#options = options;
    this.#running = Promise.all(options.sessions.map((id) => this.#use(id))).then(() => {});
  }

  /** Resolves when each client has ended what it was at. */
  async stop(): Promise<void> {
    this.#over = true;
    await this.#running;
    this.wrong.push(...this.clients.flatMap(({ wrong }) => wrong));
  }

  async #use(sessionId: string): Promise<void> {
    const { name, system, ophion, state, random, clients, records, folder, calling } = this.#options;
    const context = await this.#open(sessionId);
    if (context === undefined) return;
    const provider = state.connect({ system, root: ophion.path });
    const own = `${name}.${sessionId}`;
    const typescript = Array.from({ length: clients.session + clients.context }, (_, n) => {
      const client = new TypescriptClient({
        name: `${own}.t${n + 1}`,
        provider,
        sessionId,
        context: n < clients.session ? undefined : context,
        handle: `${own}.context`,
        records: records(sessionId),
        random: random.split(`${own}.t${n + 1}`),
      });
      return () => client.operate().then(() => 1);
    });
    const notes = folder?.(sessionId) ?? '';
    if (notes !== '') mkdirSync(notes, { recursive: true });
    const python = Array.from({ length: notes === '' ? 0 : clients.python }, (_, n) => {
      const client = new PythonClient({
        name: `${own}.p${n + 1}`,
        context,
        records: records(sessionId),
        folder: notes,
        random: random.split(`${own}.p${n + 1}`),
        mayLose,
        calling: (call) => calling?.(sessionId, call),
      });
      this.clients.push(client);
      return () => client.call();
    });
    await Promise.all(
      [...typescript, ...python].map((work, n) => this.#loop(work, random.split(`${own} pauses ${n}`))),
    );
  }

  async #loop(work: () => Promise<number>, random: RandomStream): Promise<void> {
    const { pauseMs, made } = this.#options;
    while (!this.#over) {
      made(await work());
      await sleep(random.below(pauseMs + 1));
    }
  }

  /** The server may be away just now. */
  async #open(id: string): Promise<Context | undefined> {
    const { ophion, state } = this.#options;
    while (!this.#over) {
      try {
        return (await openContext(ophion, { id, state, variables: declared(firstToken) })) as unknown as Context;
      } catch (error) {
        if (!isActorError(error) || (error.code !== 'unavailable' && error.code !== 'read_only')) throw error;
      }
    }
    return undefined;
  }
}
