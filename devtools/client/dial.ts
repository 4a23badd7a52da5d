/** One connection to a host, from the socket to its greeting. */
import { connect as connectSocket } from 'node:net';
import { WebSocket } from 'ws';
import { type Hello, protocolVersion, type Viewer } from '../protocol/index.ts';
import { ConnectError } from './errors.ts';
import { sweepRunFile } from './run-file.ts';
import type { Target } from './target.ts';

export interface Dialled {
  readonly hello: Hello['hello'];
  /** Resolves with why, when it is over. The viewer knows it by then. */
  readonly ended: Promise<string>;
  close(): void;
}

/** Throws ConnectError: `refused`, `version`, `gone`. */
export async function dial(target: Target, viewer: Viewer, timeoutMs: number): Promise<Dialled> {
  const { address, token, what, system } = target;
  const socket = new WebSocket(address, {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: timeoutMs,
    perMessageDeflate: false,
    ...(target.socket === undefined
      ? {}
      : { createConnection: () => connectSocket({ path: target.socket as string }) }),
  });
  let why = 'the connection was closed';
  const ended = new Promise<string>((resolve) => {
    socket.on('error', ({ message }) => {
      why = message;
    });
    socket.on('close', (code, reason) => {
      if (code !== 1005 && code !== 1006) why = `the host closed the connection: ${String(reason) || code}`;
      viewer.lost(why);
      resolve(why);
    });
  });
  const greeted = new Promise<Hello['hello']>((resolve) => {
    viewer.onHello = resolve;
  });
  socket.on('open', () => viewer.attach({ send: (text) => socket.send(text), close: () => socket.close() }));
  socket.on('message', (data) => {
    try {
      viewer.take(String(data));
    } catch (error) {
      why = `${what} does not speak the protocol: ${(error as Error).message}`;
      socket.terminate();
    }
  });
  const failed = new Promise<never>((_, reject) => {
    const late = setTimeout(() => {
      reject(new ConnectError('gone', `${what} does not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    void greeted.then(() => clearTimeout(late));
    socket.on('unexpected-response', (_request, response) => {
      reject(refusal(what, response.statusCode ?? 0));
      response.resume();
    });
    void ended.then((reason) => {
      clearTimeout(late);
      reject(new ConnectError('gone', `${what} is gone: ${reason}`));
    });
    socket.on('error', (error) => {
      // The process lives, yet nobody listens: its number is of another one by now.
      const { code } = error as NodeJS.ErrnoException;
      if (system !== undefined && (code === 'ECONNREFUSED' || code === 'ENOENT')) sweepRunFile(system);
    });
  });
  try {
    const hello = await Promise.race([greeted, failed]);
    checkVersion(what, hello);
    return { hello, ended, close: () => socket.close() };
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

function refusal(what: string, status: number): ConnectError {
  if (status === 401)
    return new ConnectError('refused', `${what} refused the token: it is another one since its start`);
  if (status === 403) return new ConnectError('refused', `${what} refused this client (HTTP 403)`);
  return new ConnectError('refused', `${what} answered with HTTP ${status}: is that the address of an Ophion host?`);
}

function checkVersion(what: string, { version, ophion }: Hello['hello']): void {
  const major = (text: string): string => text.split('.', 1)[0] ?? '';
  if (major(version) === major(protocolVersion)) return;
  throw new ConnectError(
    'version',
    `${what} speaks version ${version} of the dev tools' protocol (ophion ${ophion}), this command ${protocolVersion}: ` +
      'use the command of its own version, npx ophion in its folder',
  );
}
