/**
 * Workers of other hosts in a pool: how many there may be, how long their lease is, and which of those that ask to
 * join may. One that joined is a worker as any other, whose process somebody else started and will start again.
 */
import {
  isOwnVersion,
  type JoinRequest,
  JoinTokens,
  type LinksRef,
  linksRef,
  type TurnAway,
  VersionMismatchError,
} from '../../bridge/transport/index.ts';
import { type DynamicChild, DynamicSupervisorRef } from '../../supervisors/index.ts';
import { type ActorContext, type ResponseMessage, SpecError } from '../core/index.ts';
import type { PoolTable } from './pool-table.ts';

export interface RemoteOptions {
  /** How many workers of other hosts may be in the pool at a time, 1 to 1,000; one more is told to come back later. */
  readonly max: number;
  /**
   * How long such a worker lives without hearing of its host; the host gives it up after three quarters of it. Default
   * 15,000 ms, at least 1,000.
   */
  readonly leaseMs?: number;
  /** A file that holds a valid join token, and always a fresh one, as long as the pool lives. Default: none. */
  readonly tokenFile?: string;
  /** How long a token in that file is valid; it is replaced at half of it. Default 3,600,000 ms, at least 1,000. */
  readonly tokenTtlMs?: number;
  /**
   * A file of join tokens that somebody else made, one a line: all hosts that are given it take the same workers. Looked
   * at at each join, so tokens are exchanged in it. Default: none.
   */
  readonly tokensFrom?: string;
}

export const defaultLeaseMs = 15_000;
export const defaultTokenTtlMs = 60 * 60 * 1_000;

/** Throws a SpecError that names the wrong option. */
export function validateRemote(options: RemoteOptions): void {
  const { max, leaseMs = defaultLeaseMs, tokenFile, tokensFrom, tokenTtlMs = defaultTokenTtlMs } = options;
  if (!Number.isInteger(max) || max < 1 || max > 1_000) throw new SpecError('python', 'invalid_remote.max', max);
  // The worker's side counts in 32 bits.
  if (!Number.isInteger(leaseMs) || leaseMs < 1_000 || leaseMs > 86_400_000)
    throw new SpecError('python', 'invalid_remote.leaseMs', leaseMs);
  if (!(Number.isFinite(tokenTtlMs) && tokenTtlMs >= 1_000))
    throw new SpecError('python', 'invalid_remote.tokenTtlMs', tokenTtlMs);
  for (const [name, file] of Object.entries({ tokenFile, tokensFrom }))
    if (file !== undefined && (typeof file !== 'string' || file === ''))
      throw new SpecError('python', `invalid_remote.${name}`, file);
}

/** What the pool's manager is given. */
export interface RemoteInput {
  readonly pool: string;
  readonly max: number;
  /** A file of tokens that other hosts take, too. */
  readonly tokensFrom: string | undefined;
  readonly module: string;
  /** The path of links. */
  readonly links: string;
  /** The path of the workers' supervisor. */
  readonly supervisor: string;
  readonly child: (id: string, request: JoinRequest, links: LinksRef) => DynamicChild;
}

export type RemoteMessage = ResponseMessage & { readonly tag: RemoteTag };
interface RemoteTag {
  readonly remote: string;
}

/** True for the answer to a request of ours. */
export const isRemoteMessage = (message: object): message is RemoteMessage =>
  'tag' in message && typeof message.tag === 'object' && message.tag !== null && 'remote' in message.tag;

export class Remote {
  readonly #ctx: ActorContext<never>;
  readonly #input: RemoteInput | undefined;
  readonly #table: PoolTable;
  readonly #there: () => number;
  /** Asked for at the supervisor, and not there yet: their worker actor has not reported. */
  readonly #starting = new Map<string, JoinRequest>();

  /** `there`: how many workers of other hosts there are. Throws a SpecError for a file of tokens that is none. */
  constructor(ctx: ActorContext<never>, input: RemoteInput | undefined, table: PoolTable, there: () => number) {
    this.#ctx = ctx;
    this.#input = input;
    this.#table = table;
    this.#there = there;
    if (input?.tokensFrom === undefined) return;
    JoinTokens.of(ctx.system, input.links).share(input.pool, ctx.ref(ctx.path), input.tokensFrom);
  }

  get #links(): LinksRef {
    return linksRef(this.#ctx, this.#input?.links ?? '');
  }

  join(request: JoinRequest): void {
    const input = this.#input;
    if (input === undefined) return;
    const refusal = this.#refusal(request, input);
    if (refusal !== undefined) {
      this.#ctx.cast(this.#links, 'turnAway', refusal);
      return;
    }
    this.#table.lastWorker += 1;
    const id = `r-${this.#table.lastWorker}`;
    this.#table.remote.add(id);
    this.#starting.set(id, request);
    const tag: RemoteTag = { remote: id };
    const supervisor = new DynamicSupervisorRef(this.#ctx.system, input.supervisor);
    const child = input.child(id, request, this.#links);
    this.#ctx.request(supervisor, 'startChild', child, { tag, timeoutMs: Number.POSITIVE_INFINITY });
  }

  #refusal({ join, pool, module, libraryVersion }: JoinRequest, input: RemoteInput): TurnAway | undefined {
    if (!isOwnVersion(libraryVersion))
      return { join, later: false, message: new VersionMismatchError('the worker', libraryVersion).message };
    if (module !== input.module) {
      const message = `pool '${pool}' is of workers that serve '${input.module}'; this one serves '${module}'`;
      return { join, later: false, message };
    }
    if (this.#there() + this.#starting.size < input.max) return undefined;
    return { join, later: true, message: `pool '${pool}' has its ${input.max} workers of other hosts already` };
  }

  /** The supervisor has answered. */
  heard(message: RemoteMessage): void {
    const request = this.#starting.get(message.tag.remote);
    if (request === undefined || message.ok) return;
    this.#starting.delete(message.tag.remote);
    this.#table.remote.delete(message.tag.remote);
    const refusal: TurnAway = { join: request.join, later: true, message: message.error.message };
    this.#ctx.cast(this.#links, 'turnAway', refusal);
  }

  /** A worker has reported: it is there from now on. */
  reported(id: string): void {
    this.#starting.delete(id);
  }
}
