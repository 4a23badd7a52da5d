/**
 * The fast carrier for workers on this machine: length-prefixed frames on a socket file in a private folder. A frame is
 * a header of four bytes, kind and length (24 bits, big endian), and its body: a batch as protobuf, the end of what a
 * side has to say, or why the host does not want this worker.
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ActorError, SpecError } from '../../actors/core/index.ts';
import { decodeBatch, encodeBatch } from './batch-codec.ts';
import type { Batch, Carrier, CarrierEvents, Listen, Refusal } from './carrier.ts';
import { privateFolder } from './private-folder.ts';

export interface UnixListenOptions {
  /** The largest batch that is read, in bytes. Default 1 MiB; a worker sends at most one frame's size, 64 KiB. */
  readonly maxBatchBytes?: number;
}

/** In front of the path, where workers are told whom to dial: so they know how to speak there. */
export const unixScheme = 'ophion+unix:';

const kinds = { batch: 0, end: 1, refused: 2 } as const;
const headerBytes = 4;

class UnixCarrier implements Carrier {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #maxBatchBytes: number;
  #events: CarrierEvents | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** How many bytes are needed before there is a whole frame. */
  #needed = headerBytes;
  #over = false;
  /** The worker has said everything. */
  #ended = false;

  constructor(socket: Socket, peer: string, maxBatchBytes: number) {
    this.#socket = socket;
    this.peer = peer;
    this.#maxBatchBytes = maxBatchBytes;
    // An error is followed by a close, which tells.
    socket.on('error', () => {});
  }

  listen(events: CarrierEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => events.drained());
    // An end that was not said is a loss: a process that is killed ends its sockets just so.
    socket.on('end', () => (this.#ended ? undefined : this.#lost('the connection was lost')));
    socket.on('close', () => this.#lost('the connection was closed'));
  }

  send(batch: Batch): boolean {
    return this.#over ? true : this.#socket.write(framed(kinds.batch, encodeBatch(batch, headerBytes)));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (!this.#over) this.#socket.end(framed(kinds.end, Buffer.alloc(headerBytes)));
  }

  refuse({ code, message }: Refusal): void {
    if (this.#over) return;
    this.#over = true;
    const text = Buffer.from(`${code}: ${message}`);
    // Whatever still comes is read and dropped, so that the worker reads why before its connection breaks.
    this.#socket.resume();
    this.#socket.end(framed(kinds.refused, Buffer.concat([Buffer.alloc(headerBytes), text])));
  }

  abort(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  #lost(why: string): void {
    // Half-open sockets are of no use here: what the worker still may hear, it hears no more.
    this.#socket.destroy();
    if (this.#over) return;
    this.#over = true;
    this.#events?.closed(why);
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#needed) return;
    const bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held, this.#heldBytes);
    const at = this.#takeFrames(bytes);
    this.#held = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#heldBytes = bytes.length - at;
  }

  /** Tells every whole frame; answers where the rest begins. */
  #takeFrames(bytes: Buffer): number {
    let at = 0;
    this.#needed = headerBytes;
    while (!this.#over && bytes.length - at >= headerBytes) {
      const length = bytes.readUIntBE(at + 1, 3);
      if (length > this.#maxBatchBytes) {
        this.#malformed(`a batch of ${length} bytes, above the limit of ${this.#maxBatchBytes}`);
        break;
      }
      const end = at + headerBytes + length;
      if (end > bytes.length) {
        this.#needed = headerBytes + length;
        break;
      }
      this.#frame(bytes[at] as number, bytes.subarray(at + headerBytes, end));
      at = end;
    }
    return at;
  }

  #frame(kind: number, body: Buffer): void {
    if (kind === kinds.end) {
      this.#ended = true;
      this.#events?.ended();
      return;
    }
    if (kind !== kinds.batch) {
      this.#malformed(`a frame of kind ${kind}`);
      return;
    }
    let batch: Batch;
    try {
      batch = decodeBatch(body);
    } catch (error) {
      this.#malformed((error as Error).message);
      return;
    }
    this.#events?.batch(batch);
  }

  #malformed(what: string): void {
    if (this.#over) return;
    this.refuse({ code: 'invalid_argument', message: `a message that cannot be read: ${what}` });
    this.#events?.closed('it sent a message that cannot be read');
  }
}

/** Writes the header into the room in front of the body. */
function framed(kind: number, bytes: Buffer): Buffer {
  bytes.writeUInt8(kind, 0);
  bytes.writeUIntBE(bytes.length - headerBytes, 1, 3);
  return bytes;
}

/** Listens for workers of this machine. Throws a SpecError on Windows, and on a wrong option. */
export function unixListen(options: UnixListenOptions = {}): Listen {
  const { maxBatchBytes = 1024 * 1024 } = options;
  if (!Number.isInteger(maxBatchBytes) || maxBatchBytes < 256 || maxBatchBytes >= 2 ** 24)
    throw new SpecError('unixListen', 'invalid_maxBatchBytes', maxBatchBytes);
  if (process.platform === 'win32') throw new SpecError('unixListen', 'no_unix_sockets_here', process.platform);
  return (events) => {
    const folder = privateFolder();
    const path = join(folder, 's');
    const sockets = new Set<Socket>();
    let open = true;
    let connections = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      connections += 1;
      events.accepted(new UnixCarrier(socket, `unix:${connections}`, maxBatchBytes));
    });
    server.on('error', (error) => {
      if (open)
        events.failed(new ActorError('listen_failed', `cannot listen on ${path}: ${error.message}`, { cause: error }));
    });
    server.listen(path, () => {
      if (open) events.listening(`${unixScheme}${path}`);
    });
    return {
      close: () => {
        if (!open) return;
        open = false;
        server.close();
        for (const socket of sockets) socket.destroy();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  };
}
