import * as chai from 'chai';
import { exitReason, type Pid, server, startSupervisor, supervisor, worker } from '../../index.ts';
import { History, nextRestart, ophionChai, probe, registerModel, rejection, useSystem } from '../../testing/index.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const { expect } = chai.use(ophionChai);

const part = server({
  init: () => 0,
  cast: {
    boom: () => {
      throw new TypeError('boom');
    },
    wait: async (state, until: Promise<void>) => {
      await until;
      return state;
    },
    nothing: (state) => state,
  },
});

/** The message with which an assertion fails. */
function failure(assert: () => unknown): string {
  try {
    assert();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}

describe('ophionChai', () => {
  const system = useSystem(() =>
    supervisor({ maxRestarts: 100, children: { one: part, two: { logic: part, restart: 'temporary' } } }),
  );

  async function crash(times = 1): Promise<void> {
    const { one } = system.current.children;
    for (let i = 0; i < times; i += 1) {
      const restart = nextRestart(one);
      one.cast('boom');
      await restart;
    }
  }

  it('knows who is alive: a place, an incarnation, a probe', async () => {
    const { one, two } = system.current.children;
    const pid = one.pid as Pid;
    expect(one).to.be.alive;
    expect(pid).to.be.alive;
    expect(probe(system)).to.be.alive;
    await crash();
    expect(one).to.be.alive;
    expect(pid).to.not.be.alive;
    two.exit();
    expect(two).to.not.be.alive;
    expect(failure(() => expect(two).to.be.alive)).to.match(
      /^expected test\/current\/two to be alive\nlately:\n(.*\n)*.*actor.exited test\/current\/two#1 \(killed\)/,
    );
  });

  it('knows how who lived there has ended', async () => {
    const { one, two } = system.current.children;
    const pid = one.pid as Pid;
    expect(one).to.not.have.exited();
    await crash();
    expect(one).to.have.exited();
    expect(one).to.have.exited({ reason: 'error' });
    expect(pid).to.have.exited({ reason: TypeError });
    expect(one.pid).to.not.have.exited();
    two.exit(exitReason.exit('enough'));
    expect(two).to.have.exited({ reason: exitReason.exit('enough') });
    expect(failure(() => expect(two).to.have.exited({ reason: 'killed' }))).to.match(
      /^expected test\/current\/two to have exited with killed, and it did so with .*enough/,
    );
  });

  it('counts restarts, all or the last', async () => {
    const { one } = system.current.children;
    expect(one).to.have.restarted(0);
    await crash(3);
    expect(one).to.have.restarted(3);
    expect(one).to.have.restarted(3, { within: 60_000 });
    expect(one).to.not.have.restarted(2);
    expect(failure(() => expect(one).to.have.restarted(1, { within: 60_000 }))).to.match(
      /^expected test\/current\/one to have been restarted 1 times within the last 60000 ms, and it was 3 times\nlately:\n/,
    );
  });

  it('counts what waits in a mailbox', async () => {
    const { one } = system.current.children;
    expect(one).to.have.mailboxLength(0);
    let go = () => {};
    one.cast('wait', new Promise((resolve) => (go = resolve)));
    for (let i = 0; i < 3; i += 1) one.cast('nothing');
    await expect(one).to.eventually.have.mailboxLength(3);
    go();
    await expect(one).to.eventually.have.mailboxLength(0);
  });

  it('knows the children of a supervisor, in start order', async () => {
    expect(system.current).to.have.childrenInOrder(['one', 'two']);
    await system.current.startChild({ id: 'three', logic: part });
    system.current.children.two.exit();
    await expect(system.current).to.eventually.have.childrenInOrder(['one', 'three']);
    expect(failure(() => expect(system.current).to.have.childrenInOrder(['three', 'one']))).to.contain(
      'expected test/current to have the children three, one, and it has one, three',
    );
  });

  it('judges histories, and draws what is wrong', () => {
    const history = new History<
      Parameters<ReturnType<typeof registerModel<number>>['step']>[1],
      number | boolean | undefined
    >();
    history.invoke('a', { type: 'write', value: 1 }).ok(undefined);
    expect(history).to.be.linearizable(registerModel(0));
    history.invoke('b', { type: 'read' }).ok(0);
    expect(history).to.not.be.linearizable(registerModel(0));
    expect(failure(() => expect(history).to.be.linearizable(registerModel(0)))).to.match(
      /^expected the history to be linearizable: violated\nregister is not linearizable(.*\n)*.*\^ nothing explains this/,
    );
  });

  it('knows whether a system has left something', async () => {
    expect(system).to.have.noLeaks;
    const app = await startSupervisor({ children: { part } });
    expect(app).to.have.noLeaks;
    await app.stop();
    expect(app).to.have.noLeaks;
    const forgotten = app.system.deadlines.set(60_000, () => {});
    expect(app).to.not.have.noLeaks;
    expect(failure(() => expect(app).to.have.noLeaks)).to.match(
      /^expected app to have left nothing behind, and it left 1 deadlines\nlately:\n(.*\n)*.*actor.exited app#1/,
    );
    forgotten.cancel();
  });

  it('refuses what it cannot judge', () => {
    expect(() => expect(1).to.be.alive).to.throw(TypeError, 'it must be a ref, a pid or a probe, and is 1');
    expect(() => expect(1).to.have.noLeaks).to.throw(TypeError, '1 is no system');
  });

  describe('eventually', () => {
    it('is woken by events of the system', async () => {
      const { one } = system.current.children;
      const pid = one.pid as Pid;
      one.cast('boom');
      await expect(pid).to.eventually.not.be.alive;
      await expect(one).to.eventually.have.restarted(1);
      await expect(one, 'with all its chains').to.eventually.be.alive.and.have.restarted(1, { within: 60_000 });
    });

    it('calls a function for its value', async () => {
      let count = 0;
      const next = async () => {
        count += 1;
        return count;
      };
      await expect(next).to.eventually.equal(4);
      await expect(() => [count]).to.eventually.deep.equal([4]);
      await expect(() => count).to.eventually.be.a('number');
    });

    it('says in the end what the assertion says', async () => {
      const { one } = system.current.children;
      const failed = rejection(Promise.resolve(expect(one).to.eventually({ withinMs: 5 }).have.restarted(2)));
      expect(String(await failed)).to.match(
        /expected test\/current\/one to have been restarted 2 times, and it was 0 times\nlately/,
      );
      const never = rejection(
        Promise.resolve(
          expect(() => 1, 'the answer')
            .to.eventually({ withinMs: 0 })
            .equal(2),
        ),
      );
      expect(String(await never)).to.contain('the answer: expected 1 to equal 2');
    });

    it('moves virtual time, and waits for no other', async () => {
      const clock = new ManualClock();
      let settled = 0;
      const time = {
        settle: async () => {
          settled += 1;
        },
        advance: async (ms: number) => clock.advance(ms),
      };
      let late = false;
      clock.setTimer(86_400_000, () => {
        late = true;
      });
      await expect(() => late)
        .to.eventually({ on: time, withinMs: 100_000_000 })
        .equal(true);
      expect(settled).to.equal(1);
      expect(clock.monotonicMs()).to.be.within(86_400_000, 87_000_000);
      const failed = rejection(
        Promise.resolve(
          expect(() => 1)
            .to.eventually({ on: time, withinMs: 100 })
            .equal(2),
        ),
      );
      expect(String(await failed)).to.contain('expected 1 to equal 2');
    });
  });

  it('reads machines, too', async () => {
    const { fromPromise } = await import('xstate');
    await using app = await startSupervisor({
      children: { task: { logic: worker(fromPromise(async () => 1)), restart: 'temporary' } },
    });
    await expect(app.children.task).to.eventually.have.exited({ reason: 'normal' });
  });
});
