import { inspect } from 'node:util';
import { expect } from 'chai';
import { sys } from '../../../actors/core/index.ts';
import { bridgedState, localState, orderOf, string } from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

const word = 'swordfish';
const printed = (value: unknown): string => inspect(value, { depth: 10, maxArrayLength: null, maxStringLength: null });

describe('a secret', () => {
  let state: StateSystem;
  const lines: string[] = [];
  beforeEach(async () => {
    lines.length = 0;
    state = await startState({}, { log: (_level, line) => lines.push(line) });
  });
  afterEach(() => state.stop());

  for (const backend of [localState(), bridgedState()]) {
    it(`stands in no state, trace, event, dead letter, log or error of the system (${backend.kind})`, async () => {
      const provider = backend.connect(state.host);
      const told: unknown[] = [];
      state.app.system.events.onAll((event) => told.push(event));
      const { vault, session } = state.names;
      await provider.open('s1');
      const traced = backend.kind === 'bridged' ? [vault, session('s1')] : [vault];
      for (const ref of traced) {
        await sys.trace(ref);
        await sys.log(ref);
      }
      const one = await provider.find('s1');
      await one.commit({ declare: { key: string({ secret: true, default: `${word} 1`, maxLength: 20 }) } });
      await one.commit({ set: { key: `${word} 2` } });
      await rejection(one.commit({ set: { key: `${word} 3`.padEnd(30) } }));
      const events = one.watch({ from: 0 });
      expect((await events.next()).value).to.have.nested.property('commit.written[0].value', `${word} 1`);
      await events.return?.();
      for (const ref of traced) {
        const logged = await sys.getLog(ref);
        expect(logged.length).to.be.above(3);
        told.push(logged, await sys.getState(ref), await sys.getStatus(ref));
      }
      state.app.system.deadLetter('app/nobody', { cast: 'commit', arg: orderOf({ set: { key: word } }) });
      const crashed = vault.monitor();
      state.kill(vault.path);
      told.push(await crashed, state.app.system.deadLetters);
      expect((await one.read()).variables[0]?.value).to.equal(`${word} 2`);
      expect(lines.join('\n')).to.include('"key"');
      for (const text of [printed(told), lines.join('\n')]) expect(text).not.to.include(word);
    });
  }
});
