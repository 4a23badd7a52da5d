/**
 * Who may call what on the public port: a bearer token per client, each with scopes and the sessions that it may
 * touch. Tokens are compared in constant time and stand in no message and no log.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { AuthError, SpecError } from '../../../actors/core/index.ts';
import { type ClientSessions, checkClientSessions } from './client-sessions.ts';

/**
 * `call`: run tools. `read`: sessions, variables, lists. `write`: commit, open and close sessions. `operate`: what
 * changes the system itself.
 */
export type Scope = 'call' | 'read' | 'write' | 'operate';

export interface ClientToken {
  /** Who it is, for logs, limits and as the writer of commits. Two tokens of one name are one client. */
  readonly name: string;
  /** 32 to 512 visible ASCII characters that nobody can guess. */
  readonly token: string;
  readonly scopes: readonly Scope[];
  /** Which sessions it may touch. Default `all`. */
  readonly sessions?: ClientSessions;
}

/** Tokens, or what answers those that are valid now: it is asked at each request, so that tokens can be exchanged. */
export type ClientTokens = readonly ClientToken[] | (() => readonly ClientToken[]);

/** Who calls. */
export interface Client {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly sessions: ClientSessions;
}

type Known = readonly { readonly digest: Buffer; readonly client: Client }[];

const scopes: readonly string[] = ['call', 'read', 'write', 'operate'] satisfies readonly Scope[];

export class Access {
  readonly #tokens: ClientTokens;
  readonly #onWrong: (error: Error) => void;
  #list: readonly ClientToken[];
  #known: Known;
  #wrong = '';

  /**
   * Throws SpecError for a token that is too short or stands twice, and for an unknown scope. When a function answers
   * such tokens later, or throws, those before stay and `onWrong` is told, once.
   */
  constructor(tokens: ClientTokens, onWrong: (error: Error) => void = () => {}) {
    this.#tokens = tokens;
    this.#onWrong = onWrong;
    this.#list = typeof tokens === 'function' ? tokens() : tokens;
    this.#known = knownOf(this.#list);
  }

  /** The client that an Authorization header is of. Throws AuthError. */
  client(authorization: string | null, scope: Scope): Client {
    const client = this.#find(authorization);
    if (client.scopes.has(scope)) return client;
    throw new AuthError('permission_denied', `the token of '${client.name}' has no scope '${scope}'`);
  }

  #find(authorization: string | null): Client {
    this.#renew();
    const token = /^Bearer (\S{1,512})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new AuthError('unauthenticated', 'a bearer token is needed');
    const digest = digestOf(token);
    let found: Client | undefined;
    // All of them, so that the time does not tell which one it was like.
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known.client;
    if (found === undefined) throw new AuthError('unauthenticated', 'this token is not known');
    return found;
  }

  #renew(): void {
    if (typeof this.#tokens !== 'function') return;
    let list = this.#list;
    try {
      list = this.#tokens();
      if (list !== this.#list) this.#known = knownOf(list);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#wrong) this.#onWrong(error as Error);
      this.#wrong = message;
    }
    this.#list = list;
  }
}

function knownOf(tokens: readonly ClientToken[]): Known {
  const known = tokens.map(({ name, token, scopes: given, sessions = 'all' }) => {
    if (typeof name !== 'string' || !/^[\x21-\x7e]{1,100}$/.test(name))
      throw new SpecError('client tokens', 'invalid_name: 1 to 100 visible ASCII characters without spaces', name);
    const target = `client token '${name}'`;
    if (typeof token !== 'string' || !/^[\x21-\x7e]{32,512}$/.test(token)) {
      throw new SpecError(target, 'invalid_token: it must be 32 to 512 visible ASCII characters without spaces');
    }
    const wrong = given.find((scope) => !scopes.includes(scope));
    if (wrong !== undefined) throw new SpecError(target, 'invalid_scope', wrong);
    checkClientSessions(target, name, sessions);
    return { digest: digestOf(token), client: { name, scopes: new Set(given), sessions } };
  });
  const digests = known.map(({ digest }) => digest.toString('hex'));
  if (new Set(digests).size < digests.length) throw new SpecError('client tokens', 'duplicate_token');
  return known;
}

/** Of one length, whatever is compared. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
