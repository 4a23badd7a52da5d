/**
 * Real Python workers against a host that says what no host says: messages and batches that were changed, and bytes
 * that were flipped on the way. A worker may drop its connection and dial again, or be replaced; every call has its
 * outcome, no process of another ends, and when it is over the pool serves as before.
 */
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { nodeRuntime } from '../../../actors/core/index.ts';
import { AttachResponseSchema } from '../../../bridge/transport/gen/workers_pb.js';
import { type Batch, type Carrier, type CarrierName, type Listen, listenOn } from '../../../bridge/transport/index.ts';
import { openContext, ophion, python, pythonTool, startSupervisor } from '../../../index.ts';
import { faultyWire } from '../../../testing/index.ts';
import { Mutator } from './mutate.ts';
import type { FuzzOptions } from './public-port.ts';

export interface PythonReport {
  /** Batches, messages and bytes that were changed. */
  readonly frames: number;
  readonly calls: number;
  /** How often calls ended in which way. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Streams that were lost and went on. */
  readonly resumed: number;
  /** Workers that were replaced. */
  readonly replaced: number;
  /** Actors of the host that ended, and calls that were answered with what they did not ask. */
  readonly wrong: readonly string[];
}

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const echo = pythonTool<{ value: string }, string>('echo');

/** Changes what a host sends while it is armed. */
class Changing {
  armed = false;
  count = 0;
  readonly #mutator: Mutator;

  constructor(mutator: Mutator) {
    this.#mutator = mutator;
  }

  listen(inner: Listen): Listen {
    return (events) => inner({ ...events, accepted: (carrier) => events.accepted(this.#around(carrier)) });
  }

  #around(carrier: Carrier): Carrier {
    return {
      peer: carrier.peer,
      listen: (events) => carrier.listen(events),
      send: (batch) => carrier.send(this.#changed(batch)),
      pause: () => carrier.pause(),
      resume: () => carrier.resume(),
      end: () => carrier.end(),
      refuse: (refusal) => carrier.refuse(refusal),
      abort: () => carrier.abort(),
    };
  }

  #changed(batch: Batch): Batch {
    const speaks = batch.frames.some(({ body }) => body.case === 'envelope');
    if (!this.armed || !speaks || !this.#mutator.chance(0.5)) return batch;
    this.count += 1;
    return this.#mutator.chance(0.3) ? this.#batch(batch) : this.#messages(batch);
  }

  /** What a call, a change or a cancellation says. */
  #messages(batch: Batch): Batch {
    const frames = batch.frames.map((frame) => {
      if (frame.body.case !== 'envelope') return frame;
      const { value } = frame.body;
      const payload = this.#mutator.mutated(value.payload);
      return { ...frame, body: { case: 'envelope' as const, value: { ...value, payload } } };
    });
    return { ...batch, frames };
  }

  /** Numbers, kinds and ends of frames, where what comes out of it can be read at all. */
  #batch({ frames, acknowledged, credit = 0 }: Batch): Batch {
    const whole = create(AttachResponseSchema, {
      frames: [...frames],
      acknowledged: BigInt(acknowledged),
      credit: BigInt(credit),
    });
    try {
      const changed = fromBinary(AttachResponseSchema, this.#mutator.mutated(toBinary(AttachResponseSchema, whole)));
      const { frames: others, acknowledged: taken, credit: given } = changed;
      return { frames: others, acknowledged: Number(taken), credit: Number(given) };
    } catch {
      return this.#messages({ frames, acknowledged, credit });
    }
  }
}

/** Rejects when the pool does not serve again when all is over. */
export async function fuzzPython(carrier: CarrierName, { frames, seed = 1 }: FuzzOptions): Promise<PythonReport> {
  const mutator = new Mutator(seed);
  const changing = new Changing(mutator);
  await using wire = faultyWire({ carrier: changing.listen(listenOn(carrier)) });
  await using app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        links: { listen: wire.listen },
        pools: {
          default: python({
            module: 'e2e_tools',
            pythonPath: [fixtures],
            size: 2,
            spares: 1,
            backoffMs: 50,
            maxBackoffMs: 200,
            drainMs: 200,
          }),
        },
      }),
    },
  });
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  const counts = { resumed: 0, replaced: 0, calls: 0 };
  app.system.events.onAll((event) => {
    const { type, pid, reason } = event as { type: string; pid?: unknown; reason?: { kind: string } };
    if (type === 'stream.resumed') counts.resumed += 1;
    if (type === 'pool.worker_lost') counts.replaced += 1;
    const ofHost = /ophion\/(links|bridge|vault|store|sessions|pools|pools\/default|pools\/default\/manager)#/.test(
      String(pid),
    );
    if (type === 'actor.exited' && ofHost && reason?.kind !== 'shutdown') wrong.push(`${pid} ended: ${reason?.kind}`);
  });
  const pool = app.children.ophion.pools.default;
  await pool.ready(2);
  await using context = await openContext(app.children.ophion);

  const one = async (timeoutMs: number) => {
    counts.calls += 1;
    const value = `call ${counts.calls}`;
    try {
      const got = await context.call(echo, { value }, { timeoutMs });
      // A call that was changed on its way answers what it was changed to; it is still text, and its own.
      return got === value ? 'answered' : 'answered otherwise';
    } catch (error) {
      return String((error as { code?: string }).code ?? (error as Error).name);
    }
  };
  const proxy = await wire.proxy();
  let flipped = 0;
  changing.armed = true;
  while (changing.count + flipped < frames) {
    if (mutator.chance(0.1)) {
      // Below the frames, where a carrier itself reads.
      proxy.toClient.inject({ corrupt: { at: mutator.below(200) } });
      flipped += 1;
    }
    const ended = await Promise.all([one(2_000), one(2_000)]);
    for (const end of ended) outcomes[end] = (outcomes[end] ?? 0) + 1;
  }
  changing.armed = false;
  await proxy.heal();
  await pool.ready(2);
  // What was open on the old streams may still come to its end; what is asked from here on is answered.
  const end = await one(60_000);
  if (end !== 'answered') wrong.push(`when it was over, a call ended with ${end}`);
  return { frames: changing.count + flipped, ...counts, outcomes, wrong };
}
