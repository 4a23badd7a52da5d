/** What the types of the checkers and of the chai plug-in must allow and refuse. Checked by `npm run types`; runs nothing. */
import { expect } from 'chai';
import type { ActorRef, SystemRef } from '../../index.ts';
import {
  checkLinearizability,
  counterModel,
  History,
  illegal,
  type Model,
  type Probe,
  registerModel,
  unseen,
} from '../../testing/index.ts';

export async function assertions(ref: ActorRef, app: SystemRef, probe: Probe): Promise<void> {
  expect(ref).to.be.alive;
  expect(ref).to.have.exited({ reason: 'killed' }).and.not.be.alive;
  expect(ref).to.have.exited({ reason: TypeError });
  // @ts-expect-error there is no such reason
  expect(ref).to.have.exited({ reason: 'bored' });
  expect(ref).to.have.restarted(2, { within: 100 });
  // @ts-expect-error a number of times
  expect(ref).to.have.restarted('twice');
  expect(app).to.have.childrenInOrder(['a', 'b']).and.noLeaks;
  await expect(ref).to.eventually.have.mailboxLength(0);
  await expect(ref).to.eventually({ withinMs: 10, system: app }).not.be.alive;
  // @ts-expect-error there is no such option
  await expect(ref).to.eventually({ timeoutMs: 10 }).be.alive;
  await expect(() => 1).to.eventually.be.a('number');

  const text: string = await probe.next((message: string) => message.length > 1);
  void text;
}

export function histories(): void {
  const history = new History<{ readonly type: 'add'; readonly by: number }, number>();
  history.invoke('a', { type: 'add', by: 1 }).ok(1);
  // @ts-expect-error there is no such operation
  history.invoke('a', { type: 'subtract', by: 1 });
  // @ts-expect-error the result is a number
  history.invoke('a', { type: 'add', by: 1 }).ok('one');
  checkLinearizability(history, counterModel());
  // @ts-expect-error it has no operation of a register
  checkLinearizability(new History<{ readonly type: 'push' }, number>(), registerModel(0));

  const flag: Model<boolean, 'raise' | 'look', boolean> = {
    name: 'flag',
    init: () => false,
    step: (state, op, result) => (op === 'raise' ? true : result === unseen || result === state ? state : illegal),
  };
  const verdict = checkLinearizability(new History<'raise' | 'look', boolean>(), flag);
  if (verdict.outcome === 'violated') {
    const states: readonly boolean[] = verdict.window.states;
    void states;
  }
}
