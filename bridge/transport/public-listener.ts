/**
 * The actor of the public port: one port that speaks HTTP/1.1 and HTTP/2, so that gRPC, gRPC-Web and Connect clients
 * all find what they need; in plain text on loopback, with TLS on addresses that other hosts reach. It knows HTTP and nothing of what is served: the handler
 * comes from the layer above. Requests of other sites (Origin) and other names (Host) are refused before it.
 */
import { createServer as createHttp, type ServerResponse } from 'node:http';
import { createServer as createHttp2, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { type ActorContext, ActorError, reply, SpecError, server, type TimerHandle } from '../../actors/core/index.ts';
import { type HttpHandler, type HttpRequest, type HttpResponse, mayEnter } from './http-entry.ts';
import { hostAndPort, readTls, refusePlainText, type TlsOptions } from './tls.ts';

export interface PublicOptions {
  /** The port; 0 lets the system choose one. */
  readonly port: number;
  /** The address to listen on, such as `0.0.0.0`. Default `127.0.0.1`; one that other hosts reach wants `tls`. */
  readonly host?: string;
  /** Certificate and key, and whose clients are taken. Default: plain text, on loopback alone. */
  readonly tls?: TlsOptions;
  /** Plain text on an address that other hosts reach, where the network itself is trusted. Default false: refused. */
  readonly insecure?: boolean;
  /** Origins of web pages that may call, such as `http://localhost:5173`. Default: none. */
  readonly origins?: readonly string[];
  /** Names besides localhost, 127.0.0.1, [::1] and `host` under which clients may know this host. Default: none. */
  readonly hosts?: readonly string[];
  /** The most connections at a time; one more is closed at once. Default 256. */
  readonly maxConnections?: number;
  /** The most requests and streams at a time on one connection. Default 128. */
  readonly maxStreams?: number;
  /**
   * How long a connection over HTTP/2 may give no sign of life, in milliseconds: it is asked for one so often, and closed
   * when it has not answered by the next time. Default 10,000.
   */
  readonly aliveMs?: number;
  /** How long running requests may go on when the listener stops, in milliseconds. Default 2,000. */
  readonly graceMs?: number;
}

export interface PublicInput extends PublicOptions {
  /** Makes the handler of all requests; see `Stopping`. */
  readonly serve: (ctx: ActorContext<never>, stopping: Stopping) => HttpHandler;
}

/** How the listener stops, for those who answer requests. */
export interface Stopping {
  /** Aborts at once: nothing new comes in, and who would go on for ever ends. */
  readonly ending: AbortSignal;
  /** Aborts when the grace is over, a moment before connections are cut: what still runs ends with an answer. */
  readonly late: AbortSignal;
}

export interface PublicAddress {
  readonly port: number;
  readonly url: string;
}

const loopback = '127.0.0.1';
/** It stands for all addresses and is nobody's name. */
const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::';
const preface = Buffer.from('PRI');
/** A connection that has not said what it speaks by then is closed. */
const helloMs = 5_000;
const aliveMs = 10_000;
const graceMs = 2_000;
/** How long the answers may take with which requests end when the grace is over. */
const lastWordsMs = 500;
const maxHeaderBytes = 16 * 1024;
/** Of one request, and of all of a connection. Node's 64 KiB hold messages of a megabyte back. */
const windowBytes = 1024 * 1024;

/**
 * Checks where it is to listen and how.
 *
 * @throws SpecError names the option; plain text beyond this machine is one
 */
export function validatePublic({ port, host, tls, insecure }: PublicOptions): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new SpecError('public', 'invalid_port', port);
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    throw new SpecError('public', 'invalid_host', host);
  refusePlainText('public', host ?? loopback, tls, insecure);
  if (tls !== undefined) readTls('public', tls);
}

/** How long stopping takes at most, with something to spare. */
export const stopMs = (options: PublicOptions): number => (options.graceMs ?? graceMs) + lastWordsMs + 1_000;

/** The public listener. Does not start, with an error that names the port, when it cannot listen. */
export const publicListener = server({
  trapExit: true,
  init: (ctx: ActorContext<PublicInput>) => Listening.start(ctx),
  call: {
    address: (listening): ReturnType<typeof reply<PublicAddress, Listening>> => reply(listening.address, listening),
  },
  terminate: (listening) => listening.stop(),
});

class Listening {
  readonly #ctx: ActorContext<PublicInput>;
  readonly #host: string;
  readonly #net: Server;
  readonly #http = createHttp({ maxHeaderSize: maxHeaderBytes, requestTimeout: 0 });
  readonly #http2;
  readonly #sockets = new Set<Socket>();
  /** HTTP/1.1 connections without a request, each with the time until it is closed. */
  readonly #idle = new Map<Socket, TimerHandle>();
  /** How many requests each HTTP/1.1 connection has; several may come in a row before the first is answered. */
  readonly #requests = new Map<Socket, number>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #ending = new AbortController();
  readonly #late = new AbortController();

  static async start(ctx: ActorContext<PublicInput>): Promise<Listening> {
    const listening = new Listening(ctx);
    await listening.#listen();
    return listening;
  }

  private constructor(ctx: ActorContext<PublicInput>) {
    this.#ctx = ctx;
    const { input } = ctx;
    validatePublic(input);
    this.#host = input.host ?? loopback;
    this.#net = this.#listener();
    this.#http2 = createHttp2({
      // In MB. With Node's 10 a large answer that is on its way would keep new requests out.
      maxSessionMemory: 64,
      settings: {
        maxConcurrentStreams: input.maxStreams ?? 128,
        maxHeaderListSize: maxHeaderBytes,
        initialWindowSize: windowBytes,
        enablePush: false,
      },
    });
    this.#net.maxConnections = input.maxConnections ?? 256;
    const handle = input.serve(ctx as ActorContext<never>, { ending: this.#ending.signal, late: this.#late.signal });
    const own = isAny(this.#host) ? [] : [isIP(this.#host) === 6 ? `[${this.#host}]` : this.#host];
    const rules = { ...input, hosts: [...(input.hosts ?? []), ...own] };
    const enter = (request: HttpRequest, response: HttpResponse) => {
      if ('stream' in request) this.#closeWhenAnswered(request);
      if (mayEnter(request, response, rules)) handle(request, response);
    };
    this.#http.on('request', (request, response) => {
      this.#busy(request.socket, response);
      enter(request, response);
    });
    this.#http2.on('request', enter);
    // However this actor ends, no socket outlives it.
    ctx.signal.addEventListener('abort', () => this.#destroy(), { once: true });
  }

  get address(): PublicAddress {
    const address = this.#net.address();
    const port = address !== null && typeof address === 'object' ? address.port : this.#ctx.input.port;
    const scheme = this.#ctx.input.tls === undefined ? 'http' : 'https';
    return { port, url: `${scheme}://${hostAndPort(this.#host, port)}` };
  }

  #listener(): Server {
    const greet = (socket: Socket) => this.#greet(socket);
    const { tls } = this.#ctx.input;
    if (tls === undefined) return createServer({ noDelay: true }, greet);
    const { cert, key, clientCa } = readTls('public', tls);
    const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
    const protocols = { ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: helloMs, noDelay: true };
    const server = createTls({ cert, key, ...clients, ...protocols }, greet);
    // Below TLS, so that one that never finishes its handshake is ended with the others.
    server.on('connection', (socket: Socket) => this.#keepSocket(socket));
    return server;
  }

  #listen(): Promise<void> {
    const { port } = this.#ctx.input;
    const host = this.#host;
    return new Promise((resolve, reject) => {
      this.#net.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(host, port, cause)));
      this.#net.listen({ host, port }, () => {
        this.#net.removeAllListeners('error');
        this.#net.on('error', (error) => this.#ctx.runtime.log('error', `${this.#ctx.path}: ${error.message}`));
        resolve();
      });
    });
  }

  /** Looks at the first bytes: HTTP/2 begins with its preface, everything else is for HTTP/1.1. */
  #greet(socket: Socket): void {
    this.#keepSocket(socket);
    const { deadlines } = this.#ctx.system;
    const slow = deadlines.set(helloMs, () => socket.destroy());
    let seen: Buffer = Buffer.alloc(0);
    const look = (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const known = Math.min(seen.length, preface.length);
      const http2 = preface.compare(seen, 0, known, 0, known) === 0;
      if (http2 && known < preface.length) return;
      slow.cancel();
      socket.off('data', look);
      socket.pause();
      socket.unshift(seen);
      if (!http2) this.#idles(socket);
      const keep = (session: ServerHttp2Session) => this.#keep(session, socket);
      if (http2) this.#http2.once('session', keep);
      (http2 ? this.#http2 : this.#http).emit('connection', socket);
      // It comes at once, or not at all.
      this.#http2.off('session', keep);
      if (!http2) socket.resume();
    };
    socket.on('data', look);
    socket.once('close', () => {
      slow.cancel();
      this.#idle.get(socket)?.cancel();
      this.#idle.delete(socket);
    });
  }

  #keepSocket(socket: Socket): void {
    this.#sockets.add(socket);
    // A client that goes away is no fault of ours.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Node looks after such connections only on servers that listen themselves. */
  #idles(socket: Socket): void {
    if (this.#ending.signal.aborted) socket.destroy();
    else
      this.#idle.set(
        socket,
        this.#ctx.system.deadlines.set(helloMs, () => socket.destroy()),
      );
  }

  #busy(socket: Socket, response: ServerResponse): void {
    this.#idle.get(socket)?.cancel();
    this.#idle.delete(socket);
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (this.#requests.get(socket) ?? 1) - 1;
      if (left > 0) this.#requests.set(socket, left);
      else this.#requests.delete(socket);
      if (left === 0 && !socket.destroyed) this.#idles(socket);
    });
  }

  #keep(session: ServerHttp2Session, socket: Socket): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(windowBytes);
    session.setLocalWindowSize(windowBytes);
    let next: TimerHandle | undefined;
    session.once('close', () => {
      this.#sessions.delete(session);
      next?.cancel();
    });
    // A peer that has broken the protocol, or vanished, is not told of otherwise: Node hears nothing more of its
    // socket, not even its end. Who speaks HTTP/2 answers a ping by itself.
    const ask = () => {
      let answered = false;
      if (socket.destroyed) return;
      if (!session.destroyed)
        session.ping((error) => {
          answered = error === null;
        });
      next = this.#ctx.system.deadlines.set(this.#ctx.input.aliveMs ?? aliveMs, () => {
        if (answered) ask();
        else socket.destroy();
      });
    };
    ask();
  }

  /** An answered request whose body was not read to its end would stay open as long as its client likes. */
  #closeWhenAnswered(request: Http2ServerRequest): void {
    const { stream } = request;
    // The last thing that is asked before the answer is complete; the trailers themselves go out first.
    stream.once('wantTrailers', () => {
      this.#ctx.runtime.turns.afterIo(() => {
        if (!request.complete) stream.close();
      });
    });
  }

  /** Lets running requests end within the grace, then closes what is left. */
  async stop(): Promise<void> {
    this.#ending.abort();
    const closed = new Promise<void>((resolve) => this.#net.close(() => resolve()));
    // Closing a session's sockets by hand would leave calls without an answer.
    for (const session of this.#sessions) session.close();
    for (const socket of [...this.#idle.keys()]) socket.destroy();
    const { deadlines } = this.#ctx.system;
    let cut: TimerHandle | undefined;
    const late = deadlines.set(this.#ctx.input.graceMs ?? graceMs, () => {
      this.#late.abort();
      cut = deadlines.set(lastWordsMs, () => this.#destroy());
    });
    await closed;
    late.cancel();
    cut?.cancel();
  }

  #destroy(): void {
    this.#ending.abort();
    this.#late.abort();
    this.#net.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): ActorError {
  if (cause.code === 'EADDRINUSE') {
    const way = 'end the program that holds it, or choose another port (0 takes any that is free)';
    return new ActorError('port_taken', `port ${port} on ${host} is taken: ${way}`, { cause });
  }
  return new ActorError('cannot_listen', `cannot listen on port ${port} of ${host}: ${cause.message}`, { cause });
}
