/**
 * Just enough of the Redis protocol to steer a server from a test: commands one after the other, answers in order.
 * Not a client for applications.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../actors/core/index.ts';
import { RedisHarnessError } from './errors.ts';

/** An answer: an error inside an array stays where it is, one that is the whole answer rejects. */
export type RedisReply = string | number | null | RedisHarnessError | readonly RedisReply[];

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** Its number. */
  readonly database?: string;
  readonly clock: Clock;
}

interface Pending {
  readonly resolve: (reply: RedisReply) => void;
  readonly reject: (error: Error) => void;
}

const maxPending = 1_000;
const maxReplyBytes = 64 * 1024 * 1024;

export class RespConnection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #pending: Pending[] = [];
  /** Resolves when it is of no use any more. */
  readonly closed: Promise<void>;
  #rest: Buffer = Buffer.alloc(0);
  #lost: RedisHarnessError | undefined;

  private constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (cause) => this.#lose(`the connection broke: ${cause.message}`, cause));
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#lose('the connection was closed');
        resolve();
      });
    });
  }

  /** Connects and authenticates. Rejects with a RedisHarnessError. */
  static async open({ host, port, username, password, database, clock }: ConnectOptions): Promise<RespConnection> {
    const socket = connect({ host, port, noDelay: true });
    const connection = new RespConnection(socket, clock);
    if (password !== undefined && password !== '') {
      await connection.command(['AUTH', ...(username === undefined || username === '' ? [] : [username]), password]);
    }
    if (database !== undefined && database !== '') await connection.command(['SELECT', database]);
    return connection;
  }

  /** Rejects with `redis_refused`, `redis_no_answer` (after 10 s unless told otherwise) or `redis_connection_lost`. */
  command(words: readonly (string | number)[], timeoutMs = 10_000): Promise<RedisReply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (this.#pending.length >= maxPending) {
      return Promise.reject(new RedisHarnessError('redis_no_answer', `${maxPending} commands wait already`));
    }
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        // Whatever comes now would be taken for another command's answer.
        this.#lose(`no answer to ${words[0]} within ${timeoutMs} ms`, undefined, 'redis_no_answer');
      });
      this.#pending.push({
        resolve: (reply) => {
          timer.cancel();
          resolve(reply);
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      });
      const bulks = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
      this.#socket.write(`*${words.length}\r\n${bulks.join('')}`);
    });
  }

  close(): void {
    this.#lose('the connection was closed');
  }

  #lose(why: string, cause?: Error, code: 'redis_connection_lost' | 'redis_no_answer' = 'redis_connection_lost'): void {
    if (this.#lost !== undefined) return;
    this.#lost = new RedisHarnessError(code, why, cause === undefined ? {} : { cause });
    this.#socket.destroy();
    for (const { reject } of this.#pending.splice(0)) reject(this.#lost);
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#rest.length > maxReplyBytes) this.#lose(`an answer has more than ${maxReplyBytes} bytes`);
    while (this.#lost === undefined) {
      let parsed: ReturnType<typeof parseReply>;
      try {
        parsed = parseReply(this.#rest, 0);
      } catch (error) {
        this.#lose((error as Error).message, error as Error);
      }
      if (parsed === undefined) return;
      this.#rest = this.#rest.subarray(parsed.next);
      const waiting = this.#pending.shift();
      if (parsed.reply instanceof RedisHarnessError) waiting?.reject(parsed.reply);
      else waiting?.resolve(parsed.reply);
    }
  }
}

/** A connection that is opened when it is needed, and again after it was lost. */
export class RespClient {
  readonly #options: () => ConnectOptions;
  #connection: Promise<RespConnection> | undefined;

  constructor(options: () => ConnectOptions) {
    this.#options = options;
  }

  async command(words: readonly (string | number)[], timeoutMs?: number): Promise<RedisReply> {
    this.#connection ??= this.#open();
    return (await this.#connection).command(words, timeoutMs);
  }

  close(): void {
    this.#connection?.then(
      (connection) => connection.close(),
      () => {},
    );
    this.#connection = undefined;
  }

  #open(): Promise<RespConnection> {
    const opening = RespConnection.open(this.#options());
    const forget = () => {
      if (this.#connection === opening) this.#connection = undefined;
    };
    opening.then(({ closed }) => closed.then(forget), forget);
    return opening;
  }
}

/** The answer that begins at an offset, and where the next one does; undefined while it has not come whole. */
export function parseReply(
  bytes: Buffer,
  at: number,
): { readonly reply: RedisReply; readonly next: number } | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (end === -1) return undefined;
  const line = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(bytes[at] as number)) {
    case '+':
      return { reply: line, next };
    case '-':
      return { reply: new RedisHarnessError('redis_refused', line, { reply: line }), next };
    case ':':
      return { reply: Number(line), next };
    case '$': {
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      if (bytes.length < next + length + 2) return undefined;
      return { reply: bytes.toString('utf8', next, next + length), next: next + length + 2 };
    }
    case '*': {
      if (Number(line) < 0) return { reply: null, next };
      const items: RedisReply[] = [];
      let from = next;
      for (let i = 0; i < Number(line); i += 1) {
        const item = parseReply(bytes, from);
        if (item === undefined) return undefined;
        items.push(item.reply);
        from = item.next;
      }
      return { reply: items, next: from };
    }
    default:
      throw new RedisHarnessError('redis_connection_lost', `this is not RESP2: ${JSON.stringify(line.slice(0, 40))}`);
  }
}
