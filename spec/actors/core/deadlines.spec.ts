import { expect } from 'chai';
import fc from 'fast-check';
import { Deadlines } from '../../../actors/core/deadlines.ts';
import type { Clock, TimerHandle, Turns } from '../../../actors/core/index.ts';

/** A clock that counts its timers. */
class CountingClock implements Clock {
  nowMs = 0;
  set = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly fire: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs;
  }

  setTimer(ms: number, fire: () => void): TimerHandle {
    this.set += 1;
    const timer = { dueMs: this.nowMs + ms, fire };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.fire();
    }
    this.nowMs = untilMs;
  }
}

function deadlines() {
  const clock = new CountingClock();
  const later: (() => void)[] = [];
  const turns: Turns = { soon: (fn) => fn(), beforeIo: (fn) => fn(), afterIo: (fn) => void later.push(fn) };
  const io = () => {
    for (const fn of later.splice(0)) fn();
  };
  return { clock, io, all: new Deadlines(clock, turns) };
}

describe('deadlines', () => {
  it('fire when they are due, in the order in which they were set when they are due together', () => {
    const { clock, all } = deadlines();
    const fired: string[] = [];
    all.set(100, () => fired.push('first'));
    clock.advance(20);
    all.set(100, () => fired.push('late'));
    all.set(80, () => fired.push('second'));
    clock.advance(30);
    all.set(50, () => fired.push('third'));
    clock.advance(49);
    expect(fired).to.deep.equal([]);
    clock.advance(1);
    expect(fired).to.deep.equal(['first', 'second', 'third']);
    clock.advance(20);
    expect(fired).to.deep.equal(['first', 'second', 'third', 'late']);
  });

  it('need one timer of the clock, however many are set and cancelled', () => {
    const { clock, all, io } = deadlines();
    for (let n = 0; n < 1_000; n += 1) all.set(5_000, () => {}).cancel();
    expect(clock.set).to.equal(1);
    expect(all.size).to.equal(0);
    // When the event loop turns and nothing waits, nothing holds it open.
    io();
    expect(clock.pending).to.equal(0);
    all.set(10, () => {});
    expect(clock.pending).to.equal(1);
  });

  it('may set and cancel others while they fire, and one that throws does not stop the rest', () => {
    const { clock, all } = deadlines();
    const fired: string[] = [];
    const cancelled = all.set(30, () => fired.push('cancelled'));
    all.set(10, () => {
      fired.push('a');
      cancelled.cancel();
      all.set(0, () => fired.push('b'));
    });
    all.set(20, () => {
      throw new Error('a deadline');
    });
    all.set(40, () => fired.push('c'));
    clock.advance(10);
    expect(() => clock.advance(10)).to.throw('a deadline');
    clock.advance(30);
    expect(fired).to.deep.equal(['a', 'b', 'c']);
    expect(all.size).to.equal(0);
  });

  it('do what a plain list would, whatever is set, cancelled and waited for', () => {
    const op = fc.oneof(
      fc.record({ op: fc.constant('set' as const), ms: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ op: fc.constant('cancel' as const), at: fc.nat(30) }),
      fc.record({ op: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 25 }) }),
      fc.record({ op: fc.constant('io' as const) }),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
        const { clock, all, io } = deadlines();
        const plain: { dueMs: number; n: number; live: boolean; handle: TimerHandle }[] = [];
        const fired: number[] = [];
        const expected: number[] = [];
        for (const one of ops) {
          if (one.op === 'set') {
            const n = plain.length;
            plain.push({ dueMs: clock.nowMs + one.ms, n, live: true, handle: all.set(one.ms, () => fired.push(n)) });
          } else if (one.op === 'cancel') {
            const chosen = plain[one.at];
            if (chosen?.live) chosen.live = false;
            chosen?.handle.cancel();
          } else if (one.op === 'io') {
            io();
          } else {
            clock.advance(one.ms);
            const due = plain.filter(({ live, dueMs }) => live && dueMs <= clock.nowMs);
            for (const deadline of due.sort((a, b) => a.dueMs - b.dueMs || a.n - b.n)) {
              deadline.live = false;
              expected.push(deadline.n);
            }
          }
        }
        expect(fired).to.deep.equal(expected);
        expect(all.size).to.equal(plain.filter(({ live }) => live).length);
      }),
    );
  });

  it('of durations that are never asked for again leave nothing when they are cancelled', () => {
    const { clock, all } = deadlines();
    const fired: string[] = [];
    all.set(50, () => fired.push('kept'));
    for (let i = 0; i < 1_000; i += 1) {
      const one = all.set(3_600_000 + i, () => fired.push(`${i}`));
      if (i % 400 !== 399) one.cancel();
    }
    expect(all.durations).to.be.lessThan(150);
    clock.advance(4_000_000);
    expect(fired).to.deep.equal(['kept', '399', '799']);
  });
});
