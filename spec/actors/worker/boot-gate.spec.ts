import { expect } from 'chai';
import type { Pid } from '../../../actors/core/index.ts';
import { BootGate } from '../../../actors/worker/boot-gate.ts';

const pids = new Map<string, { alive: boolean; toString: () => string }>();
const pid = (name: string) => {
  const one = pids.get(name) ?? { alive: true, toString: () => name };
  pids.set(name, one);
  return one as unknown as Pid;
};

function gate(max: number) {
  const letIn: string[] = [];
  const one = new BootGate(max, (worker) => letIn.push(String(worker)));
  return { gate: one, letIn };
}

describe('the gate in front of starting processes', () => {
  it('lets so many through at a time, first come, first served', () => {
    const { gate: one, letIn } = gate(2);
    for (const name of ['a', 'b', 'c', 'd']) one.ask(pid(name));
    expect(letIn).to.deep.equal(['a', 'b']);
    one.done(pid('b'));
    expect(letIn).to.deep.equal(['a', 'b', 'c']);
    // One that gives up waiting makes no room.
    one.done(pid('d'));
    one.done(pid('a'));
    expect(letIn).to.deep.equal(['a', 'b', 'c']);
  });

  it('answers one that asks again, and counts it once', () => {
    const { gate: one, letIn } = gate(1);
    one.ask(pid('a'));
    one.ask(pid('a'));
    one.ask(pid('b'));
    expect(letIn).to.deep.equal(['a', 'a']);
    one.done(pid('a'));
    one.done(pid('a'));
    expect(letIn).to.deep.equal(['a', 'a', 'b']);
  });

  it('counts those that another manager may have let through, until they ask', () => {
    const { gate: one, letIn } = gate(1);
    for (const name of ['a', 'b']) one.passed(pid(name));
    one.ask(pid('b'));
    expect(letIn).to.deep.equal([]);
    one.ask(pid('a'));
    expect(letIn).to.deep.equal(['b']);
  });

  it('forgets one that ended before it was heard of', () => {
    const { gate: one, letIn } = gate(1);
    one.passed(pid('dead'));
    one.ask(pid('b'));
    (pids.get('dead') as { alive: boolean }).alive = false;
    one.ask(pid('c'));
    expect(letIn).to.deep.equal(['b']);
  });

  it('counts those that were let through by another manager', () => {
    const { gate: one, letIn } = gate(1);
    one.passed(pid('a'));
    one.ask(pid('b'));
    expect(letIn).to.deep.equal([]);
    one.done(pid('a'));
    expect(letIn).to.deep.equal(['b']);
  });
});
