/**
 * Timers and handles of Node's event loop: what holds a process open. An async hook notes where each is made; whether
 * it is still there, it says itself. Only what holds the process open counts: an unref'd timer or socket does not.
 */
import { type AsyncHook, createHook } from 'node:async_hooks';
import type { LeakKind, LeakSource, Left } from './left.ts';
import { Site } from './site.ts';

/** What Node calls them, and what they are. */
const kinds: Readonly<Record<string, LeakKind>> = {
  Timeout: 'timer',
  TCPSERVERWRAP: 'server',
  PIPESERVERWRAP: 'server',
  TCPWRAP: 'socket',
  PIPEWRAP: 'socket',
  UDPWRAP: 'socket',
  PROCESSWRAP: 'process',
  FSEVENTWRAP: 'handle',
  STATWATCHER: 'handle',
  SIGNALWRAP: 'handle',
  MESSAGEPORT: 'handle',
  WORKER: 'handle',
  TTYWRAP: 'handle',
};

/** What lies between a call and what it makes: a server that listens on a name is made when that is looked up. */
const between: ReadonlySet<string> = new Set([
  ...['TickObject', 'Immediate', 'GETADDRINFOREQWRAP', 'TCPCONNECTWRAP', 'PIPECONNECTWRAP', 'FSREQCALLBACK'],
]);
/** How many of those are remembered; the oldest are forgotten. */
const betweenKept = 5_000;
/** How far back a maker is looked for. */
const stepsBack = 10;

interface Resource {
  hasRef?(): boolean;
  close?(): void;
  readonly fd?: number;
  readonly pid?: number;
  /** Of timers. */
  readonly _idleTimeout?: number;
  readonly _repeat?: unknown;
}

/** What users hold: a server, a socket, a child process. */
interface Owner {
  address?(): unknown;
  destroy?(): void;
  close?(): void;
  terminate?(): unknown;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

interface Step {
  readonly site: Site;
  /** What was going on when it was made. */
  readonly trigger: number;
}

interface Made extends Step {
  readonly type: string;
  readonly resource: WeakRef<Resource>;
}

/** With so many noted, those that are gone are forgotten. */
const sweepAt = 10_000;

export class Resources implements LeakSource {
  readonly #made = new Map<number, Made>();
  readonly #between = new Map<number, Step>();
  #hook: AsyncHook | undefined;
  #sweepAt = sweepAt;

  start(): void {
    // Made by Node when they are used first: not by the test that does.
    void process.stdout;
    void process.stderr;
    const init = (id: number, type: string, trigger: number, resource: object) => {
      // Promises come here as well: nothing may be done for them.
      if (kinds[type] === undefined) {
        if (between.has(type)) this.#remember(id, { site: new Site(init), trigger });
        return;
      }
      this.#made.set(id, { type, resource: new WeakRef(resource), site: new Site(init), trigger });
      if (this.#made.size > this.#sweepAt) this.#sweep();
    };
    this.#hook = createHook({ init }).enable();
  }

  stop(): void {
    this.#hook?.disable();
    this.#made.clear();
    this.#between.clear();
  }

  look(): readonly Left[] {
    this.#sweep();
    const left: Left[] = [];
    for (const made of this.#made.values()) {
      const { type, resource, site } = made;
      const one = resource.deref();
      // Processes have a source of their own.
      if (one === undefined || type === 'PROCESSWRAP' || one.hasRef?.() !== true || site.isRunner) continue;
      if (one.fd !== undefined && one.fd >= 0 && one.fd <= 2) continue;
      const place = this.#placeOf(made);
      const isOwn = place === undefined && site.isOwn;
      left.push({
        kind: kinds[type] as LeakKind,
        key: one,
        what: whatOf(type, one),
        madeAt: place ?? site.nearest,
        isOwn,
        free: () => free(type, one),
      });
    }
    return left;
  }

  /** Where a child process was started. */
  siteOfProcess(pid: number): Site | undefined {
    for (const { type, resource, site } of this.#made.values()) {
      if (type === 'PROCESSWRAP' && resource.deref()?.pid === pid) return site;
    }
    return undefined;
  }

  /** The child processes whose end Node has not heard of yet. */
  get childProcesses(): readonly number[] {
    const all = [...this.#made.values()].filter(({ type }) => type === 'PROCESSWRAP');
    return all.map(({ resource }) => resource.deref()?.pid).filter((pid) => pid !== undefined && pid > 0) as number[];
  }

  /** Where it was made, or what made it: a socket that a server took in was made where the server was. */
  #placeOf(made: Made): string | undefined {
    let step: Step | undefined = made;
    for (let back = 0; back < stepsBack && step !== undefined; back += 1) {
      const { place } = step.site;
      if (place !== undefined) return place;
      step = this.#made.get(step.trigger) ?? this.#between.get(step.trigger);
    }
    return undefined;
  }

  #remember(id: number, step: Step): void {
    this.#between.set(id, step);
    if (this.#between.size > betweenKept) this.#between.delete(this.#between.keys().next().value as number);
  }

  #sweep(): void {
    for (const [id, { resource }] of this.#made) {
      const one = resource.deref();
      if (one === undefined || isOver(one)) this.#made.delete(id);
    }
    this.#sweepAt = Math.max(sweepAt, this.#made.size * 2);
  }
}

/** A timer that has fired or was cleared, a handle that was closed. */
function isOver(resource: Resource): boolean {
  return (resource as { _destroyed?: boolean })._destroyed === true;
}

function ownerOf(resource: object): Owner | undefined {
  for (const symbol of Object.getOwnPropertySymbols(resource)) {
    if (symbol.description === 'owner_symbol') return (resource as Record<symbol, Owner | undefined>)[symbol];
  }
  return undefined;
}

function whatOf(type: string, resource: Resource): string {
  const owner = ownerOf(resource);
  switch (kinds[type]) {
    case 'timer': {
      const { _repeat: repeat, _idleTimeout: ms } = resource;
      return `${typeof repeat === 'number' ? 'interval' : 'timer'} of ${ms} ms`;
    }
    case 'server':
      return `server on ${addressText(owner?.address?.())}`;
    case 'socket': {
      if (type === 'PIPEWRAP') return 'pipe or local socket';
      if (type === 'UDPWRAP') return 'UDP socket';
      return owner?.remoteAddress === undefined ? 'socket' : `socket to ${owner.remoteAddress}:${owner.remotePort}`;
    }
    default:
      return `${type.replace(/WRAP$/, '').toLowerCase()} handle`;
  }
}

function addressText(address: unknown): string {
  if (typeof address === 'string') return address;
  const { address: host, port } = (address ?? {}) as { address?: string; port?: number };
  return host === undefined ? 'an unknown address' : `${host}:${port}`;
}

function free(type: string, resource: Resource): void {
  if (type === 'Timeout') {
    clearTimeout(resource as NodeJS.Timeout);
    return;
  }
  const owner = ownerOf(resource);
  if (owner?.destroy !== undefined) owner.destroy();
  else if (owner?.terminate !== undefined) void owner.terminate();
  else if (owner?.close !== undefined) owner.close();
  else resource.close?.();
}
