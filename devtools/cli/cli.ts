/** How commands are made: each is commander's, and those that need a system have the same options to say which. */
import { Command, InvalidArgumentError } from 'commander';
import { connectDevtools } from '../client/index.ts';
import type { Io } from './io.ts';
import type { Manifest } from './manifest.ts';
import { Session } from './session.ts';

/** What every attached command is told. */
export interface AttachOptions {
  readonly json?: boolean;
  readonly name?: string;
  readonly pid?: number;
  readonly url?: string;
  readonly token?: string;
}

export class Cli {
  readonly io: Io;
  readonly manifest: Manifest;

  constructor(io: Io, manifest: Manifest) {
    this.io = io;
    this.manifest = manifest;
  }

  /** A command that asks a running system. */
  attached(name: string, summary: string): Command {
    return this.plain(name, summary)
      .option('--name <name>', 'the system with this name')
      .option('--pid <number>', 'the system in this process', wholeNumber)
      .option('--url <url>', 'the system at this address, with --token')
      .option('--token <token>', 'its token (or OPHION_TOKEN)');
  }

  /** A command that needs none. */
  plain(name: string, summary: string): Command {
    return new Command(name).description(summary).option('--json', 'answer in JSON');
  }

  /** What such a command does: `work` has a session, and the arguments and options that the command was given. */
  run<A extends unknown[]>(work: (session: Session, ...args: A) => Promise<void>, { reconnect = false } = {}) {
    return (...args: unknown[]): Promise<void> => {
      const options = (args.at(-1) as Command).opts<AttachOptions>();
      return this.with(options, { reconnect }, (session) => work(session, ...(args as A)));
    };
  }

  /** A session for as long as `work` takes. */
  async with(
    options: AttachOptions,
    { reconnect }: { readonly reconnect: boolean },
    work: (session: Session) => Promise<void>,
  ): Promise<void> {
    const session = await this.connect(options, { reconnect });
    try {
      await work(session);
    } finally {
      session.connection.close();
      await session.connection.ended;
    }
  }

  async connect({ json = false, name, pid, url, token }: AttachOptions, { reconnect = false } = {}): Promise<Session> {
    const { io } = this;
    let session: Session | undefined;
    const connection = await connectDevtools({
      ...given({ name, pid, url, token }),
      env: io.env,
      reconnect,
      changed: (news) => session?.told(news),
    });
    session = new Session(io, connection, json);
    return session;
  }
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it is no whole number.');
  return Number(text);
}

/** `10s`, `500ms`, `2m`, `1h` to milliseconds; a number alone is seconds. */
export function duration(text: string): number {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('it is no duration, such as 500ms, 10s or 2m.');
  return Number(digits) * (unitsMs[unit] ?? 1);
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`it is no JSON (${(error as Error).message}); a text needs its quotes: '"text"'.`);
  }
}

/** `a,b` and said several times. */
export const list = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text.split(',').filter((part) => part !== ''),
];

/** Without what was not given, so that it can be spread into a query. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
