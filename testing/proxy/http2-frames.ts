/** HTTP/2 frames in a stream of bytes, one direction of one connection; and those that a fault makes. */

export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** All of it, head and payload. */
  readonly bytes: Buffer;
}

const headBytes = 9;
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** No frame of ours is nearly as long: what says so is no HTTP/2. */
const longestFrame = 1024 * 1024;

export const frameType = {
  data: 0,
  headers: 1,
  rst_stream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window_update: 8,
  continuation: 9,
} as const;
export const endStream = 0x1;
const endHeaders = 0x4;

export class Http2Reader {
  #rest: Buffer = Buffer.alloc(0);
  #begun: boolean;
  /** False for what is no HTTP/2: it passes as it is. */
  #framed = true;

  /** `client`: the bytes are a client's, who begins with a preface. */
  constructor(client: boolean) {
    this.#begun = !client;
  }

  /** Calls `each` with every frame that is whole, and `other` with bytes that are none. */
  read(chunk: Buffer, each: (frame: Http2Frame) => void, other: (bytes: Buffer) => void): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#begun && this.#rest.length >= preface.length) {
      this.#begun = true;
      this.#framed = this.#rest.subarray(0, preface.length).equals(preface);
      if (this.#framed) other(this.#cut(preface.length));
    }
    while (this.#begun && this.#framed && this.#rest.length >= headBytes) {
      const size = headBytes + this.#rest.readUIntBE(0, 3);
      this.#framed = size <= longestFrame;
      if (!this.#framed || this.#rest.length < size) break;
      const bytes = this.#cut(size);
      each({
        type: bytes[3] as number,
        flags: bytes[4] as number,
        stream: bytes.readUInt32BE(5) & 0x7fff_ffff,
        bytes,
      });
    }
    if (!this.#framed) other(this.#cut(this.#rest.length));
  }

  /** What is left when nothing more comes: half a frame. */
  end(): Buffer {
    return this.#cut(this.#rest.length);
  }

  #cut(size: number): Buffer {
    const cut = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return cut;
  }
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

export const errorCode = { noError: 0, cancel: 8 } as const;

export const goAway = (lastStream: number): Buffer =>
  frame(frameType.goaway, 0, 0, numbers(lastStream, errorCode.noError));
export const rstStream = (stream: number, code: number): Buffer =>
  frame(frameType.rst_stream, 0, stream, numbers(code));
export const windowUpdate = (stream: number, bytes: number): Buffer =>
  frame(frameType.window_update, 0, stream, numbers(bytes));
/** The end of a stream with nothing more to say, not even trailers. */
export const emptyEnd = (stream: number): Buffer => frame(frameType.data, endStream, stream, Buffer.alloc(0));

/** By number, from 1. */
const statusNames = [
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

/** The end of a call with a gRPC status by its name; `unknown` for a name that there is not. */
export function grpcStatus(stream: number, name: string, afterHeaders: boolean): Buffer {
  const number = (statusNames as readonly string[]).indexOf(name) + 1 || 2;
  const fields = [
    ...(afterHeaders ? [] : [Buffer.from([indexedStatus200]), literal('content-type', 'application/grpc')]),
    literal('grpc-status', String(number)),
    literal('grpc-message', 'injected'),
  ];
  return frame(frameType.headers, endHeaders | endStream, stream, Buffer.concat(fields));
}

const indexedStatus200 = 0x88;

/** A header that nobody has to remember: the tables of both ends stay as they are. */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
