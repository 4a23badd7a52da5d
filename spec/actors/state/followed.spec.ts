import { expect } from 'chai';
import { StateError } from '../../../actors/core/index.ts';
import {
  bridgedState,
  compareAndSet,
  FollowedSession,
  integer,
  localState,
  moveSession,
  type StateProvider,
  type StateSession,
} from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('a write to a session that moves meanwhile', () => {
  let state: StateSystem;
  let bridged: StateProvider;
  let session: StateSession;
  const followed = new FollowedSession(async () => session);
  const move = async (): Promise<void> => {
    await moveSession(session, bridged, {
      swap: (now) => {
        session = now;
      },
    });
  };
  beforeEach(async () => {
    state = await startState();
    bridged = bridgedState().connect(state.host);
    session = await localState().connect(state.host).open('s');
    await session.commit({ declare: { a: integer() } });
  });
  afterEach(() => state.stop());

  it('is made where it has gone, when it was decided on before', async () => {
    const { revision } = await compareAndSet(followed, ['a'], async ({ variables }) => {
      if (session.kind === 'local') await move();
      return { set: { a: (variables[0]?.value as number) + 1 } };
    });
    expect(revision).to.equal(2);
    expect((await session.read()).variables[0]?.value).to.equal(1);
  });

  it('is made where it has gone, when it was refused because of the move', async () => {
    const old = session;
    await old.seal(60_000);
    const committing = followed.commit({ set: { a: 5 } });
    await move();
    expect((await committing).revision).to.equal(2);
    expect((await session.read()).variables[0]?.value).to.equal(5);
  });

  it('is not made twice, when it was made before and nobody was told', async () => {
    const { client, number } = { client: 'c', number: 7 };
    const idempotencyKey = `${client}.${number}`;
    await session.commit({ set: { a: 5 }, idempotencyKey });
    await move();
    const moved = session;
    const lost = new StateError('not_found', 'it is gone', { details: { idempotencyKey } });
    const views = [{ ...moved, commit: () => Promise.reject(lost) } as unknown as StateSession];
    const again = new FollowedSession(async () => views.shift() ?? moved);
    expect((await again.commit({ set: { a: 5 } })).revision).to.equal(2);
    expect((await moved.read()).revision).to.equal(2);
  });

  it('fails when the session is gone and nowhere else', async () => {
    await session.close();
    expect(await rejection(followed.commit({ set: { a: 5 } }))).to.have.property('code', 'not_found');
  });

  it('tells the key of a commit that was tried before and whose session has gone since', async () => {
    await session.seal(60_000);
    const committing = rejection(session.commit({ set: { a: 5 } }));
    await new Promise((resolve) => setImmediate(resolve));
    await session.close();
    const error = (await committing) as StateError;
    expect(error.code).to.equal('not_found');
    expect(error.details.idempotencyKey).to.be.a('string');
  });
});
