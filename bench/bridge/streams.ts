/** Items of one stream of a Python tool, 100 bytes each, beside a server-streaming call to a plain grpcio server. */
import { fromBinary } from '@bufbuild/protobuf';
import { BytesValueSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import { pythonStream } from '../../index.ts';
import { type Contest, nowMs, perSecond } from '../contest.ts';
import { envelope } from '../workers/callers.ts';
import { Program } from '../workers/others/program.ts';
import { type Carrier, startBridgeHost } from './host.ts';

const items = pythonStream<{ data: Uint8Array; count: number }, Uint8Array>('items');

/** How fast `size` items come, once the stream runs. */
async function read(stream: AsyncIterable<unknown>, size: number): Promise<number> {
  let startMs = Number.NaN;
  for await (const _ of stream) if (Number.isNaN(startMs)) startMs = nowMs();
  return perSecond(size, startMs);
}

const ours = (carrier: Carrier) => async (size: number) => {
  await using host = await startBridgeHost(carrier, 1);
  const [context] = host.contexts;
  if (context === undefined) throw new Error('there is no context');
  return await read(
    context.stream(items, { data: envelope, count: size + 1 }, { timeoutMs: Number.POSITIVE_INFINITY }),
    size,
  );
};

async function theirs(size: number): Promise<number> {
  await using server = new Program('../../bridge/others/stream_server.py', String(size + 1));
  const client = new Client(`127.0.0.1:${await server.said()}`, credentials.createInsecure());
  const path = '/bench.EchoService/Items';
  const decode = (bytes: Buffer) => fromBinary(BytesValueSchema, bytes).value;
  const stream = client.makeServerStreamRequest(path, (value: Buffer) => value, decode, Buffer.alloc(0));
  const figure = await read(stream, size);
  client.close();
  return figure;
}

const contest = (carrier: Carrier, name: string, target?: { readonly atLeast: number }): Contest => ({
  unit: 'items/s',
  size: 60_000,
  quickSize: 64,
  warmUps: 1,
  rounds: 5,
  ours: ours(carrier),
  lines: [
    { name, baseline: 'server-streaming grpc-js', theirs, size: 10_000, ...(target === undefined ? {} : { target }) },
  ],
});

export const streams: readonly Contest[] = [
  contest('grpc', 'streamed items/s vs server-streaming grpc-js', { atLeast: 5 }),
  contest('unix', 'streamed items/s over the Unix-socket carrier vs server-streaming grpc-js'),
];
