/**
 * Faults of HTTP/2 on one connection through the proxy: each frame passes the point `wire.http2`, whole, and may be
 * lost, held, or followed by one that neither end has sent.
 */
import type { Decision } from '../faults/active-plan.ts';
import type { FaultSet } from '../faults/fault-set.ts';
import {
  emptyEnd,
  endStream,
  errorCode,
  frameType,
  goAway,
  grpcStatus,
  type Http2Frame,
  Http2Reader,
  rstStream,
  windowUpdate,
} from './http2-frames.ts';

/** What edits the bytes of one direction. */
export interface Editor {
  /** What passes now. */
  edit(chunk: Buffer): Buffer;
  /** What passes when nothing more comes. */
  rest(): Buffer;
}

type Way = 'in' | 'out';
const back: Readonly<Record<Way, Way>> = { in: 'out', out: 'in' };
const names = new Map<number, string>(Object.entries(frameType).map(([name, type]) => [type, name]));

export class Http2Faults {
  readonly toServer: Editor;
  readonly toClient: Editor;
  readonly #set: FaultSet;
  readonly #path: string;
  /** Puts bytes into a direction, behind what has passed. */
  readonly #insert: Readonly<Record<Way, (bytes: Buffer) => void>>;
  /** Streams that have been ended here; what still comes of them goes nowhere. */
  readonly #ended = new Set<number>();
  /** Streams whose response has begun. */
  readonly #answered = new Set<number>();
  #lastStream = 0;
  /** What a client is told before the server has greeted it; undefined from then on. */
  #early: Buffer[] | undefined = [];

  constructor(set: FaultSet, path: string, insert: Readonly<Record<Way, (bytes: Buffer) => void>>) {
    this.#set = set;
    this.#path = path;
    this.#insert = {
      in: insert.in,
      // The first that a client may hear are the server's settings.
      out: (bytes) => (this.#early === undefined ? insert.out(bytes) : void this.#early.push(bytes)),
    };
    this.toServer = this.#editor('in');
    this.toClient = this.#editor('out');
  }

  #editor(way: Way): Editor {
    const reader = new Http2Reader(way === 'in');
    return {
      edit: (chunk) => {
        const passing: Buffer[] = [];
        const pass = (bytes: Buffer) => void passing.push(bytes);
        reader.read(chunk, (frame) => this.#frame(way, frame, pass), pass);
        return Buffer.concat(passing);
      },
      rest: () => reader.end(),
    };
  }

  #frame(way: Way, frame: Http2Frame, pass: (bytes: Buffer) => void): void {
    const { type, flags, stream, bytes } = frame;
    if (way === 'in') this.#lastStream = Math.max(this.#lastStream, stream);
    const isTrailers = way === 'out' && type === frameType.headers && this.#answered.has(stream);
    if (way === 'out' && type === frameType.headers) this.#answered.add(stream);
    if (this.#ended.has(stream)) {
      this.#dropped(way, frame, pass);
      return;
    }
    const message = isTrailers ? 'trailers' : (names.get(type) ?? 'other');
    const decision = this.#set.concerns('wire.http2')
      ? this.#set.decide({ point: 'wire.http2', path: this.#path, message, direction: way })
      : undefined;
    if (decision === undefined) pass(bytes);
    else this.#do(decision, way, frame, pass);
    if (way === 'out' && this.#early !== undefined) {
      for (const early of this.#early) pass(early);
      this.#early = undefined;
    }
    if (way === 'out' && (type === frameType.rst_stream || (flags & endStream) !== 0)) this.#answered.delete(stream);
  }

  #do({ rule, task }: Decision, way: Way, frame: Http2Frame, pass: (bytes: Buffer) => void): void {
    const { stream, bytes } = frame;
    switch (task.do) {
      case 'drop':
        return;
      case 'hang':
      case 'pause':
        rule.untilHealed(task, () => this.#insert[way](bytes));
        return;
      case 'stop':
        pass(bytes);
        this.#insert.out(goAway(this.#lastStream));
        return;
      case 'kill':
        this.#end(way, frame, pass, rstStream(stream, errorCode.cancel));
        return;
      case 'throw': {
        const status = grpcStatus(stream, task.error ?? 'unknown', this.#answered.has(stream));
        this.#end(way, frame, pass, Buffer.concat([status, rstStream(stream, errorCode.noError)]));
        return;
      }
      case 'truncate':
        // The trailers may have changed what both ends remember of headers: no call should follow on this connection.
        this.#end(way, frame, pass, Buffer.concat([goAway(this.#lastStream), emptyEnd(stream)]));
        return;
      default:
        pass(bytes);
    }
  }

  /** The stream is over: the client is told so by `told`, the server that nobody wants it any more. */
  #end(way: Way, frame: Http2Frame, pass: (bytes: Buffer) => void, told: Buffer): void {
    const { stream, bytes } = frame;
    if (stream === 0) {
      pass(bytes);
      return;
    }
    this.#ended.add(stream);
    const server = rstStream(stream, errorCode.cancel);
    if (way === 'in') {
      this.#dropped(way, frame, pass);
      pass(server);
      this.#insert.out(told);
    } else {
      pass(told);
      this.#insert.in(server);
    }
  }

  /** A frame of a stream that is over. */
  #dropped(way: Way, { type, bytes }: Http2Frame, pass: (bytes: Buffer) => void): void {
    // Headers change what the other end remembers, whatever stream they are for.
    if (way === 'in' && (type === frameType.headers || type === frameType.continuation)) pass(bytes);
    // The window of the connection is given back for bytes that nobody takes.
    else if (type === frameType.data && bytes.length > 9) this.#insert[back[way]](windowUpdate(0, bytes.length - 9));
  }
}
