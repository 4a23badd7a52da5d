/**
 * Where each session is: on the provider that it was opened on. What reaches sessions by their id alone, such as the
 * bridge, asks here; a session that nobody has said anything about is on the provider of the tree.
 */
import type { ActorSystem } from '../core/index.ts';
import type { StateHost } from './local-state.ts';
import type { StateBackend, StateProvider, StateSession } from './provider.ts';
import type {
  ImportOptions,
  ListOptions,
  OpenOptions,
  ReaderOptions,
  SessionExport,
  SessionList,
  StateCallOptions,
} from './session-data.ts';

/** By session; who said so last counts. */
type Places = Map<string, readonly StateProvider[]>;

/** Says that a session is on this provider, until the function that it answers is called. */
export function placeSession({ system, root }: StateHost, sessionId: string, provider: StateProvider): () => void {
  const places = placesOf(system, root);
  places.set(sessionId, [...(places.get(sessionId) ?? []), provider]);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    const others = [...(places.get(sessionId) ?? [])];
    others.splice(others.lastIndexOf(provider), 1);
    if (others.length === 0) places.delete(sessionId);
    else places.set(sessionId, others);
  };
}

/** The provider that a session was last said to be on; undefined: nobody has said. */
export function placeOf({ system, root }: StateHost, sessionId: string): StateProvider | undefined {
  return placesOf(system, root).get(sessionId)?.at(-1);
}

/** The provider of a tree, which finds each session where it was opened. */
export function placedState(state: StateBackend<StateHost>): StateBackend<StateHost> {
  return {
    kind: state.kind,
    connect: (host) => new PlacedState(state.connect(host), placesOf(host.system, host.root)),
  };
}

class PlacedState implements StateProvider {
  readonly kind: string;
  readonly #usual: StateProvider;
  readonly #places: Places;

  constructor(usual: StateProvider, places: Places) {
    this.kind = usual.kind;
    this.#usual = usual;
    this.#places = places;
  }

  open(sessionId?: string, options?: OpenOptions & StateCallOptions): Promise<StateSession> {
    return this.#of(sessionId).open(sessionId, options);
  }

  find(sessionId: string, options?: ReaderOptions & StateCallOptions): Promise<StateSession> {
    return this.#of(sessionId).find(sessionId, options);
  }

  import(content: SessionExport, options?: ImportOptions & StateCallOptions): Promise<StateSession> {
    return this.#of(content?.sessionId).import(content, options);
  }

  /** Those of the tree's own provider. */
  list(options?: ListOptions & StateCallOptions): Promise<SessionList> {
    return this.#usual.list(options);
  }

  #of(sessionId: string | undefined): StateProvider {
    return (sessionId === undefined ? undefined : this.#places.get(sessionId)?.at(-1)) ?? this.#usual;
  }
}

function placesOf(system: ActorSystem, root: string): Places {
  const key = `${root}/places`;
  let places = system.tables.get(key) as Places | undefined;
  if (places === undefined) {
    places = new Map();
    system.tables.set(key, places);
  }
  return places;
}
