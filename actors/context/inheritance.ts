/**
 * The variables that a context has of another one, as inner scopes have those of outer ones: all of them, but those of
 * which it has one of the same name itself. They are kept in the context's own session, so that Python sees them, reads
 * are of one revision, and whatever holds of variables holds of them. A note beside them tells which came from there
 * and as which version: what has another version was written here, and is the context's own from then on.
 */
import {
  type CommitRequest,
  compareAndSet,
  type Declaration,
  difference,
  FollowedSession,
  isGone,
  json,
  type Snapshot,
  type StateSession,
  type Variable,
  type WritableView,
  withCommit,
} from '../state/index.ts';
import { follow, Teller } from './variable-changes.ts';

/** The variable that holds the note. Names that begin with `ophion.` are not inherited. */
export const noteName = 'ophion.inherited';
/** Whether a variable is the library's own. */
export const isOwnName = (name: string): boolean => name.startsWith('ophion.');
/** Who writes what is inherited; may write it, whoever else may. */
const writer = 'ophion';

/** By name, the version under which a variable was taken over; 0: that of the note itself. */
type Note = Readonly<Record<string, number>>;
type Find = () => StateSession | Promise<StateSession>;

export class Inheritance {
  /** The context that it is from. */
  readonly from: string;
  readonly #theirs: Find;
  readonly #ours: Find;
  readonly #view: WritableView;
  /** Where the other session was when all of it was taken over; undefined: to be looked at anew. */
  #seen: Pick<Snapshot, 'epoch' | 'revision'> | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** The other context is gone: what was taken over stays as it is. */
  #over = false;

  /** `theirs`, `ours`: the session of the other context, and of this one, where they are now. */
  constructor(from: string, theirs: Find, ours: Find) {
    this.from = from;
    this.#theirs = theirs;
    this.#ours = ours;
    this.#view = new FollowedSession(ours);
  }

  /** Resolves when this context has all that the other one had when this was called. */
  async catchUp(): Promise<void> {
    if (this.#over) return;
    try {
      const { epoch, revision } = await (await this.#theirs()).read([]);
      if (this.#seen?.epoch === epoch && this.#seen.revision >= revision) return;
      await this.#takeOver();
    } catch (error) {
      if (!isGone(error) || !(await this.#isGone())) throw error;
      this.#over = true;
    }
  }

  /** Takes over every commit of the other context, and again what was removed here. Resolves when that one is gone. */
  async follow(signal: AbortSignal): Promise<void> {
    const stopping = new AbortController();
    const either = AbortSignal.any([signal, stopping.signal]);
    const again = async (): Promise<void> => {
      for await (const { removed } of follow(this.#ours, new Teller(), { signal: either }))
        if (removed.length > 0) await this.#lookAgain();
    };
    const ours = again();
    // Whichever fails first tells.
    ours.catch(() => stopping.abort());
    try {
      for await (const _ of follow(this.#theirs, new Teller(), { signal: either })) await this.catchUp();
      this.#over = true;
    } catch (error) {
      if (signal.aborted) return;
      if (stopping.signal.aborted) await ours;
      if (!isGone(error)) throw error;
      this.#over = true;
    } finally {
      stopping.abort();
    }
  }

  /** Writing to the session: what is declared here takes the place of what is inherited, what is removed gives it back. */
  writing(view: WritableView): WritableView {
    return withCommit(view, async (request, options) => {
      const { declare, remove = [] } = request;
      if (declare === undefined) {
        const done = await view.commit(request, options);
        if (remove.length > 0) await this.#lookAgain();
        return done;
      }
      const own = (now: Snapshot): CommitRequest => {
        const inherited = inheritedOf(now).filter(({ name }) => Object.hasOwn(declare, name) && !remove.includes(name));
        return { ...request, remove: [...remove, ...inherited.map(({ name }) => name)] };
      };
      return compareAndSet(view, [...Object.keys(declare), noteName], own, options);
    });
  }

  #lookAgain(): Promise<void> {
    this.#seen = undefined;
    return this.catchUp();
  }

  /** One at a time; one that began before is of no use to who comes later. */
  #takeOver(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#run();
    this.#next = this.#running
      .catch(() => {}) // Told to whom it was for.
      .then(() => this.#run());
    return this.#next;
  }

  #run(): Promise<void> {
    this.#next = undefined;
    const running = this.#once().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #once(): Promise<void> {
    let seen: Snapshot | undefined;
    await compareAndSet(this.#view, undefined, async (ours) => {
      // Read after ours: what another host has taken over meanwhile is not older than this.
      seen = await (await this.#theirs()).read();
      return requestOf(ours, seen);
    });
    this.#seen = seen;
  }

  /** Whether it is the other one that is gone. */
  async #isGone(): Promise<boolean> {
    try {
      await (await this.#theirs()).read([]);
      return false;
    } catch (error) {
      if (isGone(error)) return true;
      throw error;
    }
  }
}

/** What of a session was taken over and is as it was then. */
function inheritedOf({ variables }: Snapshot): readonly Variable[] {
  const note = variables.find(({ name }) => name === noteName);
  if (note === undefined) return [];
  const versions = note.value as Note;
  return variables.filter(
    ({ name, version }) => Object.hasOwn(versions, name) && (versions[name] || note.version) === version,
  );
}

/** The commit that brings a session up to date with the other one. */
function requestOf(ours: Snapshot, theirs: Snapshot): CommitRequest {
  const inherited = inheritedOf(ours);
  const versions = new Map(inherited.map(({ name, version }) => [name, version]));
  const own = new Set(ours.variables.map(({ name }) => name).filter((name) => !versions.has(name)));
  const wanted = theirs.variables
    .filter(({ name }) => !own.has(name) && !isOwnName(name))
    .map((variable) => ({ ...variable, value: variable.value, constraints: constraintsHere(variable) }) as Variable);
  const { set = {}, declare = {}, remove = [] } = difference(inherited, wanted);
  const isKnown = ours.variables.some(({ name }) => name === noteName);
  if (isKnown && Object.keys(set).length + Object.keys(declare).length + remove.length === 0) return {};
  const note = Object.fromEntries(
    wanted.map(({ name }) => [name, Object.hasOwn(set, name) || Object.hasOwn(declare, name) ? 0 : versions.get(name)]),
  ) as Note;
  return {
    set: { ...set, [noteName]: note },
    declare: isKnown ? declare : { ...declare, [noteName]: noteDeclared },
    remove,
    writer,
  };
}

const noteDeclared: Declaration = json({
  default: {},
  description: 'Which variables are those of the context that this one inherits from, by version.',
  readers: [writer],
});

/** Here it is a value like any other: what it is made of may not be here. */
function constraintsHere({ constraints }: Variable): Variable['constraints'] {
  const { dependsOn: _, computedBy: _by, writers, readers, ...rest } = constraints;
  return {
    ...rest,
    ...(writers === undefined ? {} : { writers: [...new Set([...writers, writer])] }),
    ...(readers === undefined ? {} : { readers: [...new Set([...readers, writer])] }),
  };
}
