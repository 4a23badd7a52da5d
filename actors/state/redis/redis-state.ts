/**
 * `redisState()`: sessions on Redis or Valkey, for any number of processes on any hosts. The server is the store; this
 * is its client. docs/redis.md tells the keys, the set-ups and what each can lose.
 */
import { type ActorSystem, StateError } from '../../core/index.ts';
import { checkSessionId, equalExports, recordOf } from '../export.ts';
import { isGone } from '../followed.ts';
import { checkImported } from '../functions.ts';
import { invalid } from '../invalid.ts';
import type { StateHost } from '../local-state.ts';
import type { StateBackend, StateProvider, StateSession } from '../provider.ts';
import { seenAs } from '../reader-session.ts';
import type { Attempt } from '../retry.ts';
import type {
  ImportOptions,
  ListOptions,
  OpenOptions,
  ReaderOptions,
  SessionExport,
  SessionList,
  StateCallOptions,
} from '../session-data.ts';
import { checkTtl, isOurs } from '../vault-session.ts';
import { headOf } from './head.ts';
import { type RedisHost, redisHost } from './host.ts';
import { importArguments } from './import.ts';
import { checkWritable, keyList } from './keys.ts';
import { showSessions } from './known-sessions.ts';
import { linkTo, type MakeLink } from './link.ts';
import { type RedisStateOptions, settingsOf } from './options.ts';
import { importScript, lookScript, openScript } from './scripts/lives.ts';
import { RedisSession } from './session.ts';
import { enroll, listSessions, SessionCount } from './session-index.ts';

/**
 * State on a Redis or Valkey server, shared by all who use the same one. Connects at its first use; the connections end
 * with the system. Operations reject as those of any state do, and with RedisError for what is wrong with the server.
 *
 * @throws SpecError an option is wrong
 * @example const context = await openContext(app.children.ophion, { state: redisState({ url: 'redis://localhost' }) });
 */
export function redisState(options: RedisStateOptions): StateBackend<StateHost> {
  return redisStateOver(linkTo, options);
}

/** Internal: over other connections than those to a server, for simulations. */
export function redisStateOver(makeLink: MakeLink, options: RedisStateOptions): StateBackend<StateHost> {
  const settings = settingsOf(options);
  const backend: StateBackend<StateHost> = {
    kind: 'redis',
    connect: ({ system, root }) => new RedisState(showSessions(redisHost(system, root, backend, settings, makeLink))),
  };
  return backend;
}

class RedisState implements StateProvider {
  readonly kind = 'redis';
  readonly #host: RedisHost;
  readonly #system: ActorSystem;
  readonly #count: SessionCount;

  constructor(host: RedisHost) {
    this.#host = host;
    this.#system = host.system;
    this.#count = new SessionCount(host);
  }

  async open(
    sessionId: string = this.#system.runtime.ids.next(),
    options: OpenOptions & StateCallOptions = {},
  ): Promise<StateSession> {
    const id = checkId(sessionId);
    const ttlMs = checkTtl(options.ttlMs);
    checkVault(id, options);
    this.#host.feed.ensure();
    const session = await this.#persist(id, options, async (attempt) => {
      const found = await this.#find(id, attempt);
      if (found !== undefined) return found;
      await this.#room(attempt);
      await enroll(this.#host, id, ttlMs, attempt);
      const args = [this.#life(), ttlMs === undefined ? 0 : Math.ceil(ttlMs)];
      const reply = await this.#run(openScript, id, args, attempt);
      if (reply[0] === 'opened') this.#count.opened();
      return new RedisSession(this.#host, id, ttlOf(reply[1]));
    });
    return seenAs(session, options.as);
  }

  async find(sessionId: string, options: ReaderOptions & StateCallOptions = {}): Promise<StateSession> {
    checkWritable(sessionId, 'session');
    this.#host.feed.ensure();
    const session = await this.#persist(sessionId, options, async (attempt) => {
      const reply = await this.#host.run(lookScript, sessionId, ['1'], attempt);
      return new RedisSession(this.#host, sessionId, headOf(reply[1] as string).ttlMs);
    });
    return seenAs(session, options.as);
  }

  async import(content: SessionExport, options: ImportOptions & StateCallOptions = {}): Promise<StateSession> {
    const id = checkId(content?.sessionId);
    const ttlMs = checkTtl(options.ttlMs);
    checkVault(id, options);
    checkImported(content, this.#host.functionNamed);
    const nowMs = this.#system.runtime.clock.monotonicMs();
    const { limits } = this.#host.settings;
    const record = recordOf(content, limits, nowMs);
    for (const { name } of record.variables) checkWritable(name, 'variable');
    this.#host.feed.ensure();
    const session = new RedisSession(this.#host, id, ttlMs);
    await this.#persist(id, options, async (attempt) => {
      await this.#room(attempt);
      await enroll(this.#host, id, options.sealedMs ?? ttlMs, attempt);
      const args = importArguments(record, {
        life: this.#life(),
        ttlMs,
        sealedMs: options.sealedMs,
      });
      const [kind] = await this.#run(importScript, id, args, attempt);
      if (kind === 'opened') {
        this.#count.opened();
        return;
      }
      const error = new StateError('already_exists', `session '${id}': is open already`, {
        details: { sessionId: id },
      });
      // An attempt before, whose answer was lost, may have done it.
      if (isOurs(error, attempt) && equalExports(await session.export(), content)) return;
      throw error;
    });
    return seenAs(session, options.as);
  }

  list({ signal, timeoutMs, ...options }: ListOptions & StateCallOptions = {}): Promise<SessionList> {
    const call = { ...(signal === undefined ? {} : { signal }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return this.#host.persist('sessions', call, (attempt) => listSessions(this.#host, options, attempt));
  }

  /** What tells a session from others of its id. */
  #life(): string {
    return this.#system.runtime.ids.next().slice(0, 16);
  }

  /** The session that is open, which nearly always is there or not for good: then nothing is written. */
  async #find(id: string, attempt: Attempt): Promise<StateSession | undefined> {
    try {
      const reply = await this.#host.run(lookScript, id, ['1'], attempt);
      return new RedisSession(this.#host, id, headOf(reply[1] as string).ttlMs);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** A quota over all sessions is not exact: each process counts now and then. */
  async #room(attempt: Attempt): Promise<void> {
    const { maxSessions } = this.#host.settings;
    if ((await this.#count.now(attempt)) < maxSessions) return;
    throw new StateError('quota', `sessions: about ${maxSessions} are open on the server, and no more may be`, {
      details: { max: maxSessions },
    });
  }

  async #run(script: typeof openScript, id: string, args: readonly (string | number)[], attempt: Attempt) {
    const all = [this.#host.time(), ...args];
    return this.#host.living(id, await this.#host.link.run(script, keyList(this.#host.keysOf(id)), all, attempt));
  }

  #persist<T>(id: string, options: StateCallOptions, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    return this.#host.persist(`session '${id}'`, options, work);
  }
}

/** Where it is kept is the server's matter. */
function checkVault(id: string, { vault }: OpenOptions): void {
  if (vault === undefined) return;
  const message = `session '${id}': is kept by Redis; what survives there, the set-up of the server says`;
  throw invalid(message, { sessionId: id, vault });
}

function checkId(sessionId: unknown): string {
  const id = checkSessionId(sessionId);
  checkWritable(id, 'session');
  return id;
}

const ttlOf = (text: unknown): number | undefined => (text === '0' ? undefined : Number(text));
