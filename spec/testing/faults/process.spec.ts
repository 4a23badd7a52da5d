import { expect } from 'chai';
import { nodeRuntime } from '../../../actors/core/index.ts';
import { type Launch, type LaunchEvent, launch, python, type WorkerEvent } from '../../../actors/worker/index.ts';
import { links } from '../../../bridge/transport/index.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import type { Plan } from '../../../testing/plan/plan.ts';
import { simulate } from '../../../testing/simulation/simulate.ts';
import type { Simulation } from '../../../testing/simulation/simulation.ts';
import { WireWorker } from '../../helpers/wire-worker.ts';
import type { World } from './both-worlds.ts';
import { shows } from './shows.ts';

/** Prints a line each 5 ms until it is told to end. */
const talker = { command: 'sh', args: ['-c', 'while :; do echo hello; sleep 0.005; done'] };

function talking(world: World): Launch {
  if (world.isLive) return world.doors.launch(launch);
  const processes = (world.sim as Simulation).processes(async (process) => {
    while (process.alive) {
      process.print('hello');
      await process.sleep(5);
    }
  });
  return processes.launch;
}

/** A process under a plan, and what is told of it. */
async function run(world: World, plan: Plan) {
  const app = await world.start({ children: {} });
  const active = world.arm(app as never, plan);
  const events: LaunchEvent[] = [];
  const process = talking(world)(
    { ...talker, env: { PATH: globalThis.process.env.PATH ?? '' }, input: '', clock: nodeRuntime().clock },
    (event) => events.push(event),
  );
  const heard = async <T extends LaunchEvent['type']>(type: T, n = 1): Promise<Extract<LaunchEvent, { type: T }>> => {
    const all = () => events.filter((event) => event.type === type);
    await world.until(app as never, () => all().length >= n);
    return all()[n - 1] as Extract<LaunchEvent, { type: T }>;
  };
  const end = async () => {
    process.kill();
    if (events.some(({ type }) => type === 'process.failed')) return;
    await heard('process.gone');
  };
  return { app, active, events, heard, process, end };
}

describe('faults of OS processes', () => {
  shows(catalogue.process.spawnFails, 'one that cannot be started says why', async (world) => {
    const { heard, end } = await run(world, rules(catalogue.process.spawnFails({ error: 'EACCES' })));
    expect((await heard('process.failed')).error.code).to.equal('EACCES');
    await end();
  });

  shows(
    catalogue.process.neverReady,
    'one that is never ready is there, says nothing, and ends when it is told to',
    async (world) => {
      const { heard, events, process, end } = await run(world, rules(catalogue.process.neverReady()));
      await heard('process.started');
      process.terminate();
      expect(await heard('process.exited')).to.include({ code: null, signal: 'SIGTERM' });
      expect(events.map(({ type }) => type)).to.deep.equal(['process.started', 'process.exited', 'process.gone']);
      await end();
    },
  );

  shows(catalogue.process.exitCode, 'one that exits at once has its exit code', async (world) => {
    const { heard, end } = await run(world, rules(catalogue.process.exitCode({ code: 3 })));
    expect(await heard('process.exited')).to.include({ code: 3, signal: null });
    await end();
  });

  shows(catalogue.process.sigkill, 'one that is killed is gone', async (world) => {
    const { heard } = await run(world, rules(catalogue.process.sigkill()));
    expect(await heard('process.exited')).to.include({ code: null, signal: 'SIGKILL' });
    await heard('process.gone');
  });

  shows(catalogue.process.sigstop, 'one that is stopped goes on when it is healed', async (world) => {
    const { heard, active, events, end } = await run(world, rules(catalogue.process.sigstop({ when: { nth: 1 } })));
    await heard('process.started');
    await world.until({} as never, () => active.status[0]?.done === 1);
    const before = events.length;
    active.heal();
    await heard('process.output', before + 2);
    await end();
  });

  shows(catalogue.process.garbageOutput, 'one that talks garbage talks text again when it is healed', async (world) => {
    const { heard, active, events, end } = await run(world, rules(catalogue.process.garbageOutput()));
    expect((await heard('process.output')).text).to.not.equal('hello');
    active.heal();
    const n = events.filter(({ type }) => type === 'process.output').length;
    expect((await heard('process.output', n + 2)).text).to.equal('hello');
    await end();
  });
});

describe('a pool of simulated workers', () => {
  /** A worker that dials, proves itself, is ready, and says each second that it lives. */
  const start = async (sim: Simulation) => {
    const network = sim.network();
    const processes = sim.processes(async (process) => {
      await process.sleep(20);
      const { worker_id, incarnation, token, run_id } = process.boot;
      const expected = { worker: undefined, workerId: worker_id, incarnation, token, runId: run_id, pool: '' };
      const wire = new WireWorker({ dial: () => process.dial(network) } as never, expected as never);
      wire.hello();
      await process.sleep(20);
      wire.ready();
      while (process.alive) {
        await process.sleep(1_000);
        if (wire.closed === undefined)
          wire.control('liveness', {
            $typeName: 'ophion.v1.Liveness',
            loopLagMs: 0,
            inFlight: [],
            rssBytes: 7n,
            lease: 0n,
            leaseHeard: 0n,
          });
      }
    });
    const app = await sim.start({
      maxRestarts: 1_000,
      children: {
        links: { logic: links, input: { listen: network.listen } },
        pools: supervisor({
          maxRestarts: 1_000,
          children: { p: python({ module: 'm', size: 2, executable: process.execPath, launch: processes.launch }) },
        }),
      },
    });
    const lost: string[] = [];
    app.system.events.onAll((event) => {
      const told = event as WorkerEvent;
      if (told.type === 'pool.worker_lost') lost.push(told.reason.kind);
    });
    const idle = async () =>
      (await app.children.pools.children.p.status()).workers.filter(({ state }) => state === 'idle').length;
    return { app, processes, lost, idle };
  };

  for (const [fault, plan] of Object.entries({
    'cannot be started': rules(catalogue.process.spawnFails({ until: { times: 3 } })),
    'is never ready': rules(catalogue.process.neverReady({ until: { times: 2 } })),
    'exits before it is ready': rules(catalogue.process.exitCode({ code: 1, until: { times: 3 } })),
    'is killed': rules(catalogue.process.sigkill({ when: { nth: 4 } })),
    'is stopped for good': rules(catalogue.process.sigstop({ when: { nth: 4 } })),
    'loses its connection': rules(catalogue.wire.reset({ when: { nth: 4 } })),
    'has a half-open connection': rules(catalogue.wire.halfOpen({ when: { after: 4 }, until: { ms: 40_000 } })),
    'sends a frame cut short': rules(catalogue.wire.truncation({ direction: 'in', when: { nth: 4 } })),
  })) {
    it(`is whole again when a worker ${fault}`, async () => {
      await simulate({ seed: 1, plan }, async (sim) => {
        const { idle } = await start(sim);
        await sim.advance(200_000);
        expect(await idle()).to.equal(2);
      });
    });
  }
});
