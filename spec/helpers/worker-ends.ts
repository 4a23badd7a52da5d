/**
 * The worker's end of a connection, over each carrier, as plainly as can be: the messages are made and read by the
 * generated code, so that what the host writes by hand is held to it.
 */
import { connect } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, status } from '@grpc/grpc-js';
import {
  AttachRequestSchema,
  type AttachResponse,
  AttachResponseSchema,
} from '../../bridge/transport/gen/workers_pb.js';
import {
  type Batch,
  grpcListen,
  type Listen,
  MemoryNetwork,
  unixListen,
  unixScheme,
} from '../../bridge/transport/index.ts';
import { Signal } from './signal.ts';
import { turns } from './wire-worker.ts';

/** How the host ended it: in order, with a refusal, or not at all. */
export type WorkerEnding = { readonly how: 'ended' | 'refused' | 'lost'; readonly text: string };

export class WorkerEnd {
  readonly batches: Batch[] = [];
  readonly changed = new Signal();
  ending: WorkerEnding | undefined;
  send: (batch: Batch) => void = () => {};
  /** Bytes that are no batch. */
  sendBytes: (bytes: Uint8Array) => void = () => {};
  /** Has said everything. */
  end: () => void = () => {};
  /** Breaks the connection. */
  abort: () => void = () => {};
  /** Stops reading, or goes on. */
  pause: (paused: boolean) => void = () => {};

  heard(batch: Batch): void {
    this.batches.push(batch);
    this.changed.fire();
  }

  ended(how: WorkerEnding['how'], text = ''): void {
    this.ending ??= { how, text };
    this.changed.fire();
  }
}

export interface CarrierKind {
  readonly name: string;
  /** A listener and how its workers dial; made for each test. */
  make(): { readonly listen: Listen; readonly dial: (address: string) => WorkerEnd };
  /** Has bytes: what cannot be read can be sent. */
  readonly bytes: boolean;
}

const request = ({ frames, acknowledged, credit = 0 }: Batch) =>
  toBinary(
    AttachRequestSchema,
    create(AttachRequestSchema, {
      frames: [...frames],
      acknowledged: BigInt(acknowledged),
      credit: BigInt(credit),
    }),
  );
const response = ({ frames, acknowledged, credit }: AttachResponse): Batch => ({
  frames,
  acknowledged: Number(acknowledged),
  credit: Number(credit),
});

function dialMemory(network: MemoryNetwork): WorkerEnd {
  const own = new WorkerEnd();
  const carrier = network.dial();
  carrier.listen({
    batch: (batch) => own.heard(batch),
    drained: () => {},
    ended: () => own.ended('ended'),
    closed: (why) => own.ended(carrier.refusal === undefined ? 'lost' : 'refused', why),
  });
  own.send = (batch) => carrier.send(batch);
  own.end = () => carrier.end();
  own.abort = () => carrier.abort();
  own.pause = (paused) => (paused ? carrier.pause() : carrier.resume());
  return own;
}

function dialGrpc(address: string): WorkerEnd {
  const own = new WorkerEnd();
  const client = new Client(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(
    '/ophion.v1.WorkerService/Attach',
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => response(fromBinary(AttachResponseSchema, bytes)),
  );
  call.on('data', (batch: Batch) => own.heard(batch));
  call.on('error', () => {});
  call.on('status', ({ code, details }) => {
    const lost = code === status.UNAVAILABLE || code === status.CANCELLED;
    own.ended(code === status.OK ? 'ended' : lost ? 'lost' : 'refused', details);
    client.close();
  });
  own.send = (batch) => call.write(request(batch));
  own.sendBytes = (bytes) => call.write(bytes);
  own.end = () => call.end();
  own.abort = () => call.cancel();
  own.pause = (paused) => (paused ? call.pause() : call.resume());
  return own;
}

function dialUnix(address: string): WorkerEnd {
  const own = new WorkerEnd();
  const socket = connect({ path: address.slice(unixScheme.length), allowHalfOpen: true });
  const framed = (kind: number, body: Uint8Array) => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(kind * 2 ** 24 + body.length);
    return Buffer.concat([header, body]);
  };
  let held = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUIntBE(1, 3)) {
      const end = 4 + held.readUIntBE(1, 3);
      const body = held.subarray(4, end);
      if (held[0] === 0) own.heard(response(fromBinary(AttachResponseSchema, body)));
      else own.ended(held[0] === 1 ? 'ended' : 'refused', body.toString());
      held = held.subarray(end);
    }
  });
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.on('close', () => own.ended('lost'));
  own.send = (batch) => socket.write(framed(0, request(batch)));
  own.sendBytes = (bytes) => socket.write(framed(0, bytes));
  own.end = () => socket.end(framed(1, new Uint8Array()));
  own.abort = () => socket.destroy();
  own.pause = (paused) => (paused ? socket.pause() : socket.resume());
  return own;
}

/** Every carrier that there is. */
export const carrierKinds: readonly CarrierKind[] = [
  { name: 'grpc', make: () => ({ listen: grpcListen(), dial: dialGrpc }), bytes: true },
  { name: 'grpc on tcp', make: () => ({ listen: grpcListen({ on: 'tcp' }), dial: dialGrpc }), bytes: true },
  { name: 'unix', make: () => ({ listen: unixListen(), dial: dialUnix }), bytes: true },
  {
    name: 'memory',
    make: () => {
      const network = new MemoryNetwork(turns);
      return { listen: network.listen, dial: () => dialMemory(network) };
    },
    bytes: false,
  },
];
