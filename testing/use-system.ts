/** A tree for each test of a mocha suite: started before, stopped after, and nothing of it may be left. */
import { type ActorSystem, type AnyEvent, nodeRuntime, type Runtime } from '../actors/core/index.ts';
import { type Child, type RefOf, type SystemRef, startSupervisor } from '../supervisors/index.ts';

export interface TestSystem<L extends Child> {
  /** The child under test, while a test runs. */
  readonly current: RefOf<L>;
  readonly app: SystemRef<{ readonly current: L }>;
  /** For `probe` and assertions about the system as a whole. */
  readonly system: ActorSystem;
  /** All system events of this test so far. */
  readonly events: readonly AnyEvent[];
}

export interface UseSystemOptions {
  /** Default: Node's own, with crashes kept out of the output. */
  readonly runtime?: Runtime;
}

/** Call it inside `describe`. Fails the test whose tree does not stop, or leaves an actor. */
export function useSystem<L extends Child>(make: () => L, options: UseSystemOptions = {}): TestSystem<L> {
  let app: SystemRef<{ readonly current: L }> | undefined;
  const events: AnyEvent[] = [];
  const running = () => {
    if (app === undefined) throw new Error('useSystem: the system runs only during a test');
    return app;
  };
  beforeEach(async () => {
    events.length = 0;
    const runtime = options.runtime ?? nodeRuntime({ log: () => {} });
    app = await startSupervisor<{ readonly current: L }>({ name: 'test', runtime, children: { current: make() } });
    app.system.events.onAll((event) => events.push(event));
  });
  afterEach(async () => {
    const stopping = running();
    app = undefined;
    await stopping.stop();
    const left = [...stopping.system.processes()].map((process) => String(process.pid));
    if (left.length > 0) throw new Error(`the test left these actors: ${left.join(', ')}`);
  });
  return {
    get current() {
      return running().children.current as RefOf<L>;
    },
    get app() {
      return running();
    },
    get system() {
      return running().system;
    },
    events,
  };
}
