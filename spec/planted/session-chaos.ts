/** Bugs that the soak of session state must find in a live system, each with what is then said of it. */
import { definition } from '../../actors/core/index.ts';
import { LmdbFile } from '../../actors/state/durable/lmdb-file.ts';
import { History } from '../../actors/state/history.ts';
import { type ObserversState, observers } from '../../actors/state/observers.ts';
import { stateTables } from '../../actors/state/tables.ts';
import { RemoteHost } from '../../bridge/protocol/remote-state/host.ts';
import { SessionSync } from '../../bridge/protocol/session-sync.ts';
import type { Backend } from '../soak/session-chaos/host.ts';
import { type PlantedBug, patch } from './plant.ts';
import { stateBugs } from './state.ts';

type Init = (ctx: { readonly system: never; readonly input: { readonly root: string } }) => ObserversState;
const { plain } = observers[definition] as unknown as { readonly plain: { init: Init } };

const known = (name: keyof typeof stateBugs, said: RegExp): PlantedBug => ({
  ...(stateBugs[name] as PlantedBug),
  said,
});

const local: Readonly<Record<string, PlantedBug>> = {
  'lost commit': known('lost commit', /was acknowledged as revision \d+, and is lost/),
  'lost update': known('lost update', /is not linearizable|an update was lost/),
  'stale read': known('stale read', /is not linearizable/),
  'gap in a watch': known('gap in a watch', /: revision \d+ came after revision \d+: 1 are missing/),
  'ObserverManager that forgets who sleeps': {
    said: /the session is at revision \d+, the watch at \d+/,
    // Who was told to be woken when it crashed is never woken again.
    plant: () =>
      patch(plain, 'init', () => ({ system, input }) => ({ tables: stateTables(system, input.root), wakes: 0 })),
  },
};

const bridged: Readonly<Record<string, PlantedBug>> = {
  'call that does not wait for what it must see': {
    said: /its call had to see \d+: a stale reading/,
    plant: () => {
      const told = new Set<string>();
      const undoBring = patch(
        SessionSync.prototype,
        'bring',
        (bring) =>
          function (this: SessionSync, stream: string, sessionId, changes) {
            // What it has once been sent will do.
            if (told.has(stream)) return 0;
            told.add(stream);
            return bring.call(this, stream, sessionId, changes);
          },
      );
      const undoChanged = patch(SessionSync.prototype, 'changed', () => () => {});
      return () => {
        undoChanged();
        undoBring();
      };
    },
  },
};

const durable: Readonly<Record<string, PlantedBug>> = {
  'write that is made again when it is asked for again': {
    said: /was committed twice/,
    // The vault forgets what it has answered to whom.
    plant: () => patch(History.prototype, 'outcome', () => () => undefined),
  },
  'commit that is not written': {
    said: /after a start on the same folder/,
    plant: () =>
      patch(LmdbFile.prototype, 'write', (write) => {
        let writes = 0;
        return function (this: LmdbFile, rows) {
          writes += 1;
          // From then on: of one that is left out between others a fold would make up for it, or a start refuse the file.
          return writes > 50 ? Promise.resolve() : write.call(this, rows);
        };
      }),
  },
};

const elsewhere: Readonly<Record<string, PlantedBug>> = {
  'commit whose lost answer is asked for under a new key': {
    said: /was committed twice/,
    plant: () =>
      patch(RemoteHost.prototype, 'answer', (answer) => {
        let made = 0;
        return function (this: RemoteHost, request, attempt) {
          const { operation } = request;
          if (operation.case !== 'commit' || operation.value.plan === undefined)
            return answer.call(this, request, attempt);
          made += 1;
          const plan = { ...operation.value.plan, idempotencyKey: `key ${made}` };
          const another = { case: 'commit' as const, value: { ...operation.value, plan } };
          return answer.call(this, { ...request, operation: another }, attempt);
        };
      }),
  },
};

export const chaosBugs: Readonly<Record<Backend, Readonly<Record<string, PlantedBug>>>> = {
  local,
  bridged,
  durable,
  elsewhere,
};
