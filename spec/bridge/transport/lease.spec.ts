import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolError } from '../../../actors/core/index.ts';
import { Lease, leaseIntervalMs } from '../../../bridge/transport/lease.ts';

describe("the host's side of a lease", () => {
  it('ends three quarters of a lease after the worker was admitted, when it never asks', () => {
    expect(new Lease(1_000, 5_000).fenceAtMs).to.equal(5_750);
  });

  it('goes on as long as the worker asks and says that it has heard the answers', () => {
    const lease = new Lease(1_000, 0);
    lease.welcomed(10);
    for (let n = 1; n <= 100; n += 1) expect(lease.ask(n, n - 1, 100 * n)).to.equal(true);
    // The last answer that the worker surely has is number 99; it asked that after the answer 98, given at 9,800.
    expect(lease.fenceAtMs).to.equal(9_800 + 750);
  });

  it('does not go on for a worker that asks and hears no answer: it will end itself', () => {
    const lease = new Lease(1_000, 0);
    lease.ask(1, 0, 100);
    const { fenceAtMs } = lease;
    for (let n = 2; n < 20; n += 1) lease.ask(n, 0, 100 * n);
    expect(lease.fenceAtMs).to.equal(fenceAtMs);
  });

  it('takes no asking twice, and none that claims an answer which was never given', () => {
    const lease = new Lease(1_000, 0);
    expect(lease.ask(1, 0, 100)).to.equal(true);
    expect(lease.ask(1, 0, 900)).to.equal(false);
    expect(() => lease.ask(2, 7, 900)).to.throw(ProtocolError);
    lease.ask(3, 1, 300);
    expect(() => lease.ask(4, 0, 400)).to.throw(ProtocolError);
  });

  it('keeps a bounded number of askings', () => {
    const lease = new Lease(1_000, 0);
    expect(() => {
      for (let n = 1; n < 10_000; n += 1) lease.ask(n, 0, n);
    }).to.throw(ProtocolError, /heard no answer/);
  });

  it('has the worker ask often enough, however long its lease is', () => {
    expect([200, 1_000, 15_000].map(leaseIntervalMs)).to.deep.equal([20, 100, 1_500]);
  });

  // The worker's rule is `_lease.py`'s: its lease runs from the asking, and an answer after its end counts for nothing.
  it('is over before the worker ends itself, however long messages take and whichever are lost', () => {
    const ms = 1_000;
    const asking = fc.record({ pauseMs: fc.nat(400), thereMs: fc.nat(2_000), backMs: fc.nat(2_000), lost: fc.nat(5) });
    fc.assert(
      fc.property(fc.nat(500), fc.array(asking, { maxLength: 40 }), (helloMs, askings) => {
        const lease = new Lease(ms, 0);
        lease.welcomed(helloMs + 1);
        let endsMs = helloMs + ms;
        let nowMs = helloMs + 2;
        let heard = 0;
        /** In their order of arrival at the host, and of the answers at the worker. */
        const requests: { number: number; heard: number; atMs: number; backMs: number }[] = [];
        const answers: { number: number; askedMs: number; atMs: number }[] = [];
        let lastThereMs = 0;
        let lastBackMs = 0;
        const take = (untilMs: number) => {
          for (const answer of answers.splice(0)) {
            if (answer.atMs > untilMs) answers.push(answer);
            else if (answer.atMs < endsMs) {
              heard = answer.number;
              endsMs = Math.max(endsMs, answer.askedMs + ms);
            }
          }
        };
        for (const [index, { pauseMs, thereMs, backMs, lost }] of askings.entries()) {
          nowMs += pauseMs;
          take(nowMs);
          if (nowMs >= endsMs) break;
          if (lost === 0) continue;
          // One ordered stream: nothing overtakes.
          lastThereMs = Math.max(lastThereMs, nowMs + thereMs);
          lastBackMs = Math.max(lastBackMs, lastThereMs + backMs);
          requests.push({ number: index + 1, heard, atMs: lastThereMs, backMs: lastBackMs });
          if (lost !== 1) answers.push({ number: index + 1, askedMs: nowMs, atMs: lastBackMs });
        }
        take(Number.POSITIVE_INFINITY);
        for (const request of requests) {
          // Too late: the host has given it up already.
          if (request.atMs >= lease.fenceAtMs) break;
          lease.ask(request.number, request.heard, request.atMs);
        }
        expect(lease.fenceAtMs).to.be.below(endsMs);
      }),
      { numRuns: 2_000 },
    );
  });
});
