/**
 * The default carrier: a grpc-js server for `ophion.v1.WorkerService`, on a socket file in a private folder, on
 * loopback TCP, or with TLS on an address that other hosts reach. The service is written by hand over the generated messages: grpc-js only moves bytes here.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { ActorError, SpecError } from '../../actors/core/index.ts';
import { decodeBatch, encodeBatch } from './batch-codec.ts';
import type { Batch, Carrier, CarrierEvents, Listen, Refusal } from './carrier.ts';
import { WorkerService } from './gen/workers_pb.js';
import { serveTransfer, transfer } from './grpc-transfer.ts';
import { privateFolder } from './private-folder.ts';
import { hostAndPort, readTls, refusePlainText, type Tls, type TlsOptions } from './tls.ts';
import { TransferDesk } from './transfers.ts';

export interface GrpcListenOptions {
  /** A socket file in a private folder (the default), or a TCP port. Windows has only the latter. */
  readonly on?: 'socket_file' | 'tcp';
  /** For `tcp`: the address to listen on, such as `0.0.0.0`. Default `127.0.0.1`; any other wants `tls`. */
  readonly host?: string;
  /** For `tcp`: certificate and key, and whose clients are taken. Default: plain text, on loopback alone. */
  readonly tls?: TlsOptions;
  /** Plain text on an address that other hosts reach, where the network itself is trusted. Default false: refused. */
  readonly insecure?: boolean;
  /** For `tcp`. Default 0: any free one. */
  readonly port?: number;
  /** The largest gRPC message, both ways, in bytes. Default 16 MiB. */
  readonly maxMessageBytes?: number;
}

/** A message that could not be read; the worker speaks something else. */
interface Malformed {
  readonly malformed: string;
}
type Call = ServerDuplexStream<Batch | Malformed, Batch>;

const attach = {
  path: `/${WorkerService.typeName}/${WorkerService.method.attach.name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: unused,
  requestDeserialize: decode,
  responseSerialize: (batch: Batch) => encodeBatch(batch),
  responseDeserialize: unused,
} as const;

function unused(): never {
  throw new TypeError('this is the server side');
}

function decode(bytes: Buffer): Batch | Malformed {
  try {
    return decodeBatch(bytes);
  } catch (error) {
    return { malformed: (error as Error).message };
  }
}

const refusals = {
  unauthenticated: status.UNAUTHENTICATED,
  failed_precondition: status.FAILED_PRECONDITION,
  invalid_argument: status.INVALID_ARGUMENT,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
} as const;

class GrpcCarrier implements Carrier {
  readonly peer: string;
  readonly #call: Call;
  #over = false;

  constructor(call: Call) {
    this.#call = call;
    this.peer = call.getPeer();
    // grpc-js turns an error into the call's status; without a listener of ours an early one would be fatal.
    call.on('error', () => {});
  }

  listen(events: CarrierEvents): void {
    const call = this.#call;
    const closed = (why: string) => {
      if (this.#over) return;
      this.#over = true;
      events.closed(why);
    };
    call.on('data', (batch: Batch | Malformed) => {
      if (this.#over) return;
      if ('malformed' in batch) {
        this.refuse({ code: 'invalid_argument', message: `a message that cannot be read: ${batch.malformed}` });
        events.closed('it sent a message that cannot be read');
        return;
      }
      events.batch(batch);
    });
    call.on('drain', () => events.drained());
    call.on('end', () => {
      if (!this.#over) events.ended();
    });
    // A lost client shows as a cancellation (bridge facts, pitfall 1); so does the end of a call that we ended.
    call.on('cancelled', () => closed('the connection was lost'));
    call.on('close', () => closed('the connection was closed'));
  }

  send(batch: Batch): boolean {
    return this.#over ? true : this.#call.write(batch);
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  end(): void {
    if (!this.#over) this.#call.end();
  }

  refuse({ code, message }: Refusal): void {
    this.#finish(refusals[code], message);
  }

  abort(): void {
    this.#finish(status.UNAVAILABLE, 'ended by the host');
  }

  #finish(code: status, details: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#call.emit('error', { code, details, message: details });
    // Whatever still comes is read and dropped, so that the connection itself can end.
    this.#call.resume();
  }
}

/** Listens for workers. Throws a SpecError that names the option and what is wrong with it. */
export function grpcListen(options: GrpcListenOptions = {}): Listen {
  const {
    on = process.platform === 'win32' ? 'tcp' : 'socket_file',
    host = '127.0.0.1',
    port = 0,
    maxMessageBytes = 16 * 1024 * 1024,
  } = options;
  if (on !== 'socket_file' && on !== 'tcp') throw new SpecError('grpcListen', 'invalid_on', on);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new SpecError('grpcListen', 'invalid_port', port);
  const onlyTcp = (['host', 'tls'] as const).find((name) => options[name] !== undefined);
  if (on !== 'tcp' && onlyTcp !== undefined)
    throw new SpecError('grpcListen', `invalid_${onlyTcp}: it is for on: 'tcp'`);
  if (typeof host !== 'string' || host === '') throw new SpecError('grpcListen', 'invalid_host', host);
  refusePlainText('grpcListen', host, options.tls, options.insecure);
  const tls = options.tls === undefined ? undefined : readTls('grpcListen', options.tls);
  return (events) => {
    const server = new Server({
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
    });
    const transfers = new TransferDesk();
    server.addService(
      { Attach: attach, Transfer: transfer },
      {
        Attach: ((call: Call) => events.accepted(new GrpcCarrier(call))) as never,
        Transfer: ((call: Parameters<typeof serveTransfer>[1]) => serveTransfer(transfers, call)) as never,
      },
    );
    const folder = on === 'socket_file' ? privateFolder() : undefined;
    const wanted = folder === undefined ? hostAndPort(host, port) : `unix:${join(folder, 's')}`;
    let open = true;
    server.bindAsync(wanted, credentialsOf(tls), (error, bound) => {
      if (!open) {
        // It was closed while it began: what has been bound since then is let go of as well.
        server.forceShutdown();
        return;
      }
      if (error !== null) {
        events.failed(
          new ActorError('listen_failed', `cannot listen on ${wanted}: ${error.message}`, { cause: error }),
        );
        return;
      }
      events.listening(folder === undefined ? hostAndPort(host, bound) : wanted);
    });
    return {
      transfers,
      close: () => {
        if (!open) return;
        open = false;
        transfers.close();
        server.forceShutdown();
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      },
    };
  };
}

function credentialsOf(tls: Tls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: tls.key, cert_chain: tls.cert };
  return ServerCredentials.createSsl(tls.clientCa ?? null, [pair], tls.clientCa !== undefined);
}
