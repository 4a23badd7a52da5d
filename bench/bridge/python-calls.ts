/** Python calls TypeScript: from inside a tool, beside a grpcio client of a unary grpc-js server. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { pythonTool } from '../../index.ts';
import type { Contest } from '../contest.ts';
import { envelope } from '../workers/callers.ts';
import { Program } from '../workers/others/program.ts';
import { type Carrier, startBridgeHost } from './host.ts';

const callers = 64;
const ask = pythonTool<{ data: Uint8Array; callers: number; count: number }, number>('ask');

const ours = (carrier: Carrier) => async (count: number) => {
  await using host = await startBridgeHost(carrier, 1);
  const [context] = host.contexts;
  if (context === undefined) throw new Error('there is no context');
  await context.expose({ pong: ({ data }: { readonly data: Uint8Array }) => data });
  return await context.call(ask, { data: envelope, callers, count }, { timeoutMs: Number.POSITIVE_INFINITY });
};

/** A server of grpc-js as its documentation has it, in this process; its client is Python. */
async function theirs(count: number): Promise<number> {
  const server = new Server();
  const same = (value: Buffer) => value;
  server.addService(
    {
      echo: {
        path: '/bench.EchoService/Echo',
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    { echo: (call: { request: Buffer }, callback: (e: null, value: Buffer) => void) => callback(null, call.request) },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  await using client = new Program('../../bridge/others/grpc_client.py', String(port), String(callers), String(count));
  const figure = Number(await client.said());
  server.forceShutdown();
  return figure;
}

const contest = (carrier: Carrier, name: string, target?: { readonly atLeast: number }): Contest => ({
  unit: 'calls/s',
  size: 20_000,
  quickSize: 64,
  warmUps: 1,
  rounds: 5,
  ours: ours(carrier),
  lines: [
    {
      name,
      baseline: 'grpcio client of a unary grpc-js server',
      theirs,
      size: 4_000,
      ...(target === undefined ? {} : { target }),
    },
  ],
});

export const pythonCalls: readonly Contest[] = [
  contest('grpc', 'Python to TypeScript calls/s vs unary grpc-js server', { atLeast: 3 }),
  contest('unix', 'Python to TypeScript calls/s over the Unix-socket carrier vs unary grpc-js server'),
];
