/**
 * Who may look: a token for each start, single-use codes for the page's address, and sessions of the page in a cookie
 * that no script reads. A browser that another site sends here brings a wrong `Host` or `Origin`, and is refused.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock, Ids } from '../../actors/core/index.ts';
import { sameSecret } from '../../bridge/transport/index.ts';

/** For how long a code can be used, and how many can be open at once. */
const codeMs = 10 * 60_000;
const codesMax = 16;
/** How many pages may be signed in. */
const pagesMax = 64;

export class Access {
  readonly token: string;
  /** For receivers that can bring nothing but an address: good for the feed of actors alone. */
  readonly feedToken: string;
  readonly #clock: Clock;
  readonly #ids: Ids;
  /** By code: until when, on the monotonic clock. */
  readonly #codes = new Map<string, number>();
  readonly #pages = new Set<string>();

  constructor(clock: Clock, ids: Ids, token = `${ids.next()}${ids.next()}`) {
    this.#clock = clock;
    this.#ids = ids;
    this.token = token;
    this.feedToken = `${ids.next()}${ids.next()}`;
  }

  /** A new code: who brings it within ten minutes, once, is signed in. */
  newCode(): string {
    const code = this.#ids.next();
    this.#codes.set(code, this.#clock.monotonicMs() + codeMs);
    if (this.#codes.size > codesMax) this.#codes.delete(this.#codes.keys().next().value as string);
    return code;
  }

  /** The cookie's value for who brought a code that is good; undefined for any other. */
  exchange(code: string): string | undefined {
    const untilMs = this.#codes.get(code);
    this.#codes.delete(code);
    if (untilMs === undefined || untilMs < this.#clock.monotonicMs()) return undefined;
    const page = `${this.#ids.next()}${this.#ids.next()}`;
    this.#pages.add(page);
    if (this.#pages.size > pagesMax) this.#pages.delete(this.#pages.values().next().value as string);
    return page;
  }

  /** Whether a request brings the token. */
  hasToken({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
    const [scheme = '', given = ''] = (headers.authorization ?? '').split(' ');
    return scheme.toLowerCase() === 'bearer' && sameSecret(given, this.token);
  }

  /** Whether an address has the token of the feed. */
  hasFeedToken(url: URL): boolean {
    return sameSecret(url.searchParams.get('token') ?? '', this.feedToken);
  }

  /** Whether it is of a page that is signed in. */
  hasPage({ headers }: Pick<IncomingMessage, 'headers'>, cookie: string): boolean {
    const given = (headers.cookie ?? '').split(/;\s*/).find((one) => one.startsWith(`${cookie}=`));
    return given !== undefined && this.#pages.has(given.slice(cookie.length + 1));
  }
}

/** Names of this machine under which its loopback port is asked for. */
const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/** Whether the `Host` of a request is the address at which this port listens: a name of somebody else's points here else. */
export function isOurHost(host: string | undefined, port: number, names: readonly string[] = loopbackNames): boolean {
  return names.some((name) => host === `${name}:${port}`);
}

/** Whether a request comes from a page of this very host, or from no page at all. */
export function isOurOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
