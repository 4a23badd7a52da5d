/** A server that somebody else runs, named by `REDIS_URL`. It is spoken to, and left as it is. */
import { nodeRuntime } from '../../actors/core/index.ts';
import { RedisHarnessError } from './errors.ts';
import type { RedisNode } from './node.ts';
import { type RedisReply, RespClient } from './resp.ts';

export class BorrowedNode implements RedisNode {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly url: string;
  readonly osPid = undefined;
  readonly #client: RespClient;

  constructor(url: string) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol !== 'redis:' || parsed.hostname === '') {
      // Without the text itself: it may hold a password.
      throw new RedisHarnessError('redis_missing', 'REDIS_URL is not redis://[user:password@]host[:port][/database]');
    }
    this.url = url;
    this.host = parsed.hostname;
    this.port = parsed.port === '' ? 6379 : Number(parsed.port);
    this.password = decodeURIComponent(parsed.password);
    const { host, port, password } = this;
    this.#client = new RespClient(() => ({
      host,
      port,
      username: decodeURIComponent(parsed.username),
      password,
      database: parsed.pathname.slice(1),
      clock: nodeRuntime().clock,
    }));
  }

  command(...words: readonly (string | number)[]): Promise<RedisReply> {
    return this.#client.command(words);
  }

  close(): void {
    this.#client.close();
  }

  readonly pause = () => this.#refuse('be paused');
  readonly killClients = () => this.#refuse('lose its clients');
  readonly sleep = () => this.#refuse('be put to sleep');
  readonly makeReadOnly = () => this.#refuse('be made read-only');
  readonly limitMemory = () => this.#refuse('be limited');
  readonly kill = () => this.#refuse('be killed');
  readonly stop = () => this.#refuse('be stopped');
  readonly start = () => this.#refuse('be started');
  readonly heal = () => Promise.resolve();

  freeze(): never {
    throw notOurs('be frozen');
  }

  thaw(): never {
    throw notOurs('be thawed');
  }

  #refuse(what: string): Promise<never> {
    return Promise.reject(notOurs(what));
  }
}

const notOurs = (what: string): RedisHarnessError =>
  new RedisHarnessError('redis_not_ours', `the server of REDIS_URL is not this test's own, so it will not ${what}`);
