/**
 * Another host whose sessions are used here: one connection, for all who use the same `bridgedState({ url })` in one
 * system. It lies in the system's tables and ends with the system.
 */
import type { ClientHttp2Stream } from 'node:http2';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { ActorDownError, type ActorSystem, addMonitor, exitReason, ProtocolError } from '../../../actors/core/index.ts';
import { type Attempt, persist, type StateCallOptions, topOf } from '../../../actors/state/index.ts';
import { errorOfFault } from '../error-codes.ts';
import { type OperateRequest, type OperateResponse, StateService } from '../gen/state_pb.js';
import { Follows } from './follows.ts';
import { stateMaxBytes } from './limits.ts';
import { Operations } from './operations.ts';
import type { RemoteSettings } from './options.ts';
import { toldBy } from './told.ts';

type Operation = OperateRequest['operation'];
type Answer = OperateResponse['answer'];
type Case = Exclude<Answer['case'], undefined | 'fault'>;
type ValueAt<C extends Case> = Extract<Answer, { case: C }> extends { value: infer V } ? V : never;

/** A host that gives no sign of life for so long, twice, is taken for cut off. */
const aliveMs = 5_000;
/** In MB. With Node's 10 a large answer that is on its way would keep new requests back. */
const maxSessionMemory = 64;
/** How much may be on its way here, of one answer and of all. Node's 64 KiB hold whole sessions back. */
const windowBytes = 4 * 1024 * 1024;
/** The longest deadline that the port takes. */
const timeoutMsMax = 60 * 60_000;

export class RemoteHost {
  readonly system: ActorSystem;
  readonly root: string;
  readonly settings: RemoteSettings;
  readonly follows: Follows;
  readonly #client: Client<typeof StateService>;
  readonly #operations: Operations;
  readonly #connection: Connection;
  readonly #name: string;
  #keys = 0;

  constructor(system: ActorSystem, root: string, settings: RemoteSettings) {
    this.system = system;
    this.root = root;
    this.settings = settings;
    this.#name = system.runtime.ids.next();
    const baseUrl = settings.url.origin;
    this.#connection = new Connection(
      baseUrl,
      { pingIntervalMs: aliveMs, pingTimeoutMs: aliveMs },
      { ...settings.tls, maxSessionMemory, settings: { initialWindowSize: windowBytes } },
    );
    const transport = createGrpcTransport({
      baseUrl,
      sessionManager: this.#connection,
      readMaxBytes: stateMaxBytes,
      writeMaxBytes: stateMaxBytes,
      acceptCompression: [],
      interceptors: [
        (next) => (request) => {
          request.header.set('authorization', `Bearer ${settings.token()}`);
          return next(request);
        },
      ],
    });
    this.#client = createClient(StateService, transport);
    this.#operations = new Operations(system, baseUrl, (requests, signal) =>
      this.#client.operateEach(requests, { signal }),
    );
    this.follows = new Follows(system, baseUrl, (requests, signal) => this.#client.follow(requests, { signal }));
    const top = system.lookup(topOf(root));
    // Without it there is nobody who would use it.
    if (top === undefined) this.#close(new ActorDownError(root, exitReason.noproc));
    else addMonitor(top, (_pid, reason) => this.#close(new ActorDownError(root, reason)));
  }

  /** A key for a commit that its caller gave none: nobody else has it. */
  nextKey(): string {
    this.#keys += 1;
    return `${this.#name}.${this.#keys}`;
  }

  /** Tries until it succeeds, fails for good, or the time is up. */
  persist<T>(sessionId: string, options: StateCallOptions, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    const target = sessionId === '' ? 'sessions' : `session '${sessionId}'`;
    return persist({ system: this.system, root: this.root, target }, options, attempt);
  }

  /** One attempt at an operation that is answered so. */
  async ask<C extends Case>(
    wanted: C,
    request: { readonly sessionId: string; readonly as?: string | undefined; readonly operation: Operation },
    attempt: Attempt,
  ): Promise<ValueAt<C>> {
    const answer = await this.answer(request, attempt);
    if (answer.case === wanted) return answer.value as ValueAt<C>;
    throw new ProtocolError(`${this.settings.url.origin} answers '${answer.case}' where '${wanted}' was asked for`);
  }

  async answer(
    { sessionId, as = '', operation }: { sessionId: string; as?: string | undefined; operation: Operation },
    attempt: Attempt,
  ): Promise<Answer> {
    attempt.signal?.throwIfAborted();
    const request: OperateRequest = { $typeName: 'ophion.v1.OperateRequest', sessionId, as, operation };
    // A whole session would hold up what is behind it.
    const isLarge = operation.case === 'import' || operation.case === 'export';
    const answer = await (isLarge ? this.#alone(request, attempt) : this.#operations.ask(request, attempt));
    if (answer.case === 'fault') throw errorOfFault(answer.value, '');
    return answer;
  }

  async #alone(request: OperateRequest, { timeoutMs, signal }: Attempt): Promise<Answer> {
    // gRPC has whole milliseconds alone.
    const limit = { timeoutMs: Math.ceil(Math.min(timeoutMs, timeoutMsMax)) };
    try {
      const { answer } = await this.#client.operate(request, signal === undefined ? limit : { ...limit, signal });
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw toldBy(this.settings.url.origin, error);
    }
  }

  #close(reason: Error): void {
    this.#operations.close(reason);
    this.follows.close(reason);
    this.#connection.abort(reason);
  }
}

/** Each new connection takes more at a time than Node has it. */
class Connection extends Http2SessionManager {
  readonly #known = new WeakSet<object>();

  override async request(...args: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...args);
    const { session } = stream;
    if (session !== undefined && !this.#known.has(session)) {
      this.#known.add(session);
      session.setLocalWindowSize(windowBytes);
    }
    return stream;
  }
}

/** The host of a backend in a system; made at its first use there. */
export function remoteHost(system: ActorSystem, root: string, backend: object, settings: RemoteSettings): RemoteHost {
  const key = `${root}/remote-state`;
  let hosts = system.tables.get(key) as Map<object, RemoteHost> | undefined;
  if (hosts === undefined) {
    hosts = new Map();
    system.tables.set(key, hosts);
  }
  let host = hosts.get(backend);
  if (host === undefined) {
    host = new RemoteHost(system, root, settings);
    hosts.set(backend, host);
  }
  return host;
}
