/** `ophion.v1.WorkerService.Transfer` on a grpc-js server: how payloads go to workers that share no files with the host. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  type TransferRequest,
  TransferRequestSchema,
  type TransferResponse,
  TransferResponseSchema,
  WorkerService,
} from './gen/workers_pb.js';
import type { TransferDesk, TransferWire } from './transfers.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;

const unchanged = (bytes: Buffer) => bytes;

export const transfer = {
  path: `/${WorkerService.typeName}/${WorkerService.method.transfer.name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: unchanged,
  requestDeserialize: unchanged,
  responseSerialize: unchanged,
  responseDeserialize: unchanged,
} as const;

const codes = { unauthenticated: status.UNAUTHENTICATED, invalid_argument: status.INVALID_ARGUMENT } as const;

/** Takes a worker's call. */
export function serveTransfer(desk: TransferDesk, call: Call): void {
  let over = false;
  const finish = (code: status, details: string) => {
    if (over) return;
    over = true;
    call.emit('error', { code, details, message: details });
    // Whatever still comes is read and dropped, so that the connection itself can end.
    call.resume();
  };
  const wire: TransferWire = {
    send: (body) => over || call.write(encode(body)),
    refuse: (code, message) => finish(codes[code], message),
    close: () => finish(status.UNAVAILABLE, 'ended by the host'),
  };
  const events = desk.accept(wire);
  const closed = () => {
    over = true;
    events.closed();
  };
  // grpc-js turns an error into the call's status; without a listener of ours it would be fatal.
  call.on('error', () => {});
  call.on('data', (bytes: Buffer) => {
    if (over) return;
    let request: TransferRequest;
    try {
      request = fromBinary(TransferRequestSchema, bytes);
    } catch (error) {
      wire.refuse('invalid_argument', `a message that cannot be read: ${(error as Error).message}`);
      events.closed();
      return;
    }
    events.heard(request.body);
  });
  call.on('drain', () => events.drained());
  call.on('end', closed);
  call.on('cancelled', closed);
  call.on('close', closed);
}

/** As a Buffer over the same bytes: grpc-js takes nothing else. */
function encode(body: TransferResponse['body']): Buffer {
  const bytes = toBinary(TransferResponseSchema, { $typeName: 'ophion.v1.TransferResponse', body });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
