/** A client in this process: one operation after the other, on the session itself or through a context's variables. */
import { isActorError } from '../../../actors/core/index.ts';
import { compareAndSet, type StateProvider, type StateSession, type Value } from '../../../actors/state/index.ts';
import type { Context } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import { type Counter, type Drawn, draw, temporary } from './draw.ts';
import { committedOf, type Doer, type Records, readOf } from './records.ts';

export interface TypescriptClientOptions {
  readonly name: string;
  readonly provider: StateProvider;
  readonly sessionId: string;
  /** Whose variables it uses; none: it uses the session alone. */
  readonly context: Context | undefined;
  /** Names the context's session object in records. Default: it does not matter. */
  readonly handle?: string;
  readonly records: Records;
  readonly random: RandomStream;
}

/** How many operations it makes on a session before it asks for it again. */
const findsEvery = 16;

export class TypescriptClient {
  readonly #options: TypescriptClientOptions;
  /** Which version of each variable it has seen last. */
  readonly #seen = new Map<string, number>();
  #session: StateSession | undefined;
  #made = 0;
  #found = 0;

  constructor(options: TypescriptClientOptions) {
    this.#options = options;
  }

  /** Makes an operation. What becomes of it is in the records; nothing that the session says is thrown. */
  async operate(): Promise<void> {
    const { name, random, provider, sessionId, context } = this.#options;
    this.#made += 1;
    const drawn = draw(random, `${name}.${this.#made}`);
    const doer = { client: name, kind: drawn.kind, token: drawn.token };
    try {
      const { handle } = this.#options;
      if (context !== undefined && (await this.#throughContext(context, { ...doer, handle }, drawn))) return;
      if (this.#made % findsEvery === 1) this.#session = undefined;
      if (this.#session === undefined) {
        this.#session = await provider.find(sessionId);
        this.#found += 1;
      }
      await this.#onSession(this.#session, { ...doer, handle: `${name}/${this.#found}` }, drawn);
    } catch (error) {
      if (!isActorError(error)) throw error;
    }
  }

  async #onSession(real: StateSession, doer: Doer, { kind, name, token }: Drawn): Promise<void> {
    const session = this.#options.records.session(real, doer);
    switch (kind) {
      case 'read':
        this.#saw((await session.read()).variables);
        return;
      case 'get':
        this.#saw((await session.read([name, 'n'])).variables);
        return;
      case 'set':
        this.#saw((await session.commit({ set: { [name]: token } })).written);
        return;
      case 'cas':
        this.#saw((await session.commit({ set: { [name]: token }, expect: { [name]: this.#version(name) } })).written);
        return;
      case 'update':
        await compareAndSet(session, [name], ({ variables }) => ({
          set: { [name]: next(variables[0]?.value as unknown as Counter, token) },
        }));
        return;
      case 'pair':
        await session.commit({ set: { p: token, q: token } });
        return;
      case 'pair_if':
        await compareAndSet(session, ['p', 'q'], () => ({ set: { p: token, q: token } }));
        return;
      case 'remove':
        await session.commit({ remove: ['tmp'], set: { mark: token } });
        return;
      case 'declare':
        // There already it is kept, and nothing is written.
        await session.commit({ declare: temporary(token) });
        return;
      default: {
        const never: never = kind;
        throw new TypeError(String(never));
      }
    }
  }

  /** Whether it was one of those that a context's variables have, too. */
  async #throughContext({ variables }: Context, doer: Doer, { kind, name, token }: Drawn): Promise<boolean> {
    const { records } = this.#options;
    const commits = { p: token, q: token };
    switch (kind) {
      case 'read':
        await records.run(doer, { type: 'read' }, () => variables.snapshot(), readOf);
        return true;
      case 'get':
        await records.run(
          doer,
          { type: 'read', names: [name] },
          () => variables.get(name),
          (value) => ({ type: 'value', name, value }),
        );
        return true;
      case 'set': {
        const asked = { type: 'commit', request: { set: { [name]: token } } } as const;
        await records.run(doer, asked, () => variables.set(name, token), committedOf);
        return true;
      }
      case 'cas': {
        const expect = this.#version(name);
        const asked = { type: 'commit', request: { set: { [name]: token }, expect: { [name]: expect } } } as const;
        await records.run(doer, asked, () => variables.set(name, token, { expect }), committedOf);
        return true;
      }
      case 'update': {
        const add = () => variables.update(name, (value) => next(value as Counter, token));
        await records.run(doer, { type: 'update', name }, add, committedOf);
        return true;
      }
      case 'pair':
        await records.run(
          doer,
          { type: 'commit', request: { set: commits } },
          () => variables.batch(commits),
          committedOf,
        );
        return true;
      default:
        return false;
    }
  }

  /** What it knows, right or not any more. */
  #version(name: string): number {
    return this.#seen.get(name) ?? 1;
  }

  #saw(variables: readonly { readonly name: string; readonly version: number }[]): void {
    for (const { name, version } of variables) this.#seen.set(name, version);
  }
}

export const next = ({ n }: Counter, token: string): Value => ({ n: n + 1, by: token });
