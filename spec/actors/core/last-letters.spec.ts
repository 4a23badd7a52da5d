import { expect } from 'chai';
import type { ExitReason, Letter, Process, Tracer } from '../../../actors/core/index.ts';
import { reply, type ServerRef, server, supervisor, sys } from '../../../index.ts';
import { useSystem } from '../../../testing/index.ts';

const counter = server({
  init: () => 0,
  call: { value: (count) => reply(count, count) },
  cast: {
    add: (count, by: number) => count + by,
    boom: (): number => {
      throw new Error('boom');
    },
    pass: (count, { to, by }: { to: ServerRef<unknown>; by: number }) => {
      (to as ServerRef<typeof counter>).cast('add', by);
      return count;
    },
  },
});

const shown = (letter: Letter): string => (letter.kind === 'cast' ? `add ${String(letter.arg)}` : letter.kind);

describe('the last letters of an actor', () => {
  const system = useSystem(() => supervisor({ strategy: 'one_for_one', children: { counter, other: counter } }));
  const one = () => system.current.children.counter;
  const processOf = (ref: { readonly process: Process | undefined }) => ref.process as Process;

  it('are the twenty that it handled last, oldest first', async () => {
    for (let by = 1; by <= 30; by += 1) one().cast('add', by);
    await one().call('value');
    const letters = processOf(one()).lastLetters;
    const adds = Array.from({ length: 19 }, (_, index) => `add ${index + 12}`);
    expect(letters.map(({ letter }) => shown(letter))).to.deep.equal([...adds, 'call']);
    const times = letters.map(({ atMs }) => atMs);
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
  });

  it('say which actor sent them, and nothing for what came from outside', async () => {
    const { other } = system.current.children;
    one().cast('add', 1);
    other.cast('pass', { to: one() as never, by: 2 });
    await other.call('value');
    await one().call('value');
    const [outside, passed] = processOf(one()).lastLetters.map(({ letter }) => letter);
    expect(outside).to.deep.include({ kind: 'cast', sender: undefined });
    expect(passed).to.deep.include({ kind: 'cast', sender: other.pid });
  });

  it('are none of an actor that has handled nothing, and none of the one before', async () => {
    expect(processOf(one()).lastLetters).to.deep.equal([]);
    const down = one().monitor();
    one().cast('boom');
    await down;
    await one().call('value');
    expect(processOf(one()).lastLetters).to.have.length(1);
  });

  it('are let go of once its end is told, so that who has its pid or a reference keeps none of them', async () => {
    const ended = processOf(one());
    const down = one().monitor();
    for (let by = 1; by <= 30; by += 1) one().cast('add', by);
    one().cast('boom');
    one().cast('add', 31);
    await down;
    expect(ended.lastLetters).to.deep.equal([]);
    expect(ended.mailboxLength).to.equal(0);
  });

  it('are not those that still wait for it to be resumed, nor what asks it for its state', async () => {
    one().cast('add', 1);
    await sys.suspend(one());
    for (let by = 2; by <= 40; by += 1) one().cast('add', by);
    await sys.getState(one());
    expect(processOf(one()).lastLetters.map(({ letter }) => shown(letter))).to.deep.equal(['add 1']);
    await sys.resume(one());
    await one().call('value');
    const adds = Array.from({ length: 19 }, (_, index) => `add ${index + 22}`);
    expect(processOf(one()).lastLetters.map(({ letter }) => shown(letter))).to.deep.equal([...adds, 'call']);
  });

  it('leave a mark of the most that have ever waited', async () => {
    for (let by = 0; by < 7; by += 1) one().cast('add', by);
    await one().call('value');
    expect(processOf(one()).mailboxPeak).to.equal(8);
  });
});

describe('a tracer', () => {
  const system = useSystem(() => supervisor({ strategy: 'one_for_one', children: { counter } }));

  it('is told of each letter when it is sent, when its handling begins and when that is over', async () => {
    const told: string[] = [];
    const note =
      (step: string) =>
      (process: Process, letter: Letter, failure?: ExitReason): void => {
        told.push(`${step} ${process.pid.path} ${letter.kind}${failure === undefined ? '' : ` ${failure.kind}`}`);
      };
    const tracer: Tracer = {
      sent: note('sent'),
      refused: note('refused'),
      faulted: () => {},
      handling: note('handling'),
      handled: note('handled'),
    };
    const { counter: ref } = system.current.children;
    system.current.system.tracer = tracer;
    await ref.call('value');
    const down = ref.monitor();
    ref.cast('boom');
    await down;
    system.current.system.tracer = undefined;
    await ref.call('value');
    expect(told.filter((line) => line.includes(ref.path))).to.deep.equal([
      `sent ${ref.path} call`,
      `handling ${ref.path} call`,
      `handled ${ref.path} call`,
      `sent ${ref.path} cast`,
      `handling ${ref.path} cast`,
      `handled ${ref.path} cast error`,
    ]);
  });
});
