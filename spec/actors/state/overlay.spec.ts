import { expect } from 'chai';
import fc from 'fast-check';
import { StateError } from '../../../actors/core/index.ts';
import { applyCommit } from '../../../actors/state/commit.ts';
import { type CommitRequest, integer, orderOf, string } from '../../../actors/state/index.ts';
import { Overlay } from '../../../actors/state/overlay.ts';
import { snapshotOf } from '../../../actors/state/readings.ts';
import { emptyRecord, type SessionRecord } from '../../../actors/state/record.ts';

const now = { wallMs: 0, monotonicMs: 0 };

function changed(record: SessionRecord, request: CommitRequest): SessionRecord {
  const applied = applyCommit(record, orderOf(request), now);
  if (applied instanceof StateError) throw applied;
  return applied.record;
}

/** A session of these integers, at revision 1. */
const base = (...names: string[]) =>
  changed(emptyRecord('s', 1), { declare: Object.fromEntries(names.map((name) => [name, integer()])) });
const over = (record: SessionRecord, joined?: CommitRequest) => new Overlay(snapshotOf(record), joined);
const values = (overlay: Overlay) =>
  Object.fromEntries(overlay.read().variables.map(({ name, value }) => [name, value]));

describe('an overlay', () => {
  it('takes no writes under a lock: nobody would mind it when they are committed', () => {
    const overlay = over(base('a'));
    expect(() => overlay.commit({ set: { a: 1 }, fences: { a: 1 } }))
      .to.throw()
      .with.property('code', 'invalid');
    expect(overlay.writes().set).to.deep.equal({});
  });

  it('reads what was written through it, and is one request in the end', () => {
    const overlay = over(base('a', 'b'));
    overlay.commit({ set: { a: 1 } });
    overlay.commit({ set: { a: 2 }, remove: ['b'], declare: { c: string({ default: 'x' }) } });
    expect(values(overlay)).to.deep.equal({ a: 2, c: 'x' });
    const { set, remove, declare } = overlay.writes();
    expect({ set, remove, declare: Object.keys(declare ?? {}) }).to.deep.equal({
      set: { a: 2 },
      remove: ['b'],
      declare: ['c'],
    });
  });

  it('refuses what a commit would refuse, and has not done it then', () => {
    const overlay = over(base('a'));
    const codes = [{ set: { nobody: 1 } }, { set: { a: 'x' } }, { set: { a: 1 }, expect: { a: 7 } }].map((request) => {
      try {
        return overlay.commit(request);
      } catch (error) {
        return (error as StateError).code;
      }
    });
    expect(codes).to.deep.equal(['not_found', 'invalid', 'conflict']);
    expect(values(overlay)).to.deep.equal({ a: 0 });
    expect(overlay.writes()).to.deep.equal({ remove: [], declare: {}, set: {}, expect: {} });
  });

  it('expects the version of what was read before it was written, and what was named', () => {
    const overlay = over(base('a', 'b', 'c', 'd'));
    overlay.read(['a', 'absent']);
    overlay.commit({ set: { a: 1, b: 1 }, declare: { absent: integer() }, expect: { c: 1 } });
    // What it has written itself says nothing about others, nor does a version of its own.
    const own = overlay.read(['b']).variables[0]?.version as number;
    overlay.commit({ set: { b: 2 }, expect: { b: own } });
    expect(overlay.writes().expect).to.deep.equal({ a: 1, absent: null, c: 1 });
  });

  it('of a nested call shows what was written before, and gives what it wrote itself', () => {
    const outer = over(base('a', 'b'));
    outer.commit({ set: { a: 1 } });
    const inner = over(base('a', 'b'), outer.pending());
    expect(values(inner)).to.deep.equal({ a: 1, b: 0 });
    inner.commit({ set: { b: 2 } });
    expect(inner.writes().set).to.deep.equal({ b: 2 });
    outer.merge(inner.writes());
    expect(values(outer)).to.deep.equal({ a: 1, b: 2 });
    expect(outer.writes().set).to.deep.equal({ a: 1, b: 2 });
  });

  it('of a nested call collides with what was written beside it, or read otherwise', () => {
    const outer = over(base('a'));
    const [first, second] = [over(base('a'), outer.pending()), over(base('a'), outer.pending())] as const;
    for (const inner of [first, second]) {
      inner.read(['a']);
      inner.commit({ set: { a: 1 } });
    }
    outer.merge(first.writes());
    expect(() => outer.merge(second.writes())).to.throw(StateError, /'a' was changed while a nested call used it/);
    const reader = over(base('a'));
    reader.read(['a']);
    const newer = over(changed(base('a'), { set: { a: 9 } }));
    newer.read(['a']);
    newer.commit({ set: { a: 10 } });
    expect(() => reader.merge(newer.writes())).to.throw(StateError, /'a' was changed/);
  });

  it('that does not fit the session any more is a conflict, and one that has ended takes nothing', () => {
    expect(() => over(base('b'), { set: { a: 1 } }))
      .to.throw(StateError)
      .with.property('code', 'conflict');
    const overlay = over(base('a'));
    overlay.end();
    expect(() => overlay.commit({ set: { a: 1 } })).to.throw(StateError, /has ended/);
  });

  it('committed is the same as its steps committed, some of them made in nested calls', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const request: fc.Arbitrary<CommitRequest> = fc.record(
      {
        set: fc.dictionary(name, fc.oneof(fc.nat(5), fc.constant('x')), { maxKeys: 2 }),
        remove: fc.array(name, { maxLength: 1 }),
        declare: fc.dictionary(name, fc.constantFrom(integer(), string()), { maxKeys: 2 }),
      },
      { requiredKeys: [] },
    );
    const steps = fc.array(fc.record({ nested: fc.boolean(), requests: fc.array(request, { maxLength: 3 }) }), {
      maxLength: 10,
    });
    const content = ({ variables }: Pick<SessionRecord, 'variables'>) =>
      Object.fromEntries(variables.map(({ name: key, type, value }) => [key, { type, value }]));
    fc.assert(
      fc.property(steps, (list) => {
        const start = base('a');
        const outer = over(start);
        let direct = start;
        for (const { nested, requests } of list) {
          const target = nested ? over(start, outer.pending()) : outer;
          for (const one of requests) {
            const applied = applyCommit(direct, orderOf(one), now);
            if (applied instanceof StateError) {
              expect(() => target.commit(one))
                .to.throw(StateError)
                .with.property('code', applied.code);
            } else {
              target.commit(one);
              direct = applied.record;
            }
          }
          if (nested) outer.merge(target.writes());
        }
        expect(content(outer.read())).to.deep.equal(content(direct));
        expect(content(changed(start, outer.writes()))).to.deep.equal(content(direct));
      }),
      { numRuns: 100 },
    );
  });
});
