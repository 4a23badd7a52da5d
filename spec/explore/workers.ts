/**
 * A pool of simulated Python workers in the world of the exploration: processes that dial in over a network in memory,
 * speak the whole protocol, and take their time for each call. Calls end exactly once, with their own answer; when all is
 * healed the pool is whole again, and no process lives that nobody knows.
 */
import { type ActorSystem, isActorError } from '../../actors/core/index.ts';
import { type PoolRef, python } from '../../actors/worker/index.ts';
import { bridgeNames, callTool } from '../../bridge/protocol/index.ts';
import type { OutcomeCheck } from '../../testing/checks/outcomes.ts';
import type { SimulatedProcesses } from '../../testing/simulation/processes.ts';
import type { Simulation } from '../../testing/simulation/simulation.ts';
import { ProtocolWorker, type WorkerSide } from '../helpers/protocol-worker.ts';
import type { Op } from './input.ts';

export interface PoolConfig {
  readonly size: number;
  readonly spares: number;
  readonly queueMax: number;
  /** After how many calls a worker is replaced; 0: never. */
  readonly recycleCalls: number;
}

/** Longer than any start, lease and backoff takes, in steps. */
const wholeWithin = { steps: 40, stepMs: 10_000 };
/** How often a worker says that it lives, in milliseconds. */
const livenessMs = 2_000;

export class Workers {
  readonly processes: SimulatedProcesses;
  readonly #sim: Simulation;
  readonly #config: PoolConfig;
  readonly #network: ReturnType<Simulation['network']>;

  constructor(sim: Simulation, config: PoolConfig, network: ReturnType<Simulation['network']>) {
    this.#sim = sim;
    this.#config = config;
    this.#network = network;
    this.processes = sim.processes(async (process) => {
      await process.sleep(20);
      const { worker_id, incarnation, token, run_id } = process.boot;
      const expected = { worker: '', workerId: worker_id, incarnation, token, runId: run_id, pool: '' };
      const dial = () => process.dial(this.#network);
      const worker = new ProtocolWorker({ dial, spillOf: () => undefined } as never, expected as never, ['echo']);
      const echo = async (call: WorkerSide) => {
        await process.sleep(Number(call.args.slowMs));
        process.print(`echoes ${String(call.args.value)}`);
        if (call.args.dies === true) process.exit(3);
        else if (!worker.closed) call.answer(call.args.value);
      };
      worker.onCall = (call) => void echo(call);
      // Some do not leave when they are asked to over their stream: a signal has to end them.
      const stays = sim.random.chance(0.5);
      while (process.alive && (stays || !worker.closed)) {
        await process.sleep(livenessMs);
        if (!worker.closed) worker.lives();
      }
      // It does not dial again: a lost stream is a lost worker.
      process.exit(0);
    });
  }

  /** The pool, for `ophion({ pools })`. */
  get pool() {
    const { size, spares, queueMax, recycleCalls } = this.#config;
    return python({
      ...{ module: 'm', size, spares, queueMax, executable: process.execPath, launch: this.processes.launch },
      ...(recycleCalls > 0 ? { recycle: { maxCalls: recycleCalls, drainMs: 1_000 } } : {}),
      ...{ maxBackoffMs: 2_000, readyTimeoutMs: 10_000 },
    });
  }

  /** Calls a tool; what it answers must be its own. */
  async call(
    system: ActorSystem,
    outcomes: OutcomeCheck,
    { tag, op, found }: { readonly tag: number; readonly op: Extract<Op, { op: 'tool' }>; readonly found: string[] },
  ): Promise<void> {
    const { slowMs, timeoutMs, dies, idempotent } = op;
    const args = { value: tag, slowMs, dies };
    try {
      const { value } = await outcomes.call(
        `tool call ${tag}`,
        () =>
          callTool(bridgeNames(system, 'app/ophion'), { tool: 'echo', arguments: args, idempotent }, { timeoutMs })
            .outcome,
      );
      this.#sim.sometimes('an answer of a worker');
      if (Number(value) !== tag) found.push(`tool call ${tag} was answered ${String(value)}`);
    } catch (error) {
      if (!isActorError(error)) throw error;
      this.#sim.sometimes('a worker lost during a call', error.code === 'worker_lost');
    }
  }

  /** When all is healed: as many workers as there are to be, idle, and no other process. */
  async judge(pool: PoolRef): Promise<readonly string[]> {
    const { size, spares } = this.#config;
    for (let step = 0; ; step += 1) {
      const status = await pool.status();
      const living = this.processes.all.filter(({ alive }) => alive).length;
      const isWhole = status.ready === size && status.busy === 0 && status.queued === 0 && living === size + spares;
      if (isWhole) return [];
      if (step === wholeWithin.steps) {
        const { ready, busy, queued, starting, leaving } = status;
        return [
          `the pool is not whole again: ${ready} of ${size} ready, ${busy} busy, ${queued} queued, ${starting} starting, ${leaving} leaving, ${living} processes`,
        ];
      }
      await this.#sim.advance(wholeWithin.stepMs);
    }
  }

  /** When the tree has stopped: nobody lives. */
  get orphans(): readonly string[] {
    return this.processes.all
      .filter(({ alive }) => alive)
      .map(({ osPid }) => `process ${osPid} has outlived the system`);
  }
}
