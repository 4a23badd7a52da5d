import { expect } from 'chai';
import { bridgedState, declare, integer, type StateSession } from '../../../actors/state/index.ts';
import { History } from '../../../testing/history.ts';
import { checkLinearizability } from '../../../testing/linearizability/check.ts';
import {
  recordedSession,
  type VariablesOp,
  type VariablesResult,
  variablesModel,
} from '../../../testing/models/variables.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

type VariablesHistory = History<VariablesOp, VariablesResult>;

describe('the variables of a session, judged by variablesModel', () => {
  let state: StateSystem;
  let session: StateSession;
  beforeEach(async () => {
    state = await startState();
    session = await bridgedState().connect(state.host).open('s');
  });
  afterEach(() => state.stop());

  /** Several clients move a token from one variable to another, by what they have read. */
  async function transfers(history: VariablesHistory, under: (one: StateSession) => StateSession): Promise<void> {
    await recordedSession(history, 'setup', session).commit({ declare: declare({ a: integer(), b: integer() }) });
    const client = async (name: string) => {
      const own = recordedSession(history, name, under(session));
      for (let i = 0; i < 15; i += 1) {
        const { variables } = await own.read();
        const [a, b] = variables;
        const set = { a: Number(a?.value) - 1, b: Number(b?.value) + 1 };
        await own.commit({ expect: { a: a?.version ?? 0 }, set }).catch(() => undefined);
      }
    };
    await Promise.all(['x', 'y', 'z'].map(client));
  }

  it('are linearizable, with commits of several variables and expected versions', async () => {
    const history: VariablesHistory = new History();
    await transfers(history, (one) => one);
    const commits = history.operations.filter(({ op }) => op.type === 'commit');
    expect(commits.some(({ outcome }) => outcome === 'fail')).to.equal(true);
    expect(commits.filter(({ outcome }) => outcome === 'ok').length).to.be.greaterThan(10);
    expect(checkLinearizability(history, variablesModel()).outcome).to.equal('linearizable');
  });

  const bugs: Readonly<Record<string, (one: StateSession) => StateSession>> = {
    'a lost update: expected versions are not looked at': (one) => ({
      ...one,
      id: one.id,
      read: one.read.bind(one),
      // What it answers is what was asked for, whatever was there.
      commit: ({ set = {} }) => one.commit({ set }),
    }),
    'a stale read: from a cache': (one) => {
      let cached: ReturnType<StateSession['read']> | undefined;
      return {
        ...one,
        id: one.id,
        commit: one.commit.bind(one),
        read: (...args) => {
          cached ??= one.read(...args);
          return cached;
        },
      };
    },
    'a dirty read: of half a commit': (one) => ({
      ...one,
      id: one.id,
      commit: one.commit.bind(one),
      read: async (...args) => {
        const snapshot = await one.read(...args);
        const [a, b] = snapshot.variables;
        return a === undefined || b === undefined
          ? snapshot
          : { ...snapshot, variables: [a, { ...b, value: Number(b.value) - 1 }] };
      },
    }),
  };
  for (const [bug, under] of Object.entries(bugs)) {
    it(`would show ${bug}`, async () => {
      const history: VariablesHistory = new History();
      await transfers(history, under);
      const verdict = checkLinearizability(history, variablesModel());
      expect(verdict.outcome).to.equal('violated');
      expect('text' in verdict && verdict.text).to.match(/^variables of session s is not linearizable: no order/);
      expect('window' in verdict && verdict.window.operations.length).to.be.lessThan(8);
    });
  }
});
