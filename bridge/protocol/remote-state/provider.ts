/**
 * `bridgedState()`: sessions that everybody can use, Python above all. Those of this process, or those of another host,
 * over its public port.
 */
import {
  type BridgedStateOptions,
  checkedExport,
  checkedReader,
  checkSessionId,
  checkTtl,
  equalExports,
  bridgedState as here,
  type ImportOptions,
  isOurs,
  type ListOptions,
  type OpenOptions,
  type ReaderOptions,
  type SessionExport,
  type SessionList,
  type StateBackend,
  type StateCallOptions,
  type StateHost,
  type StateProvider,
  type StateSession,
} from '../../../actors/state/index.ts';
import type { SessionHead } from '../gen/state_pb.js';
import { encodeContent } from './content.ts';
import { type RemoteHost, remoteHost } from './host.ts';
import { type RemoteStateOptions, remoteSettings } from './options.ts';
import { RemoteSession } from './session.ts';

/**
 * State that Python sees, too. Without a `url`: the sessions of this process, one Session actor for each. With one: those
 * of the host whose public port that is (docs/state.md); it connects at its first use, goes on over every cut, and the
 * connection ends with the system.
 *
 * @throws SpecError an option is wrong
 * @example const state = bridgedState({ url: 'https://coordinator:7433', token, tls: { ca: 'ca.pem' } });
 */
export function bridgedState(options: BridgedStateOptions | RemoteStateOptions = {}): StateBackend<StateHost> {
  if (!('url' in options)) return here(options);
  const settings = remoteSettings(options);
  const backend: StateBackend<StateHost> = {
    kind: 'bridged',
    connect: ({ system, root }) => new RemoteState(remoteHost(system, root, backend, settings)),
  };
  return backend;
}

class RemoteState implements StateProvider {
  readonly kind = 'bridged';
  readonly #host: RemoteHost;

  constructor(host: RemoteHost) {
    this.#host = host;
  }

  async open(sessionId?: string, options: OpenOptions & StateCallOptions = {}): Promise<StateSession> {
    // Made here, so that an attempt that was cut off and the next one are about the same session.
    const id = sessionId === undefined ? this.#host.system.runtime.ids.next() : checkSessionId(sessionId);
    const as = checkedReader(options.as);
    const value = { $typeName: 'ophion.v1.OpenOperation' as const, ...this.#how(options) };
    const head = await this.#host.persist(id, options, (attempt) =>
      this.#host.ask('session', { sessionId: id, as, operation: { case: 'open', value } }, attempt),
    );
    return this.#session(head, as);
  }

  async find(sessionId: string, options: ReaderOptions & StateCallOptions = {}): Promise<StateSession> {
    const as = checkedReader(options.as);
    const value = { $typeName: 'ophion.v1.FindOperation' as const };
    const head = await this.#host.persist(sessionId, options, (attempt) =>
      this.#host.ask('session', { sessionId, as, operation: { case: 'find', value } }, attempt),
    );
    return this.#session(head, as);
  }

  async import(content: SessionExport, options: ImportOptions & StateCallOptions = {}): Promise<StateSession> {
    const id = checkSessionId(content?.sessionId);
    const checked = checkedExport(content);
    const { sealedMs } = options;
    const as = checkedReader(options.as);
    const value = {
      $typeName: 'ophion.v1.ImportOperation' as const,
      content: encodeContent(checked),
      ...this.#how(options),
      ...(sealedMs === undefined ? {} : { sealedMs }),
    };
    const head = await this.#host.persist(id, options, async (attempt) => {
      try {
        const request = { sessionId: id, as, operation: { case: 'import' as const, value } };
        return await this.#host.ask('session', request, attempt);
      } catch (error) {
        // An attempt before, whose answer was lost, may have done it.
        if (!isOurs(error, attempt)) throw error;
        const there = await this.find(id, { timeoutMs: attempt.timeoutMs });
        if (!equalExports(await there.export({ timeoutMs: attempt.timeoutMs }), checked)) throw error;
        return undefined;
      }
    });
    return head === undefined ? this.find(id, options) : this.#session(head, as);
  }

  async list({ signal, timeoutMs, ...which }: ListOptions & StateCallOptions = {}): Promise<SessionList> {
    const call = { ...(signal === undefined ? {} : { signal }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const { limit, after = '', prefix = '' } = which;
    const value = {
      $typeName: 'ophion.v1.ListOperation' as const,
      after,
      prefix,
      ...(limit === undefined ? {} : { limit }),
    };
    const { sessionIds, next } = await this.#host.persist('', call, (attempt) =>
      this.#host.ask('page', { sessionId: '', operation: { case: 'list', value } }, attempt),
    );
    return { sessionIds, next };
  }

  #session({ sessionId, ttlMs, place }: SessionHead, as: string | undefined): StateSession {
    return new RemoteSession(this.#host, { id: sessionId, ttlMs, as, place });
  }

  #how({ ttlMs, vault = this.#host.settings.vault }: OpenOptions) {
    checkTtl(ttlMs);
    return { ...(ttlMs === undefined ? {} : { ttlMs }), ...(vault === undefined ? {} : { vault }) };
  }
}
