import { create } from '@bufbuild/protobuf';
import { expect } from 'chai';
import { type Batch, type Carrier, type Frame, FrameSchema, MemoryNetwork } from '../../../bridge/transport/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import type { Plan } from '../../../testing/plan/plan.ts';
import type { World } from './both-worlds.ts';
import { shows } from './shows.ts';

const frame = (sequence: number): Frame =>
  create(FrameSchema, {
    sequence: BigInt(sequence),
    body: {
      case: 'envelope',
      value: {
        $typeName: 'ophion.v1.Envelope',
        exchange: 1n,
        payload: new Uint8Array([sequence]),
        more: false,
        end: false,
      },
    },
  });

/** What one end hears. */
class Ear {
  readonly batches: Batch[] = [];
  closed: string | undefined;
  drained = 0;
  ended = false;

  constructor(carrier: Carrier) {
    carrier.listen({
      batch: (batch) => void this.batches.push(batch),
      drained: () => {
        this.drained += 1;
      },
      ended: () => {
        this.ended = true;
      },
      closed: (why) => {
        this.closed = why;
      },
    });
  }

  get sequences(): number[] {
    return this.batches.flatMap(({ frames }) => frames.map(({ sequence }) => Number(sequence)));
  }
}

/** A connection whose host end is under faults. */
async function connect(world: World, plan?: Plan) {
  const app = (await world.start({ children: {} })) as never;
  const active = world.arm(app, plan ?? { rules: [] });
  const network = new MemoryNetwork(world.runtime.turns);
  const accepted: Carrier[] = [];
  const listener = world.doors.listen(network.listen)({
    listening: () => {},
    accepted: (carrier) => void accepted.push(carrier),
    failed: () => {},
  });
  const dial = () => {
    const worker = network.dial();
    return { worker, workerEar: new Ear(worker) };
  };
  const { worker, workerEar } = dial();
  const until = (holds: () => boolean) => world.until(app, holds);
  const host = accepted[0];
  const hostEar = host === undefined ? undefined : new Ear(host);
  const send = (from: Carrier | undefined, sequence: number) =>
    from?.send({ frames: [frame(sequence)], acknowledged: 0 });
  return {
    active,
    accepted,
    host: host as Carrier,
    hostEar: hostEar as Ear,
    worker,
    workerEar,
    until,
    send,
    dial,
    listener,
  };
}

describe('faults of connections', () => {
  shows(catalogue.wire.refused, 'one that is refused closes at once; healed, the next is accepted', async (world) => {
    const { active, accepted, workerEar, until, dial, listener } = await connect(
      world,
      rules(catalogue.wire.refused()),
    );
    await until(() => workerEar.closed !== undefined);
    expect(accepted).to.have.length(0);
    active.heal();
    dial();
    expect(accepted).to.have.length(1);
    listener.close();
  });

  shows(catalogue.wire.reset, 'one that is reset is told to both', async (world) => {
    const plan = rules(catalogue.wire.reset({ direction: 'in', when: { nth: 2 } }));
    const { hostEar, worker, workerEar, until, send } = await connect(world, plan);
    send(worker, 1);
    await until(() => hostEar.sequences.length === 1);
    send(worker, 2);
    await until(() => hostEar.closed !== undefined && workerEar.closed !== undefined);
    expect(hostEar.sequences).to.deep.equal([1]);
  });

  shows(
    catalogue.wire.halfOpen,
    'one that is half-open loses what is said, and nobody is told; healed, it carries again',
    async (world) => {
      const { active, host, hostEar, worker, workerEar, until, send } = await connect(
        world,
        rules(catalogue.wire.halfOpen({ direction: 'in' })),
      );
      send(worker, 1);
      send(host, 10);
      await until(() => workerEar.sequences.length === 1 && active.status[0]?.done === 1);
      active.heal();
      send(worker, 2);
      await until(() => hostEar.sequences.length === 1);
      expect(hostEar.sequences).to.deep.equal([2]);
      expect(hostEar.closed).to.equal(undefined);
    },
  );

  shows(
    catalogue.wire.stall,
    'one that stalls holds its sender back, and delivers all in order when it is healed',
    async (world) => {
      const { active, host, hostEar, workerEar, until, send } = await connect(
        world,
        rules(catalogue.wire.stall({ direction: 'out' })),
      );
      const taken = Array.from({ length: 20 }, (_, index) => send(host, index + 1));
      expect(taken.slice(0, 15)).to.not.include(false);
      expect(taken.at(-1)).to.equal(false);
      expect(workerEar.sequences).to.deep.equal([]);
      active.heal();
      await until(() => workerEar.sequences.length === 20);
      expect(workerEar.sequences).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
      await until(() => hostEar.drained > 0);
    },
  );

  shows(catalogue.wire.latency, 'one with latency delivers late and in order', async (world) => {
    const { worker, hostEar, until, send } = await connect(
      world,
      rules(catalogue.wire.latency({ direction: 'in', ms: 30, when: { nth: 1 } })),
    );
    const { clock } = world.runtime;
    const startMs = clock.monotonicMs();
    for (const n of [1, 2, 3]) send(worker, n);
    worker.end();
    await until(() => hostEar.ended);
    expect(hostEar.sequences).to.deep.equal([1, 2, 3]);
    expect(clock.monotonicMs() - startMs).to.be.at.least(29);
  });

  shows(catalogue.wire.corruption, 'one that is corrupted delivers something else, or ends', async (world) => {
    const { worker, hostEar, until, send } = await connect(
      world,
      rules(catalogue.wire.corruption({ direction: 'in' })),
    );
    send(worker, 1);
    await until(() => hostEar.batches.length > 0 || hostEar.closed !== undefined);
    const [first] = hostEar.batches[0]?.frames ?? [];
    if (hostEar.closed === undefined) expect(first).to.not.deep.equal(frame(1));
  });

  shows(
    catalogue.wire.truncation,
    'one that is cut short delivers the frames that were whole, and ends',
    async (world) => {
      const plan = rules(catalogue.wire.truncation({ direction: 'in', bytes: 20 }));
      const { worker, hostEar, until } = await connect(world, plan);
      worker.send({ frames: [frame(1), frame(2), frame(3)], acknowledged: 0 });
      await until(() => hostEar.closed !== undefined);
      expect(hostEar.sequences.length).to.be.within(1, 2);
      expect(hostEar.sequences[0]).to.equal(1);
    },
  );
});
