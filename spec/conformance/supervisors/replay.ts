/** Runs a scenario of format 1 on our runtime, in virtual time, and answers what happened, step by step. */
import {
  ActorDownError,
  ActorSystem,
  exitReason,
  type Pid,
  type Process,
  SpecError,
  StartError,
  server,
} from '../../../actors/core/index.ts';
import {
  ChildError,
  type ChildRow,
  type Children,
  DynamicSupervisorRef,
  type FullSpec,
  type StartedChild,
  SupervisorRef,
} from '../../../supervisors/index.ts';
import type { Json } from '../scenario.ts';
import { VirtualRuntime } from '../virtual-runtime.ts';
import type { Call, Crash, Op, Row, Script, TraceStep } from './format.ts';
import { type InstanceInput, specOf, supLogic } from './nodes.ts';
import { type Named, Recorder } from './recorder.ts';
import { reasonTerm, specTerm, toReason } from './terms.ts';

export async function replaySupervisors({ tree, ops }: Script): Promise<TraceStep[]> {
  const replay = new Replay();
  const steps = [await replay.start(tree)];
  for (const op of ops) {
    const gone = !replay.running;
    steps.push(await replay.step(op));
    // After the root is gone one more operation is done.
    if (gone) break;
  }
  if (replay.running) steps.push(await replay.stopRoot());
  return steps;
}

const living = (named: Named | undefined): Process | undefined =>
  named?.process.status === 'dead' ? undefined : named?.process;
const noproc = { exit: 'noproc' };

class Replay {
  readonly #runtime = new VirtualRuntime();
  readonly #system = new ActorSystem(this.#runtime);
  readonly #recorder = new Recorder(this.#system);
  /** Starts the root, and is nobody's parent but its. */
  #starter!: Process;
  #root: Process | undefined;

  get running(): boolean {
    return this.#root !== undefined && this.#root.status !== 'dead';
  }

  async start(tree: Script['tree']): Promise<TraceStep> {
    const starter = await this.#system.spawn({ path: 'starter', logic: server({ trapExit: true, init: () => 0 }) });
    if (starter.type !== 'started') throw new Error('the starter did not start');
    this.#starter = starter.process;
    const starting = this.#system.spawn({
      path: tree.id ?? 'root',
      logic: supLogic(this.#recorder, tree),
      parent: this.#starter,
    });
    await this.#runtime.settle();
    const started = await starting;
    if (started.type === 'ignore') return this.#traced('start', 'ignore');
    if (started.type === 'failed') return this.#traced('start', { error: reasonTerm(started.reason) });
    this.#root = started.process;
    return this.#traced('start', { ok: this.#who(started.process.pid) });
  }

  async stopRoot(): Promise<TraceStep> {
    const root = this.#root as Process;
    root.exitSignal(this.#starter.pid, exitReason.shutdown());
    await this.#runtime.settle();
    return this.#traced('stop_root', { down: reasonTerm(root.exitReason ?? exitReason.noproc) });
  }

  async step(op: Op): Promise<TraceStep> {
    return this.#traced(op.op, await this.#do(op));
  }

  async #do(op: Op): Promise<Json> {
    switch (op.op) {
      case 'crash':
        return this.#crash(op);
      case 'burst':
        return (await this.#burst(op.sup, op.crashes, []))?.crashes ?? noproc;
      case 'race':
        return (await this.#burst(op.sup, op.crashes, op.calls)) ?? noproc;
      case 'advance':
        await this.#runtime.advance(op.ms);
        return 'ok';
      case 'stop_sup':
        return this.#end(op.sup, (process) =>
          process.deliver({ kind: 'system', work: () => process.requestStop(toReason(op.reason)) }),
        );
      case 'kill_sup':
        return this.#end(op.sup, (process) => process.kill());
      default: {
        const answer = this.#call(op.sup, op);
        await this.#runtime.settle();
        return answer;
      }
    }
  }

  async #end(sup: string, end: (process: Process) => void): Promise<Json> {
    const process = living(this.#recorder.supervisor(sup));
    if (process === undefined) return 'no_target';
    end(process);
    await this.#runtime.settle();
    return 'ok';
  }

  async #crash(crash: Crash): Promise<Json> {
    const process = living(this.#recorder.newest(crash.id));
    if (process === undefined) return 'no_target';
    if (process.status === 'stopping') return 'terminating';
    if (crash.how === 'kill') process.kill();
    else if (crash.how === 'signal') process.exitSignal(this.#starter.pid, toReason(crash.reason));
    else process.deliver({ kind: 'cast', name: 'crash', arg: crash });
    await this.#runtime.settle();
    return process.exitReason === undefined ? 'survived' : 'ok';
  }

  /** Deaths, and behind them requests, that a supervisor finds in its mailbox all at once. */
  async #burst(
    sup: string,
    crashes: readonly Crash[],
    calls: readonly Call[],
  ): Promise<{ crashes: Json[]; calls: Json[] } | undefined> {
    const process = living(this.#recorder.supervisor(sup));
    if (process === undefined) return undefined;
    process.deliver({ kind: 'system', work: () => process.suspend() });
    await this.#runtime.settle();
    const crashed: Json[] = [];
    for (const crash of crashes) crashed.push(await this.#crash(crash));
    const answers = calls.map((call) => this.#call(sup, call));
    process.deliver({ kind: 'system', work: () => process.resume() });
    await this.#runtime.settle();
    return { crashes: crashed, calls: await Promise.all(answers) };
  }

  // Requests

  #call(sup: string, call: Call): Promise<Json> {
    const named = this.#recorder.supervisor(sup);
    if (named === undefined) return Promise.resolve(noproc);
    const answer = named.sup === 'simple' ? this.#askSimple(named, call) : this.#askStatic(named, call);
    return answer.catch((error: unknown) => this.#refusal(error, call, named));
  }

  async #askStatic(named: Named, call: Call): Promise<Json> {
    const ref = new SupervisorRef(this.#system, named.process.pid.path);
    const id = call.id as string;
    switch (call.op) {
      case 'start_child':
        return this.#started(await ref.startChildWithInfo(specOf(this.#recorder, call.spec as never)));
      case 'restart_child':
        return this.#started(await ref.restartChildWithInfo(id));
      case 'terminate_child':
        await ref.terminateChild(call.instance === undefined ? id : (this.#pidOf(call.instance) as string));
        return 'ok';
      case 'delete_child':
        await ref.deleteChild(id);
        return 'ok';
      case 'get_childspec':
        return shownSpec(await ref.childSpec(id));
      default:
        return this.#shown(named, call.op, ref);
    }
  }

  async #askSimple(named: Named, call: Call): Promise<Json> {
    const ref = new DynamicSupervisorRef(this.#system, named.process.pid.path);
    switch (call.op) {
      case 'start_child': {
        const input: InstanceInput = { name: call.instance as string, init: call.init };
        return this.#started(await ref.startChildWithInfo({ input }));
      }
      case 'terminate_child':
        await ref.terminateChild(call.instance === undefined ? (call.id as string) : this.#pidOf(call.instance));
        return 'ok';
      case 'restart_child':
      case 'delete_child': {
        // Refused whatever the id; our ref of a dynamic supervisor does not even offer them.
        const asStatic = new SupervisorRef(this.#system, ref.path);
        await (call.op === 'delete_child' ? asStatic.deleteChild('any') : asStatic.restartChild('any'));
        return 'ok';
      }
      case 'get_childspec':
        return shownSpec(await ref.childSpec(call.id as string));
      default:
        return this.#shown(named, call.op, ref);
    }
  }

  async #shown(named: Named, op: string, ref: SupervisorRef<Children> | DynamicSupervisorRef): Promise<Json> {
    if (op === 'which_children') return this.#rows(named, await ref.whichChildren());
    const { specs, active, supervisors, workers } = await ref.countChildren();
    return [specs, active, supervisors, workers];
  }

  /** The process that a name means; a name that never was one is as good as an id. */
  #pidOf(instance: string): Pid | string {
    return this.#recorder.newest(instance)?.process.pid ?? instance;
  }

  #who(pid: Pid): Json {
    const named = this.#recorder.named(pid);
    if (named === undefined) throw new Error(`${pid} is unknown`);
    return { id: named.id, n: named.n };
  }

  #started(child: StartedChild | undefined): Json {
    if (child === undefined) return { ok: null };
    const ok = this.#who(child.pid);
    return child.info === undefined ? { ok } : { ok, info: child.info as Json };
  }

  #refusal(error: unknown, call: Call, named: Named): Json {
    if (error instanceof ActorDownError) return { exit: reasonTerm(error.reason) };
    if (error instanceof SpecError) return { error: specTerm(error) };
    if (error instanceof StartError) {
      const reason = reasonTerm(error.reason);
      return { error: call.op === 'start_child' && named.sup === 'static' ? { start_failed: reason } : reason };
    }
    if (!(error instanceof ChildError)) throw error;
    if (error.code === 'already_started') return { error: { already_started: this.#who(error.pid as Pid) } };
    return { error: error.code };
  }

  // What there is after a step

  #rows({ sup }: Named, rows: readonly ChildRow[]): Row[] {
    const shown = rows.map(({ id, pid, type }): Row => {
      if (pid === 'restarting') return [sup === 'simple' ? null : id, pid, type];
      if (pid === undefined) return [id, 'undefined', type];
      const { id: name, n } = this.#recorder.named(pid) as Named;
      return [name, n, type];
    });
    return sup === 'simple' ? shown.sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1)) : shown;
  }

  async #traced(op: string, result: Json): Promise<TraceStep> {
    const shape: Record<string, readonly Row[]> = {};
    const counts: Record<string, readonly number[]> = {};
    for (const named of this.#recorder.supervisors()) {
      const ask = (what: string) => this.#call(named.id, { op: what });
      const asked = Promise.all([ask('which_children'), ask('count_children')]);
      await this.#runtime.idle();
      const [rows, numbers] = await asked;
      shape[named.id] = rows as unknown as Row[];
      counts[named.id] = numbers as number[];
    }
    return { op, result, counts, shape, ...this.#recorder.take(op) };
  }
}

function shownSpec({ id, restart, shutdown, significant, type }: FullSpec): Json {
  return {
    ok: { id, restart, shutdown: shutdown === Number.POSITIVE_INFINITY ? 'infinity' : shutdown, significant, type },
  };
}
