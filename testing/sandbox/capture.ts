/** What a live system is at this moment, as far as another world can begin with it. Sends no message to anybody. */
import { type ActorRef, type ActorSystem, Pid, type Process } from '../../actors/core/index.ts';
import { StateTables } from '../../actors/state/index.ts';
import { type SupervisedChild, type SupervisorShape, shapeOf, supervisionOf } from '../../supervisors/index.ts';
import { copyState, NotCopied } from './copy-state.ts';

/** What is other in the sandbox than it was. */
export interface SandboxNote {
  readonly path: string;
  readonly note: string;
}

export interface CapturedState {
  /** Of a server or `statem`, which sys can replace; or saved by its behavior, which begins with it. */
  readonly by: 'sys' | 'persistence';
  /** Its refs and pids are still those of the live system. */
  readonly value: unknown;
}

/** Children that their supervisor does not start by itself: of a dynamic one, or added later. */
export interface AddedChildren {
  readonly path: string;
  readonly dynamic: boolean;
  readonly children: readonly SupervisedChild[];
}

export interface Captured {
  readonly name: string;
  readonly shape: SupervisorShape;
  readonly states: ReadonlyMap<string, CapturedState>;
  /** Parents before their children. */
  readonly added: readonly AddedChildren[];
  /** Paths at which nobody is started. */
  readonly empty: ReadonlySet<string>;
  readonly notes: readonly SandboxNote[];
}

/** Live refs and pids stay what they are until it is known what they become. */
function asItIs(place: ActorRef | Pid): unknown {
  if (place instanceof Pid || place.name === undefined) return place;
  throw new NotCopied(place.path, 'a ref by name');
}

/** Takes the tree whose root is `root`. Throws TypeError when that is no supervisor of a fixed tree. */
export function capture(system: ActorSystem, root: Process, leaveOut: readonly string[]): Captured {
  const shape = shapeOf(root);
  if (shape === undefined) throw new TypeError(`${root.pid}: a sandbox begins with the supervisor of a tree`);
  const capturing = new Capturing(system, leaveOut);
  capturing.supervisor(root);
  const { states, added, empty, notes } = capturing;
  return { name: root.pid.path, shape, states, added, empty, notes };
}

class Capturing {
  readonly states = new Map<string, CapturedState>();
  readonly added: AddedChildren[] = [];
  readonly empty = new Set<string>();
  readonly notes: SandboxNote[] = [];
  readonly #system: ActorSystem;
  readonly #leaveOut: ReadonlySet<string>;

  constructor(system: ActorSystem, leaveOut: readonly string[]) {
    this.#system = system;
    // Sessions, workers and the bridge between them are of the outside.
    const roots = [...system.tables.values()].filter((table) => table instanceof StateTables).map(({ root }) => root);
    this.#leaveOut = new Set([...leaveOut, ...roots]);
  }

  supervisor(process: Process): void {
    const { path } = process.pid;
    const known = new Set(shapeOf(process)?.children.map(({ id }) => id));
    const children = [...(supervisionOf(process)?.children ?? [])].filter((child) => this.#taken(path, child));
    const others = children.filter(({ id }) => !known.has(id));
    if (others.length > 0) this.added.push({ path, dynamic: shapeOf(process) === undefined, children: others });
    for (const { id } of children) {
      const child = this.#system.lookup(`${path}/${id}`);
      if (child !== undefined) this.#actor(child);
    }
  }

  #taken(parent: string, { id, pid }: SupervisedChild): boolean {
    const path = `${parent}/${id}`;
    const why = this.#leaveOut.has(path)
      ? 'is left out'
      : pid === undefined
        ? 'does not run'
        : this.#system.lookup(path)?.kind === 'task'
          ? 'is a task, and begins nowhere else'
          : undefined;
    if (why === undefined) return true;
    this.empty.add(path);
    this.notes.push({ path, note: why });
    return false;
  }

  #actor(process: Process): void {
    const { path } = process.pid;
    if (process.mailboxLength > 0) {
      this.notes.push({ path, note: `${process.mailboxLength} messages that wait for it are not taken along` });
    }
    if (supervisionOf(process) === undefined) this.#leaf(process);
    else this.supervisor(process);
  }

  #leaf(process: Process): void {
    const { behavior } = process;
    const { path } = process.pid;
    const by = behavior.sys !== undefined ? 'sys' : behavior.persistence !== undefined ? 'persistence' : undefined;
    if (by === undefined) {
      this.notes.push({ path, note: `begins anew: the state of a ${process.kind} stays where it is` });
      return;
    }
    try {
      const live = by === 'sys' ? behavior.sys?.state() : behavior.persistence?.save();
      this.states.set(path, { by, value: copyState(live, asItIs) });
    } catch (error) {
      if (!(error instanceof NotCopied)) throw error;
      this.notes.push({ path, note: `begins anew: ${error.message}` });
    }
  }
}
