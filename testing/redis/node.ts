/** One Redis server, as a test sees it: where it is, what can be said to it, and what can be done to it. */
import type { RedisReply } from './resp.ts';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** `redis://:password@host:port`, for a client. */
  readonly url: string;
  /** Its process; undefined while it is stopped, and for a server of `REDIS_URL`. */
  readonly osPid: number | undefined;

  /** Says a command. Rejects with a RedisHarnessError: `redis_refused` with the server's own words, or no answer. */
  command(...words: readonly (string | number)[]): Promise<RedisReply>;

  /**
   * Holds back the clients' commands, all or only the writing ones, for so long (CLIENT PAUSE). Connections stay.
   * Default all. A pause of all is over when its time is and no sooner: `heal` and the harness's own commands wait, too.
   * For an open end there is `freeze`.
   */
  pause(ms: number, what?: 'all' | 'write'): Promise<void>;
  /** Cuts all clients' connections but the harness's own (CLIENT KILL). Resolves to how many. */
  killClients(): Promise<number>;
  /** Does nothing at all for so long (DEBUG SLEEP): it answers nobody. Resolves when it is awake again. */
  sleep(ms: number): Promise<void>;
  /** Stops the process where it stands (SIGSTOP): its sockets stay open and nothing comes out of them. */
  freeze(): void;
  /** Lets a frozen one go on (SIGCONT). */
  thaw(): void;
  /** Makes it refuse writes with READONLY, as one that has become a replica does (REPLICAOF). Not in a cluster. */
  makeReadOnly(): Promise<void>;
  /** Makes it refuse what needs memory with OOM, from so many bytes on (maxmemory, noeviction). 1 is at once. */
  limitMemory(bytes: number): Promise<void>;
  /** Ends it at once (SIGKILL). Its port stays reserved to it, its data on disk. */
  kill(): Promise<void>;
  /** Ends it in order (SIGTERM). */
  stop(): Promise<void>;
  /** Starts it again, on the same port with its data, in the role that it had. Resolves when it answers. */
  start(): Promise<void>;
  /** Takes back every fault: thaws, starts, unpauses, gives back role and memory. */
  heal(): Promise<void>;
}
