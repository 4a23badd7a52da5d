/** What `system` is in the REPL: the viewer, and the commands that one types most as functions that print or answer. */
import { reasonOf, reasonText } from '../client/index.ts';
import type { Action, QueryOf, Replica, Snapshot, View } from '../protocol/index.ts';
import { crashText } from '../report/crash-text.ts';
import { actorPath } from './actor-path.ts';
import { actorLines } from './commands/show.ts';
import { treeLines } from './commands/tree.ts';
import type { Session } from './session.ts';

/** A text that the REPL prints as it is, not quoted. */
class Printed {
  readonly #lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

const help = `system.get({ view, ... })            a view once: overview, tree, actors, actor, messages, crashes, sessions, ...
system.watch({ view, ... }, taken)   follows it: taken(rows, head) at each change; answers a function that stops
system.act({ do, ... })              kill, restart, suspend, resume, send, setVariable, traceStart, ...
system.tree(), system.show(path), system.why(path), system.crash(id)
system.actor(path)                   what show prints, as data
system.kill(path), system.restart(path), system.suspend(path), system.resume(path)
system.send(path, message), system.cast(path, name, argument), system.call(path, name, argument)
system.hello                         what the host said of itself
All but help and hello answer promises: await them. A path may be the end of one that no other has.`;

export function replSystem(session: Session) {
  const { viewer, paint, io } = session;
  const width = io.columns ?? 100;
  const path = (given: string): Promise<string> => actorPath(session, given);
  const lifecycle = (verb: 'kill' | 'restart' | 'suspend' | 'resume') => async (given: string) =>
    viewer.act({ do: verb, path: await path(given) });
  const sendAs = (kind: 'call' | 'cast') => async (given: string, name: string, argument?: unknown) =>
    viewer.act({ do: 'send', path: await path(given), message: argument ?? null, as: { kind, name } });
  return {
    get hello() {
      return viewer.hello;
    },
    help: () => new Printed([help]),
    get: <V extends View>(query: QueryOf<V>): Promise<Snapshot<V>> => viewer.get(query),
    watch: <V extends View>(query: QueryOf<V>, taken: (rows: unknown[], head: unknown) => void): (() => void) => {
      const { stop } = viewer.watch<V>(query, (replica: Replica<V>) => taken(replica.list(), replica.head));
      return stop;
    },
    act: (action: Action) => viewer.act(action),
    tree: async () => {
      const { rows } = await session.rows<'tree'>({ view: 'tree', open: 'all' });
      return new Printed(treeLines(rows, { paint, columns: io.columns, nowMs: io.now() }));
    },
    show: async (given: string) => {
      const { head } = await viewer.get({ view: 'actor', path: await path(given) });
      return new Printed(actorLines(head, session));
    },
    actor: async (given: string) => (await viewer.get({ view: 'actor', path: await path(given) })).head,
    why: async (given: string) => new Printed(reasonText(await reasonOf(viewer, await path(given)), { paint, width })),
    crash: async (id: number) => {
      const { head } = await viewer.get({ view: 'crash', id });
      return new Printed([crashText(head, { paint, width })]);
    },
    kill: lifecycle('kill'),
    restart: lifecycle('restart'),
    suspend: lifecycle('suspend'),
    resume: lifecycle('resume'),
    send: async (given: string, message: unknown) => viewer.act({ do: 'send', path: await path(given), message }),
    cast: sendAs('cast'),
    call: sendAs('call'),
  };
}
