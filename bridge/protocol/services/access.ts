/**
 * Who may call what on the public port: a bearer token per client, each with scopes. Tokens are compared in constant
 * time and stand in no message and no log.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { AuthError, SpecError } from '../../../actors/core/index.ts';

/**
 * `call`: run tools. `read`: sessions, variables, lists. `write`: commit, open and close sessions. `operate`: what
 * changes the system itself.
 */
export type Scope = 'call' | 'read' | 'write' | 'operate';

export interface ClientToken {
  /** Who it is, for logs and as the writer of commits. */
  readonly name: string;
  /** 32 to 512 visible ASCII characters that nobody can guess. */
  readonly token: string;
  readonly scopes: readonly Scope[];
}

/** Who calls. */
export interface Client {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

const scopes: readonly string[] = ['call', 'read', 'write', 'operate'] satisfies readonly Scope[];

export class Access {
  readonly #clients: readonly { readonly digest: Buffer; readonly client: Client }[];

  /** Throws SpecError for a token that is too short or stands twice, and for an unknown scope. */
  constructor(tokens: readonly ClientToken[]) {
    this.#clients = tokens.map(({ name, token, scopes: given }) => {
      const target = `client token '${name}'`;
      if (typeof token !== 'string' || !/^[\x21-\x7e]{32,512}$/.test(token)) {
        throw new SpecError(target, 'invalid_token: it must be 32 to 512 visible ASCII characters without spaces');
      }
      const wrong = given.find((scope) => !scopes.includes(scope));
      if (wrong !== undefined) throw new SpecError(target, 'invalid_scope', wrong);
      return { digest: digestOf(token), client: { name, scopes: new Set(given) } };
    });
    const digests = this.#clients.map(({ digest }) => digest.toString('hex'));
    if (new Set(digests).size < digests.length) throw new SpecError('client tokens', 'duplicate_token');
  }

  /** The client that an Authorization header is of. Throws AuthError. */
  client(authorization: string | null, scope: Scope): Client {
    const token = /^Bearer (\S{1,512})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new AuthError('unauthenticated', 'a bearer token is needed');
    const digest = digestOf(token);
    let found: Client | undefined;
    // All of them, so that the time does not tell which one it was like.
    for (const known of this.#clients) if (timingSafeEqual(known.digest, digest)) found = known.client;
    if (found === undefined) throw new AuthError('unauthenticated', 'this token is not known');
    if (!found.scopes.has(scope))
      throw new AuthError('permission_denied', `the token of '${found.name}' has no scope '${scope}'`);
    return found;
  }
}

/** Of one length, whatever is compared. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
