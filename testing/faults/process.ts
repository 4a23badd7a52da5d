/**
 * OS processes under faults: not started, started with too little or too much, never ready, ended, stopped, starved,
 * deaf, talking garbage.
 */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';
import type { Launch, LaunchEvent, LaunchOptions, OsProcess } from '../../actors/worker/index.ts';
import type { Decision } from './active-plan.ts';
import type { FaultSet } from './fault-set.ts';
import type { ProcessHands } from './process-hands.ts';
import { Late, Nobody, type Tell } from './process-stand-ins.ts';

/** How often a running process passes the point `process.run`, in milliseconds. */
const lookMs = 100;

/** What makes faults reach into a process: variables for its environment, and an end. */
export interface InwardDoor {
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/** `inward` makes a door into each process, by its path; none: what is in it is out of reach. */
export function faultyLaunch(
  inner: Launch,
  hands: ProcessHands,
  set: FaultSet,
  clock: Clock,
  inward?: (path: string) => InwardDoor,
): Launch {
  return (options, tell) => {
    const path = placeOf(options);
    const start = (own = options) => {
      const door = inward?.(path);
      const told: Tell = (event) => {
        if (event.type === 'process.failed' || event.type === 'process.exited') door?.close();
        tell(event);
      };
      const { hear, listens } = new Watch(path, told, hands, set, clock);
      const process = inner(door === undefined ? own : { ...own, env: { ...own.env, ...door.env } }, hear);
      return { kill: () => process.kill(), terminate: () => listens(() => process.terminate()) };
    };
    const decision = set.concerns('process.spawn') ? set.decide({ point: 'process.spawn', path }) : undefined;
    if (decision === undefined) return start();
    try {
      return spawned(decision, start, { options, tell, hands, clock });
    } catch (error) {
      return failed(error as Error, tell, clock);
    }
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

interface Spawn {
  readonly options: LaunchOptions;
  readonly tell: Tell;
  readonly hands: ProcessHands;
  readonly clock: Clock;
}

function spawned(
  { rule, task }: Decision,
  start: (own?: LaunchOptions) => OsProcess,
  { options, tell, hands, clock }: Spawn,
): OsProcess {
  switch (task.do) {
    case 'throw': {
      const code = task.error ?? 'EAGAIN';
      return failed(Object.assign(new Error(`${code}: injected`), { code }), tell, clock);
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
    case 'boot': {
      const said = JSON.parse(options.input) as object;
      return start({ ...options, input: `${JSON.stringify({ ...said, ...task.over })}\n` });
    }
    case 'script':
      return start(hands.script(options, task.steps));
    case 'flood':
      return start(hands.burden(options, task.what));
    case 'fork':
      return start(hands.burden(options, 'fork'));
    default:
      return start();
  }
}

function failed(error: Error, tell: Tell, clock: Clock): OsProcess {
  clock.setTimer(0, () => tell({ type: 'process.failed', error }));
  return { terminate: () => {}, kill: () => {} };
}

/** What is told of a real process, and what it is told, with what faults do to it. */
class Watch {
  readonly #path: string;
  readonly #tell: Tell;
  readonly #hands: ProcessHands;
  readonly #set: FaultSet;
  readonly #clock: Clock;
  #osPid: number | undefined;
  #timer: TimerHandle | undefined;
  /** With which it is said to have exited, however it really was ended. */
  #code: number | undefined;

  constructor(path: string, tell: Tell, hands: ProcessHands, set: FaultSet, clock: Clock) {
    this.#path = path;
    this.#tell = tell;
    this.#hands = hands;
    this.#set = set;
    this.#clock = clock;
  }

  readonly hear = (event: LaunchEvent): void => {
    switch (event.type) {
      case 'process.started':
        this.#osPid = event.osPid;
        this.#set.onChange.add(this.#look);
        this.#tell(event);
        this.#look();
        return;
      case 'process.output': {
        const decision = this.#decide('process.output');
        if (decision?.task.do === 'drop') return;
        this.#tell(decision?.task.do === 'corrupt' ? { ...event, text: garbage(event.text, decision) } : event);
        return;
      }
      case 'process.exited':
        this.#osPid = undefined;
        this.#set.onChange.delete(this.#look);
        this.#timer?.cancel();
        this.#tell(this.#code === undefined ? event : { ...event, code: this.#code, signal: null });
        return;
      default:
        this.#tell(event);
    }
  };

  /** The host asks it to end. */
  readonly listens = (terminate: () => void): void => {
    const decision = this.#decide('process.signal');
    if (decision?.task.do === 'drop') return;
    if (decision?.task.do === 'delay') decision.rule.later(decision.task.ms, terminate);
    else terminate();
  };

  readonly #look = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#osPid === undefined || !this.#set.concerns('process.run')) return;
    const decision = this.#decide('process.run');
    if (decision !== undefined) this.#injure(this.#osPid, decision);
    // That may have ended it.
    if (this.#osPid !== undefined) this.#timer = this.#clock.setTimer(lookMs, this.#look);
  };

  #injure(osPid: number, { rule, task }: Decision): void {
    const goOn = () => {
      if (this.#osPid !== undefined) this.#hands.signal(osPid, 'SIGCONT');
    };
    switch (task.do) {
      case 'kill': {
        const name = (task.signal ?? 'SIGKILL') as NodeJS.Signals;
        this.#hands.signal(osPid, name);
        if (name === 'SIGSTOP') rule.onHeal(goOn);
        return;
      }
      case 'sleep':
        this.#hands.signal(osPid, 'SIGSTOP');
        rule.later(task.ms, goOn);
        return;
      case 'exit':
        this.#code = task.code ?? 1;
        this.#hands.signal(osPid, 'SIGKILL');
        return;
      case 'starve': {
        const giveBack = this.#hands.starve(osPid, task.of);
        rule.onHeal(() => {
          if (this.#osPid !== undefined) giveBack();
        });
        return;
      }
      case 'orphan':
        this.#hands.orphan();
        return;
      default:
    }
  }

  #decide(point: string): Decision | undefined {
    return this.#set.concerns(point) ? this.#set.decide({ point, path: this.#path }) : undefined;
  }
}

/** As long as the text, and no text. */
function garbage(text: string, { rule }: Decision): string {
  return Array.from({ length: Math.max(8, text.length) }, () => String.fromCharCode(rule.pick(256))).join('');
}
