import { latency, throughput } from './callers.ts';
import { startEchoHost } from './host.ts';
import { jsonLines, rawFrames } from './others/plain.ts';
import { connectNode, grpcJs } from './others/unary.ts';

const sides: Record<string, () => Promise<any>> = {
  grpc: () => startEchoHost(),
  unix: () => startEchoHost({ carrier: 'unix' } as any),
  grpcJs,
  connectNode,
  jsonLines,
  rawFrames,
};
const [which = '', n64 = '20000', n1 = '1000'] = process.argv.slice(2);
const side = await sides[which]!();
for (let i = 0; i < 3; i++) {
  const t = await throughput(side.echo, 64, Number(n64));
  const l = await latency(side.echo, Number(n1));
  console.log(which, t.toFixed(0), '/s', l.toFixed(0), 'us');
}
await side[Symbol.asyncDispose]();
process.exit(0);
