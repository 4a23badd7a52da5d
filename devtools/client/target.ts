/** Which system is meant: the one that runs, one by name or number, or one at an address. */
import { ConnectError } from './errors.ts';
import { type FoundSystem, listRunFiles, runFolder } from './run-file.ts';

export interface TargetOptions {
  /** The system's name, as its greeting says it. */
  readonly name?: string;
  /** The number of its process. */
  readonly pid?: number;
  /** Of a host that is reached by TCP: `http://127.0.0.1:PORT`. Needs the token. */
  readonly url?: string;
  /** Default: the environment's OPHION_TOKEN for a URL, what the run file says without one. */
  readonly token?: string;
  /** Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface Target {
  /** For the WebSocket. */
  readonly address: string;
  /** The Unix socket that leads there; undefined: TCP. */
  readonly socket: string | undefined;
  readonly token: string;
  /** How a person calls it. */
  readonly what: string;
  /** Where it was found; undefined at an address. */
  readonly system: FoundSystem | undefined;
}

/** Throws ConnectError: `no_system`, `several_systems`, `usage`. */
export function findTarget({ name, pid, url, token, env = process.env }: TargetOptions): Target {
  const { OPHION_TOKEN } = env;
  if (url !== undefined) return atAddress(url, token ?? OPHION_TOKEN);
  const folder = runFolder(env);
  const { systems, refused } = listRunFiles(folder);
  const fits = systems.filter(
    (one) => (name === undefined || one.name === name) && (pid === undefined || one.osPid === pid),
  );
  const [system, other] = fits;
  if (other !== undefined) {
    throw new ConnectError('several_systems', `several systems run; say which by --name or --pid:\n${listed(fits)}`);
  }
  if (system === undefined) {
    throw new ConnectError('no_system', [noneFits({ name, pid, systems, folder }), ...refused.map(asLine)].join('\n'));
  }
  return {
    address: 'ws://localhost/ws',
    socket: system.socket,
    token: token ?? system.token,
    what: describe(system),
    system,
  };
}

/** `app (process 4711)`. */
export const describe = ({ name, osPid }: FoundSystem): string => `${name} (process ${osPid})`;

const listed = (systems: readonly FoundSystem[]): string =>
  systems.map((system) => `  --name ${system.name} --pid ${system.osPid}`).join('\n');

const asLine = ({ file, why }: { readonly file: string; readonly why: string }): string => `not used: ${file} ${why}`;

function noneFits(asked: {
  readonly name: string | undefined;
  readonly pid: number | undefined;
  readonly systems: readonly FoundSystem[];
  readonly folder: string;
}): string {
  const { name, pid, systems, folder } = asked;
  if (systems.length === 0) {
    return `no system runs here with its dev tools on (run folder ${folder}); startDevtools(app) turns them on`;
  }
  const wanted = [name === undefined ? [] : `named ${name}`, pid === undefined ? [] : `with process ${pid}`].flat();
  return `no system ${wanted.join(' ')} runs; there are:\n${listed(systems)}`;
}

function atAddress(url: string, token: string | undefined): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new ConnectError('usage', `--url ${url} is no address of a host: http://127.0.0.1:PORT`);
  }
  if (token === undefined || token === '') {
    throw new ConnectError('usage', `--url ${parsed.origin} needs a token: --token, or OPHION_TOKEN`);
  }
  const address = `${parsed.origin.replace(/^http/, 'ws')}/ws`;
  return { address, socket: undefined, token, what: parsed.origin, system: undefined };
}
