/**
 * The host against workers that say what no worker says: batches that were changed, on the carriers that have bytes,
 * and messages that were changed, on a stream that is right. A connection may be ended and a message dropped; links
 * and bridge live on, and so does the worker beside it.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { type ActorContext, exitReason, nodeRuntime, server } from '../../../actors/core/index.ts';
import { encodeMap, encodeValue } from '../../../bridge/protocol/codec.ts';
import { callTool } from '../../../bridge/protocol/index.ts';
import { toolResult, workerMessage } from '../../../bridge/protocol/messages.ts';
import { AttachRequestSchema, type Frame, FrameSchema } from '../../../bridge/transport/gen/workers_pb.js';
import { type Delivery, JoinTokens, libraryVersion, links, linksRef } from '../../../bridge/transport/index.ts';
import { dynamicSupervisor, startSupervisor } from '../../../supervisors/index.ts';
import { startBridge } from '../../helpers/bridge-system.ts';
import { Signal } from '../../helpers/signal.ts';
import { bytes, expectation, text, token } from '../../helpers/wire-worker.ts';
import { carrierKinds, type WorkerEnd } from '../../helpers/worker-ends.ts';
import { Mutator } from './mutate.ts';
import type { FuzzOptions } from './public-port.ts';

export interface StreamReport {
  readonly frames: number;
  /** How often a connection was ended for what it said. */
  readonly refused: number;
  /** Messages that were dropped alone. */
  readonly dropped: number;
  /** How often calls ended in which way. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Actors of the host that ended. */
  readonly ended: readonly string[];
  /** What became of what was right, when it was not what it should be. */
  readonly wrong: readonly string[];
}

const frame = (body: Frame['body'], sequence = 0) => create(FrameSchema, { sequence: BigInt(sequence), body });
const request = (frames: readonly Frame[], acknowledged = 0, credit = 0) =>
  toBinary(
    AttachRequestSchema,
    create(AttachRequestSchema, { frames: [...frames], acknowledged: BigInt(acknowledged), credit: BigInt(credit) }),
  );
const hello = (workerId: string, incarnation: number) =>
  frame({
    case: 'hello',
    value: {
      $typeName: 'ophion.v1.Hello',
      protocolVersion: 1,
      workerId,
      incarnation,
      token,
      runId: 'run',
      osPid: 1,
      pythonVersion: '3',
      libraryVersion,
      resumeFrom: 0n,
    },
  });
const ready = frame({
  case: 'ready',
  value: {
    $typeName: 'ophion.v1.Ready',
    catalog: bytes('catalog'),
    capacity: 1,
    takesFiles: false,
    takesTransfers: false,
  },
});
const said = (exchange: number, sequence: number, more = false, end = false) =>
  frame(
    {
      case: 'envelope',
      value: {
        $typeName: 'ophion.v1.Envelope',
        exchange: BigInt(exchange),
        payload: bytes('payload'),
        more,
        end,
      },
    },
    sequence,
  );
const liveness = frame({
  case: 'liveness',
  value: {
    $typeName: 'ophion.v1.Liveness',
    loopLagMs: 1.5,
    inFlight: [1n, 3n],
    rssBytes: 1_000_000n,
    lease: 1n,
    leaseHeard: 0n,
  },
});

/** What a worker may say once it has greeted. */
const batches: readonly Uint8Array[] = [
  request([ready]),
  request([ready, liveness]),
  request([liveness], 3, 1_000_000),
  request([said(2, 1, false, true)]),
  request([said(2, 1, true), said(2, 2), said(4, 3, false, true)], 1),
  request([frame({ case: 'progress', value: { $typeName: 'ophion.v1.Progress', what: 'loading' } })]),
  request([frame({ case: 'goodbye', value: { $typeName: 'ophion.v1.Goodbye', reason: 'enough' } })]),
];

/** An actor that hears what workers say, and answers what a worker asks with the same. */
const echoing = (heard: (delivery: Delivery) => void) =>
  server({
    init: (ctx: ActorContext<undefined>) => {
      linksRef(ctx as never, 'app/links').cast('subscribe', { consumer: ctx.ref(ctx.path) });
      return 0;
    },
    cast: {
      deliver: (state: number, delivery: Delivery, ctx) => {
        if (delivery.type === 'exchange.message' && delivery.opened) {
          const { stream, exchange, payload } = delivery;
          linksRef(ctx, 'app/links').cast('write', { stream, exchange, payload, end: true });
        }
        heard(delivery);
        linksRef(ctx, 'app/links').cast('acknowledge', { delivery: delivery.delivery });
        return state;
      },
      // Whoever asked to join was let in or not; nobody is here.
      join: (state: number) => state,
    },
    info: (state: number) => state,
  });

/** Batches that were changed, over one carrier. Rejects when the good worker is not answered any more. */
export async function fuzzBatches(carrier: string, { frames, seed = 1 }: FuzzOptions): Promise<StreamReport> {
  const mutator = new Mutator(seed);
  const kind = carrierKinds.find(({ name }) => name === carrier);
  if (kind === undefined) throw new Error(`there is no carrier '${carrier}'`);
  const { listen, dial } = kind.make();
  const forJoins = carrierKinds.find(({ name }) => name === 'grpc on tcp')?.make();
  const changed = new Signal();
  const ended: string[] = [];
  const wrong: string[] = [];
  const addresses: { workers?: string; joins?: string } = {};
  const worker = server({ init: () => 0, info: (state) => state });
  await using app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      links: {
        logic: links,
        input: {
          listen,
          limits: { livenessIntervalMs: 3_600_000 },
          ...(forJoins === undefined ? {} : { listenForJoins: forJoins.listen }),
        },
      },
      consumer: echoing(() => changed.fire()),
      workers: dynamicSupervisor(),
    },
  });
  app.system.events.onAll((event) => {
    const told = event as { type: string; pid?: unknown; reason?: { kind: string } };
    if (
      told.type === 'actor.exited' &&
      told.reason?.kind !== 'shutdown' &&
      /app\/(links|consumer)#/.test(String(told.pid))
    )
      ended.push(String(told.pid));
    changed.fire();
  });
  const linksActor = linksRef({ system: app.system } as never, 'app/links');
  for (;;) {
    const { address, joinAddress } = (await app.children.links.call('status')) as {
      address?: string;
      joinAddress?: string;
    };
    if (address !== undefined) addresses.workers = address;
    if (joinAddress !== undefined) addresses.joins = joinAddress;
    if (addresses.workers !== undefined && addresses.joins !== undefined) break;
  }

  let count = 0;
  const expected = async () => {
    count += 1;
    const pid = await app.children.workers.startChild({ id: `w-${count}`, logic: worker, restart: 'temporary' });
    const expectedOne = expectation(pid as never);
    linksActor.cast('expect', expectedOne);
    await app.children.links.call('status');
    return expectedOne;
  };
  const over = (end: WorkerEnd) => end.changed.until(() => end.ending !== undefined);
  const good = async () => {
    const { workerId, incarnation } = await expected();
    const end = dial(String(addresses.workers));
    end.sendBytes(request([hello(workerId, incarnation), ready]));
    return end;
  };
  const best = await good();
  let asked = 0;
  /** The worker beside all of them asks, and is answered. */
  const stillServed = async () => {
    asked += 1;
    best.sendBytes(request([said(asked * 2, asked, false, true)]));
    const answered = () =>
      best.batches.some(({ frames: all }) =>
        all.some(
          ({ body }) =>
            body.case === 'envelope' &&
            Number(body.value.exchange) === asked * 2 &&
            text(body.value.payload) === 'payload',
        ),
      );
    await best.changed.until(() => answered() || best.ending !== undefined);
    if (best.ending !== undefined) throw new Error(`the worker that says nothing wrong was ${best.ending.how}`);
  };

  let refused = 0;
  let sent = 0;
  const tokens = JoinTokens.of(app.system, 'app/links');
  const joinToken = tokens.issue('pool', app.children.consumer as never, { uses: frames + 1 }).token;
  while (sent < frames) {
    if (forJoins !== undefined && mutator.chance(0.2)) {
      const joining = frame({
        case: 'join',
        value: {
          $typeName: 'ophion.v1.Join',
          protocolVersion: 1,
          token: joinToken,
          module: 'm',
          osPid: 1,
          host: 'h',
          pythonVersion: '3',
          libraryVersion,
          capacity: 1,
        },
      });
      const end = forJoins.dial(String(addresses.joins));
      end.sendBytes(mutator.mutated(request([joining])));
      sent += 1;
      // One that was right waits for its pool, which never answers here.
      end.end();
      end.abort();
      await over(end);
      continue;
    }
    const { worker: pid, workerId, incarnation } = await expected();
    const end = dial(String(addresses.workers));
    const greeting = request([hello(workerId, incarnation)]);
    const greets = mutator.chance(0.7);
    end.sendBytes(greets ? greeting : mutator.mutated(greeting));
    sent += greets ? 0 : 1;
    for (let i = 0; i < 6 && end.ending === undefined && sent < frames; i += 1) {
      end.sendBytes(mutator.mutated(mutator.one(batches)));
      sent += 1;
      await new Promise(setImmediate);
    }
    // A question that comes last: whoever is not refused by then is heard.
    await stillServed();
    if (end.ending?.how === 'refused') refused += 1;
    end.abort();
    await over(end);
    linksActor.cast('forget', { worker: pid, reason: exitReason.killed, lastOutput: '' });
  }
  await stillServed();
  best.abort();
  return { frames: sent, refused, dropped: 0, outcomes: {}, ended, wrong };
}

/** Messages that were changed, on streams that are right, to the bridge. */
export async function fuzzMessages({ frames, seed = 1 }: FuzzOptions): Promise<StreamReport> {
  const mutator = new Mutator(seed);
  const ended: string[] = [];
  const wrong: string[] = [];
  let dropped = 0;
  let refused = 0;
  await using t = await startBridge({ graceMs: 50 });
  t.app.system.events.onAll((event) => {
    const { type, pid, reason } = event as { type: string; pid?: unknown; reason?: { kind: string } };
    if (type === 'bridge.dropped') dropped += 1;
    if (
      type === 'actor.exited' &&
      reason?.kind !== 'shutdown' &&
      /app\/(bridge|links|vault|store|sessions)#/.test(String(pid))
    )
      ended.push(String(pid));
  });
  await t.state.open('s');
  await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'add', handler: () => 1 }] });
  // One worker that answers one tool as it should, and whose other answers are changed.
  const start = async () => {
    const worker = await t.worker({ tools: ['right', 'wrong'] });
    worker.wire.onCall = (side) => {
      if (side.call.tool === 'right') side.answer(side.args);
    };
    return worker;
  };
  let bad = await start();
  const call = {
    $typeName: 'ophion.v1.ToolCall' as const,
    sessionId: 's',
    tool: 'add',
    arguments: encodeMap({ a: 1 }, 'arguments'),
    traceparent: '',
    idempotencyKey: '',
    minRevision: 0n,
    callId: 'c',
    parentCallId: '',
    stream: false,
  };
  const value = { case: 'value' as const, value: encodeValue({ a: [1, 'b', null] }) };
  const messages: readonly Uint8Array[] = [
    workerMessage('call', call),
    workerMessage('call', { ...call, stream: true }),
    workerMessage('result', toolResult(value)),
    workerMessage('item', { $typeName: 'ophion.v1.Item', value: encodeValue('item') }),
    workerMessage('credit', { $typeName: 'ophion.v1.Credit', items: 3 }),
    workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'no' }),
  ];
  const oneWay = [
    workerMessage('log', {
      $typeName: 'ophion.v1.LogRecord',
      level: 'error',
      logger: 'l',
      message: 'm',
      sessionId: 's',
    } as never),
    ...messages,
  ];
  const outcomes: Record<string, number> = {};
  const settled = (outcome: Promise<{ readonly value: unknown }>) =>
    outcome.then(
      ({ value: got }) => JSON.stringify(got),
      (error: Error & { code?: string }) => `${error.code}`,
    );
  for (let sent = 0, called = 0; sent < frames; sent += 1) {
    const { wire } = bad;
    const say = (exchange: number) => wire.say(exchange, mutator.mutated(mutator.one(messages)), mutator.chance(0.3));
    if (mutator.chance(0.5)) {
      // An answer to a call of the host, and then one that is right: it has one outcome, whatever it is.
      const { outcome } = callTool(t.names, { tool: 'wrong', sessionId: 's' }, { timeoutMs: 20_000 });
      called += 1;
      const side = () => wire.calls.filter(({ call: { tool } }) => tool === 'wrong')[called - 1];
      await wire.changed.until(() => side() !== undefined || wire.closed);
      say(side()?.exchange ?? 1);
      side()?.answer('right');
      const code = await settled(outcome);
      const kind = code.startsWith('"') || code.startsWith('{') || code === 'null' ? 'answered' : code;
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    } else if (mutator.chance(0.8)) say(1_000 + 2 * sent);
    else wire.say(0, mutator.mutated(mutator.one(oneWay)), false);
    if (sent % 25 === 24) {
      const request = { tool: 'right', sessionId: 's', arguments: { sent } };
      const got = await settled(callTool(t.names, request, { timeoutMs: 20_000 }).outcome);
      if (got !== JSON.stringify({ sent })) wrong.push(`${sent}: ${got}`);
    }
    if (wire.closed) {
      refused += 1;
      called = 0;
      t.lose(bad.pid);
      bad = await start();
    }
  }
  return { frames, refused, dropped, outcomes, ended, wrong };
}
