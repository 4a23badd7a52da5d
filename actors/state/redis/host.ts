/**
 * What all sessions of one `redisState()` in one system share: connections, copies, the feed. It lies in the system's
 * tables and ends with the system.
 */
import { type ActorSystem, addMonitor, StateError } from '../../core/index.ts';
import { type FindFunction, findIn } from '../functions.ts';
import { type Attempt, type Persistence, persist, topOf } from '../retry.ts';
import type { StateCallOptions } from '../session-data.ts';
import { type Ending, ended, type StateTables, stateTables } from '../tables.ts';
import { Keys } from '../vault-session.ts';
import { Copies, type Copy } from './copies.ts';
import { RedisError, refusalOf } from './errors.ts';
import { FeedPlace } from './feed-place.ts';
import { keyList, type SessionKeys, sessionKeys } from './keys.ts';
import { type Argument, RedisLink } from './link.ts';
import type { RedisSettings } from './options.ts';
import { type Head, historyOfLog, type RawEntry, readingOf } from './rows.ts';
import { afterScript, loadScript, lookScript } from './scripts/lives.ts';
import { type Script, schema } from './scripts/script.ts';

/** How many commits are fetched at a time. */
const pageMax = 500;
/** Readings that were overtaken are taken again so many times. */
const triesMax = 100;

export type Reply = readonly [kind: string, ...rest: unknown[]];
/** How much of a session is to be there: what it is, or its kept history, too. */
export type Depth = 'head' | 'log';

export class RedisHost {
  readonly system: ActorSystem;
  readonly tables: StateTables;
  readonly settings: RedisSettings;
  readonly link: RedisLink;
  readonly copies: Copies;
  readonly keys: Keys;
  readonly feed: FeedPlace;
  /** The functions of computed variables. */
  readonly functionNamed: FindFunction;
  /** Tells this host's leases from others'. */
  readonly owner: string;

  constructor(system: ActorSystem, root: string, settings: RedisSettings, number: number) {
    this.system = system;
    this.tables = stateTables(system, root);
    this.settings = settings;
    this.link = new RedisLink(system, settings.source);
    this.copies = new Copies(this.tables, settings.prefix, settings.limits, settings.copiesMax);
    this.keys = new Keys(system);
    this.functionNamed = (name) => findIn(settings.functions, this.tables.functions)(name);
    this.owner = system.runtime.ids.next();
    this.feed = new FeedPlace(this, number);
    const top = system.lookup(topOf(root));
    // Without it there is nobody who would use it.
    if (top === undefined) this.link.close();
    else addMonitor(top, () => this.link.close());
  }

  /** Tries until it succeeds, fails for good, or the time is up. */
  async persist<T>(target: string, options: StateCallOptions, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const on: Persistence = { system: this.system, root: this.tables.root, target };
    // What the server said tells more than that the connection was cut for it.
    let said: RedisError | undefined;
    try {
      return await persist(on, options, async (attempt) => {
        try {
          return await work(attempt);
        } catch (error) {
          if (!(error instanceof RedisError)) throw error;
          if (error.code !== 'redis_down') said = error;
          throw refusalOf(error);
        }
      });
    } catch (error) {
      // Who gives up says why, by the name that it has.
      const cause = error instanceof StateError ? error.cause : undefined;
      if (!(cause instanceof StateError) || cause.details.reason === undefined) throw error;
      throw cause.details.reason === 'redis_down' && said !== undefined ? refusalOf(said) : cause;
    }
  }

  keysOf(id: string): SessionKeys {
    return this.copies.get(id)?.keys ?? sessionKeys(this.settings.prefix, id);
  }

  /** Runs a script on a session. Rejects when there is no such session, as the copies are told, too. */
  async run(script: Script, id: string, args: readonly Argument[], attempt: Attempt): Promise<Reply> {
    const reply = await this.link.run(script, keyList(this.keysOf(id)), [this.time(), schema, ...args], attempt);
    return this.living(id, reply);
  }

  /** The answer of a script on a session that lives. */
  living(id: string, reply: unknown): Reply {
    const [kind, more] = reply as Reply;
    if (kind === 'gone') {
      const ending = more as Ending;
      this.copies.end(id, ending);
      throw ended(id, ending);
    }
    if (kind === 'newer') {
      const message = `session '${id}' has schema ${String(more)}; this release reads ${schema}: install a newer one`;
      throw new RedisError('redis_too_new', message);
    }
    return reply as Reply;
  }

  /** For the scripts: none is the server's own. */
  time(): string {
    return this.settings.nowMs === undefined ? '' : String(Math.round(this.settings.nowMs()));
  }

  /** A copy, as it was at some time. */
  async known(id: string, attempt: Attempt): Promise<Copy> {
    return this.copies.get(id) ?? (await this.load(id, 'head', attempt));
  }

  /** A copy that is at least as new as the server was when this was called. An access. */
  async fresh(id: string, depth: Depth, attempt: Attempt): Promise<Copy> {
    const copy = this.copies.get(id);
    if (copy === undefined || (depth === 'log' && !copy.whole)) return this.load(id, depth, attempt);
    const { life, epoch, revision, tip } = copy.reading.head;
    const at = await this.#look(copy, attempt);
    if (at.life === life && at.epoch === epoch && at.revision === revision && at.tip === tip) return copy;
    return this.catchUp(copy, depth, attempt);
  }

  /** All of a session, in one reading. */
  async load(id: string, depth: Depth, attempt: Attempt): Promise<Copy> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const [, flat, log] = await this.run(loadScript, id, [depth], attempt);
      const reading = readingOf(id, flat as readonly string[]);
      const whole = depth === 'log';
      const history = historyOfLog(reading, log as readonly RawEntry[], this.settings.limits);
      const made = whole ? { ...reading, record: { ...reading.record, history } } : reading;
      const copy = this.copies.put(made, whole || reading.record.revision === 0, this.#nowMs());
      if (copy !== undefined && (copy.whole || !whole)) return copy;
    }
    throw new StateError('unavailable', `session '${id}': changes faster than it can be read`);
  }

  /** Fetches what a copy lacks. */
  async catchUp(copy: Copy, depth: Depth, attempt: Attempt): Promise<Copy> {
    for (;;) {
      const { life, epoch, revision, tip } = copy.reading.head;
      const reply = await this.run(afterScript, copy.id, [life, epoch, revision, tip, pageMax], attempt);
      if (reply[0] !== 'open') return this.load(copy.id, copy.whole ? 'log' : depth, attempt);
      const log = reply[1] as readonly RawEntry[];
      this.copies.advanceBy(copy, log);
      if (log.length < pageMax) return this.copies.get(copy.id) ?? copy;
    }
  }

  async #look(copy: Copy, attempt: Attempt): Promise<Head> {
    const fields = ['life', 'epoch', 'revision', 'tip', 'schema'];
    let [life, epoch, revision, tip, written] =
      copy.reading.ttlMs === undefined
        ? ((await this.link.command('HMGET', [copy.keys.session, ...fields], attempt)) as (string | null)[])
        : [];
    // One with a time to live is looked at by the server's clock; one that is not there may have left word.
    if (typeof life !== 'string' || Number(written) !== schema)
      [life, epoch, revision, tip] = (await this.run(lookScript, copy.id, ['1'], attempt)).slice(1) as string[];
    return { life: life as string, epoch: Number(epoch), revision: Number(revision), tip: tip as string };
  }

  #nowMs(): number {
    return this.system.runtime.clock.monotonicMs();
  }
}

/** The shared part of a backend in a system; made at its first use there. */
export function redisHost(system: ActorSystem, root: string, backend: object, settings: RedisSettings): RedisHost {
  const key = `${root}/redis`;
  let hosts = system.tables.get(key) as Map<object, RedisHost> | undefined;
  if (hosts === undefined) {
    hosts = new Map();
    system.tables.set(key, hosts);
  }
  let host = hosts.get(backend);
  if (host === undefined) {
    host = new RedisHost(system, root, settings, hosts.size + 1);
    hosts.set(backend, host);
  }
  return host;
}
