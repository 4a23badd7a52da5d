/** Trees on a clock that stands still, for tests that wait for nothing. */
import { type Ignore, ignore, server, stop } from '../../actors/core/index.ts';
import {
  type Children,
  type StartOptions,
  type SupervisorReport,
  type SystemRef,
  startSupervisor,
} from '../../supervisors/index.ts';
import { VirtualRuntime } from '../conformance/virtual-runtime.ts';

export interface VirtualTree<C extends Children> {
  readonly app: SystemRef<C>;
  readonly runtime: VirtualRuntime;
  /** Supervisor reports as `context child reason`. */
  readonly reports: string[];
  /** Lets everything happen that needs no time, and then answers. */
  now<T>(asked: Promise<T>): Promise<T>;
}

export async function virtualTree<const C extends Children>(options: StartOptions<C>): Promise<VirtualTree<C>> {
  const runtime = new VirtualRuntime();
  const now = async <T>(asked: Promise<T>): Promise<T> => {
    asked.catch(() => {});
    await runtime.idle();
    return asked;
  };
  const app = await now(startSupervisor({ ...options, runtime }));
  const reports: string[] = [];
  app.events.on('supervisor.report', (event) => reports.push(shownReport(event)));
  return { app, runtime, reports, now };
}

export function shownReport({ context, offender, reason }: SupervisorReport): string {
  const why =
    reason.kind === 'exit' ? String(reason.value) : reason.kind === 'error' ? reason.error.message : reason.kind;
  return `${context} ${offender.id} ${why}`;
}

/** Notes starts and ends; ends, waits or refuses to start as it is told. */
export class Parts {
  readonly log: string[] = [];
  /** Names that do not start, and names that have nothing to run, for the next so many times. */
  readonly failing = new Map<string, number>();
  readonly ignoring = new Map<string, number>();

  /** A part that traps exits; `slowMs` is how long its terminate takes. */
  part(name: string, { slowMs, trapExit = true }: { slowMs?: number; trapExit?: boolean } = {}) {
    const count = (times: Map<string, number>) => {
      const left = times.get(name) ?? 0;
      times.set(name, left - 1);
      return left > 0;
    };
    return server({
      trapExit,
      init: (): number | Ignore => {
        if (count(this.failing)) throw new Error(`${name} cannot start`);
        if (count(this.ignoring)) return ignore();
        this.log.push(`start ${name}`);
        return 0;
      },
      cast: {
        boom: () => {
          throw new Error('boom');
        },
        end: (state, reason: unknown) => stop(reason, state),
      },
      terminate: (_state, reason, ctx) => {
        this.log.push(`stop ${name} ${reason.kind}`);
        if (slowMs === undefined) return;
        return new Promise<void>((resolve) => void ctx.runtime.clock.setTimer(slowMs, resolve));
      },
    });
  }
}
