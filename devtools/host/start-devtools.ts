/** `startDevtools()`: opens a running system to the page, the command line and other viewers. */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { version as nodeVersion, pid as osPid } from 'node:process';
import type { WebSocket } from 'ws';
import type { ActorSystem } from '../../actors/core/index.ts';
import { libraryVersion } from '../../bridge/transport/index.ts';
import type { SystemRef } from '../../supervisors/index.ts';
import type { ForeignSource } from '../adapters/foreign-source.ts';
import { ensureRunFolder, removeRunFile, runFolder, writeRunFile } from '../client/index.ts';
import { metricsText } from '../export/open-metrics.ts';
import { writeTrace } from '../export/trace-writer.ts';
import { Inspector } from '../inspect/inspector.ts';
import { metricsOf } from '../inspect/metrics.ts';
import { stepsPerLook } from '../inspect/pace.ts';
import { recordsOf } from '../inspect/recorded.ts';
import type { Redact } from '../inspect/redact.ts';
import { ViewError } from '../inspect/view-error.ts';
import { type Action, type Hello, protocolVersion, type Scope, scopeOf } from '../protocol/index.ts';
import { crashText } from '../report/crash-text.ts';
import { Access } from './access.ts';
import { act, targetOf } from './actions.ts';
import { Audit } from './audit.ts';
import { Hub, viewersMax } from './hub.ts';
import { type Door, type Doors, openPort, openSocketFile } from './listener.ts';
import { StatelyTap } from './stately-tap.ts';
import { Parts, ViewerLink } from './viewer-link.ts';

export interface DevtoolsOptions {
  /** How the command line calls this system. Default: the name of its root, such as `app`. */
  readonly name?: string;
  /** The port of the page on `host`; 0: any that is free; false: no page. Default 0. */
  readonly port?: number | false;
  /** Where that port listens. Default 127.0.0.1; anything else is open to the network, for who has the token. */
  readonly host?: string;
  /** The token that viewers bring. Default: a new one for each start, in the run file. */
  readonly token?: string;
  /**
   * What viewers may do besides looking: nothing (false), everything (true), or some of `write` (variables), `call`
   * (tools) and `operate` (kill, restart, suspend, resume, send, set a state, inject faults). Default false. Each leaves
   * an audit record.
   */
  readonly actions?: boolean | readonly Exclude<Scope, 'read'>[];
  /**
   * Answers what is shown in the place of a value. Keys that look like secrets (pass, secret, token, key, credential,
   * auth) are masked besides, and secret variables are never shown. One that throws masks everything from then on.
   */
  readonly redact?: Redact;
  /** Actors that are not ours, shown beside them: `xstateInspector().source`. Default: none. */
  readonly foreign?: readonly ForeignSource[];
  /** Prints each crash report on the log of the runtime, readably. Default true. */
  readonly printCrashes?: boolean;
  /** How many crash reports are kept of one place. Default 5. */
  readonly crashesPerPath?: number;
  /** How many events are kept. Default 5,000. */
  readonly eventsMax?: number;
}

/** A running host of dev tools. */
export interface Devtools extends AsyncDisposable {
  /** Where the page is, without anything secret; undefined where there is none. */
  readonly url: string | undefined;
  /** The file that tells the command line of this system. */
  readonly runFile: string;
  readonly token: string;
  readonly inspector: Inspector;
  /**
   * What a stock receiver takes: `createWebSocketReceiver({ server: devtools.statelyUrl })`. The token in it opens nothing
   * but the feed of actors. Undefined where there is no port.
   */
  readonly statelyUrl: string | undefined;
  /** The page's address with a code that signs one browser in, once, within ten minutes. */
  newLink(): string | undefined;
  /** Closes all viewers and doors. Safe to call twice. */
  stop(): Promise<void>;
}

const allScopes: readonly Scope[] = ['read', 'write', 'call', 'operate'];

function scopesOf(actions: DevtoolsOptions['actions']): readonly Scope[] {
  if (actions === true) return allScopes;
  return ['read', ...(actions === undefined || actions === false ? [] : actions)];
}

/**
 * Starts the dev tools of a system: a socket file and a run file for the command line, a loopback port for the page. They
 * end with the system, or by `stop()`. Rejects when the port or the run folder cannot be had (RunFileError).
 */
export async function startDevtools(app: SystemRef, options: DevtoolsOptions = {}): Promise<Devtools> {
  const host = new Host(app, options);
  await host.open();
  void app.exited.then(() => host.stop());
  return host;
}

class Host implements Devtools {
  readonly inspector: Inspector;
  readonly #options: DevtoolsOptions;
  readonly #system: ActorSystem;
  readonly #name: string;
  readonly #access: Access;
  readonly #audit: Audit;
  readonly #hub: Hub;
  readonly #run: string;
  readonly #scopes: readonly Scope[];
  readonly #doors: Door[] = [];
  readonly #stately: StatelyTap;
  readonly #feeds = new Set<WebSocket>();
  #port: number | undefined;
  #runFile = '';
  #socket = '';
  #viewers = 0;
  #stopped: Promise<void> | undefined;

  constructor(app: SystemRef, options: DevtoolsOptions) {
    const { system } = app;
    const { clock, ids, log } = system.runtime;
    this.#options = options;
    this.#system = system;
    this.#name = options.name ?? app.path;
    this.#access = new Access(clock, ids, options.token);
    this.#audit = new Audit(clock, log);
    this.#scopes = scopesOf(options.actions);
    this.#run = ids.next();
    const { redact, foreign, eventsMax, crashesPerPath, printCrashes = true } = options;
    this.inspector = new Inspector(system, {
      redact,
      foreign,
      eventsMax,
      crashesPerPath,
      onCrash: printCrashes ? (report) => log('error', crashText(report)) : undefined,
    });
    this.#hub = new Hub(this.inspector, this.#audit);
    this.#stately = new StatelyTap(this.inspector);
  }

  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options;
    const doors: Doors = {
      access: this.#access,
      connected: (socket, name) => this.#connected(socket, name),
      fed: (socket) => this.#fed(socket),
      metrics: () => this.#metrics(),
      hostNames: host === '127.0.0.1' ? [] : [host],
    };
    this.#socket = join(ensureRunFolder(runFolder()), `${osPid}-${this.#run.slice(0, 8)}.sock`);
    this.#doors.push(await openSocketFile(this.#socket, doors));
    chmodSync(this.#socket, 0o600);
    if (port !== false) {
      const door = await openPort(port, host, doors);
      this.#doors.push(door);
      this.#port = door.port;
    }
    this.#runFile = writeRunFile({
      name: this.#name,
      osPid,
      startedAtMs: this.#system.runtime.clock.wallMs(),
      socket: this.#socket,
      token: this.token,
      url: this.url ?? null,
      run: this.#run,
    });
  }

  get url(): string | undefined {
    const { host = '127.0.0.1' } = this.#options;
    return this.#port === undefined ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  get statelyUrl(): string | undefined {
    if (this.url === undefined) return undefined;
    return `${this.url.replace('http', 'ws')}/stately?token=${this.#access.feedToken}`;
  }

  get runFile(): string {
    return this.#runFile;
  }

  get token(): string {
    return this.#access.token;
  }

  newLink(): string | undefined {
    return this.url === undefined ? undefined : `${this.url}/?code=${this.#access.newCode()}`;
  }

  #connected(socket: WebSocket, name: string): void {
    if (this.#hub.links.size >= viewersMax) {
      socket.close(1013, `${viewersMax} viewers are connected already`);
      return;
    }
    this.#viewers += 1;
    const link = new ViewerLink({
      id: String(this.#viewers),
      name,
      scopes: this.#scopes,
      hub: this.#hub,
      socket: { send: (text) => socket.send(text), close: (code, why) => socket.close(code, why) },
      act: (action, viewer) => this.#act(action, viewer),
    });
    this.#hub.links.add(link);
    socket.on('message', (data) => link.take(String(data)));
    socket.on('close', () => link.close());
    socket.on('error', () => socket.terminate());
    socket.send(JSON.stringify(this.#hello()));
  }

  /** It is told, and tells nothing. */
  #fed(socket: WebSocket): void {
    this.#feeds.add(socket);
    const detach = this.#stately.attach(socket);
    socket.on('close', () => {
      this.#feeds.delete(socket);
      detach();
    });
    socket.on('error', () => socket.terminate());
  }

  #hello(): Hello {
    const { clock } = this.#system.runtime;
    return {
      hello: {
        version: protocolVersion,
        features: [...(this.#port === undefined ? [] : ['page'])],
        run: this.#run,
        name: this.#name,
        osPid,
        scopes: this.#scopes,
        clock: { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() },
        ophion: libraryVersion,
        node: nodeVersion,
      },
    };
  }

  async #metrics(): Promise<string> {
    return metricsText(await metricsOf(this.inspector, this.#hub.facts.viewers()));
  }

  async #export(): Promise<Parts> {
    const { clock } = this.#system.runtime;
    const { trace, log, calls, pace, startedMs } = this.inspector;
    const { records, leftOut } = await recordsOf(this.inspector);
    const header = {
      run: this.#run,
      name: this.#name,
      ophion: libraryVersion,
      node: nodeVersion,
      startedAtMs: clock.wallMs() - (clock.monotonicMs() - startedMs),
      endedAtMs: clock.wallMs(),
      dropped: trace.dropped + log.dropped + calls.dropped + leftOut,
    };
    return new Parts((send) => pace.each(writeTrace(header, records), send, { steps: stepsPerLook }));
  }

  async #act(action: Action, viewer: ViewerLink): Promise<unknown> {
    if (action.do === 'code') {
      const link = this.newLink();
      if (link === undefined) throw new ViewError('not_found', 'this system has no page (port: false)');
      return { url: link };
    }
    const scope = scopeOf[action.do];
    const who = `${viewer.name} ${viewer.row.id}`;
    const record = { viewer: who, action: action.do, target: targetOf(action) };
    const details = this.inspector.previews.of(action, { depth: 3, characters: 512 });
    try {
      if (!viewer.scopes.includes(scope)) {
        throw new ViewError(
          'disabled',
          `'${action.do}' needs the scope '${scope}': startDevtools(app, { actions: true })`,
        );
      }
      if (action.do === 'export') return await this.#export();
      if (action.do === 'metrics') return await this.#metrics();
      const result = await act(this.inspector, action, { writer: `devtools:${viewer.name}`, viewer: who });
      if (scope !== 'read') this.#audit.add({ ...record, details, outcome: 'done' });
      return result;
    } catch (error) {
      const code = (error as { readonly code?: unknown }).code;
      this.#audit.add({ ...record, details, outcome: typeof code === 'string' ? code : 'failed' });
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#runFile !== '') removeRunFile(this.#runFile);
    this.#hub.stop();
    for (const socket of this.#feeds) socket.close(1001, 'the host stops');
    this.#stately.stop();
    await Promise.all(this.#doors.map((door) => door.close()));
    if (this.#socket !== '') rmSync(this.#socket, { force: true });
    this.inspector.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
