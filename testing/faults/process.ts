/** OS processes under faults: not started, never ready, ended at once, stopped, killed, talking garbage. */
import type { Clock } from '../../actors/core/index.ts';
import type { Launch, LaunchEvent, LaunchOptions, OsProcess } from '../../actors/worker/index.ts';
import type { Decision } from './active-plan.ts';
import type { FaultSet } from './fault-set.ts';

/** Sends a signal to a process and all that it has started. */
export type SendSignal = (osPid: number, signal: NodeJS.Signals) => unknown;

/** How often a running process passes the point `process.run`, in milliseconds. */
const lookMs = 100;

type Tell = (event: LaunchEvent) => void;

/** What makes faults reach into a process: variables for its environment, and an end. */
export interface InwardDoor {
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/** `inward` makes a door into each process, by its path; none: what is in it is out of reach. */
export function faultyLaunch(
  inner: Launch,
  signal: SendSignal,
  set: FaultSet,
  clock: Clock,
  inward?: (path: string) => InwardDoor,
): Launch {
  return (options, tell) => {
    const path = placeOf(options);
    const start = () => {
      const heard = watched(path, tell, signal, set, clock);
      if (inward === undefined) return inner(options, heard);
      const door = inward(path);
      return inner({ ...options, env: { ...options.env, ...door.env } }, (event) => {
        if (event.type === 'process.failed' || event.type === 'process.exited') door.close();
        heard(event);
      });
    };
    const decision = set.concerns('process.spawn') ? set.decide({ point: 'process.spawn', path }) : undefined;
    return decision === undefined ? start() : spawned(decision, start, tell, clock);
  };
}

/** A worker's path in the tree; of another process its command. */
function placeOf({ input, command }: LaunchOptions): string {
  try {
    const { worker_id: path } = JSON.parse(input) as { worker_id?: unknown };
    return typeof path === 'string' ? path : command;
  } catch {
    return command;
  }
}

function spawned({ rule, task }: Decision, start: () => OsProcess, tell: Tell, clock: Clock): OsProcess {
  const soon = (event: LaunchEvent) => void clock.setTimer(0, () => tell(event));
  switch (task.do) {
    case 'throw': {
      const code = task.error ?? 'EAGAIN';
      soon({ type: 'process.failed', error: Object.assign(new Error(`${code}: injected`), { code }) });
      return { terminate: () => {}, kill: () => {} };
    }
    case 'exit': {
      const nobody = new Nobody(tell);
      clock.setTimer(0, () => nobody.start());
      clock.setTimer(0, () => nobody.end(task.code ?? 1, null));
      return nobody;
    }
    case 'hang': {
      // It is there, ends when it is told to, and does nothing else.
      const nobody = new Nobody(tell);
      clock.setTimer(0, () => nobody.start());
      return nobody;
    }
    case 'sleep':
    case 'pause':
      return new Late(tell, start, (goOn) =>
        task.do === 'sleep' ? rule.later(task.ms, goOn) : rule.untilHealed(task, goOn),
      );
    default:
      return start();
  }
}

/** A process that is none: what a host sees of one that never says anything. */
class Nobody implements OsProcess {
  readonly #tell: Tell;
  #ended = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  start(): void {
    if (!this.#ended) this.#tell({ type: 'process.started', osPid: 0 });
  }

  terminate(): void {
    this.end(null, 'SIGTERM');
  }

  kill(): void {
    this.end(null, 'SIGKILL');
  }

  end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell({ type: 'process.exited', code, signal, lastOutput: '' });
    this.#tell({ type: 'process.gone', left: [] });
  }
}

/** A process that is started later; ended before, it never is. */
class Late implements OsProcess {
  readonly #nobody: Nobody;
  readonly #callOff: () => void;
  #real: OsProcess | undefined;

  constructor(tell: Tell, start: () => OsProcess, wait: (goOn: () => void) => () => void) {
    this.#nobody = new Nobody(tell);
    this.#callOff = wait(() => {
      this.#real = start();
    });
  }

  terminate(): void {
    this.#end((process) => process.terminate());
  }

  kill(): void {
    this.#end((process) => process.kill());
  }

  #end(end: (process: OsProcess) => void): void {
    this.#callOff();
    end(this.#real ?? this.#nobody);
  }
}

/** What is told of a real process, with what faults do to it. */
function watched(path: string, tell: Tell, signal: SendSignal, set: FaultSet, clock: Clock): Tell {
  let osPid: number | undefined;
  let timer: { cancel(): void } | undefined;
  const look = () => {
    timer?.cancel();
    timer = undefined;
    if (osPid === undefined || !set.concerns('process.run')) return;
    const decision = set.decide({ point: 'process.run', path });
    if (decision?.task.do === 'kill') {
      const { rule, task } = decision;
      const name = (task.signal ?? 'SIGKILL') as NodeJS.Signals;
      signal(osPid, name);
      if (name === 'SIGSTOP') rule.onHeal(() => osPid !== undefined && signal(osPid, 'SIGCONT'));
    }
    // The signal may have ended it.
    if (osPid !== undefined) timer = clock.setTimer(lookMs, look);
  };
  return (event) => {
    switch (event.type) {
      case 'process.started':
        osPid = event.osPid;
        set.onChange.add(look);
        tell(event);
        look();
        return;
      case 'process.output': {
        const decision = set.concerns('process.output') ? set.decide({ point: 'process.output', path }) : undefined;
        if (decision?.task.do === 'drop') return;
        tell(decision?.task.do === 'corrupt' ? { ...event, text: garbage(event.text, decision) } : event);
        return;
      }
      case 'process.exited':
        osPid = undefined;
        set.onChange.delete(look);
        timer?.cancel();
        tell(event);
        return;
      default:
        tell(event);
    }
  };
}

/** As long as the text, and no text. */
function garbage(text: string, { rule }: Decision): string {
  return Array.from({ length: Math.max(8, text.length) }, () => String.fromCharCode(rule.pick(256))).join('');
}
