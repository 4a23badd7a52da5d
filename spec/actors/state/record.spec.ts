import { expect } from 'chai';
import fc from 'fast-check';
import { StateError } from '../../../actors/core/index.ts';
import { applyCommit } from '../../../actors/state/commit.ts';
import type { CommitRequest } from '../../../actors/state/index.ts';
import { integer, orderOf, string } from '../../../actors/state/index.ts';
import { snapshotOf } from '../../../actors/state/readings.ts';
import {
  checkRecord,
  defaultRecordLimits,
  emptyRecord,
  find,
  type SessionRecord,
} from '../../../actors/state/record.ts';

const now = { wallMs: 1_700_000_000_000, monotonicMs: 0 };
const limits = { ...defaultRecordLimits, historyMax: 8, outcomesMax: 5, variablesMax: 4 };
const kinds = { integer: integer({ min: -5, max: 5 }), string: string({ maxLength: 3 }) };

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const version = fc.oneof(fc.constant(null), fc.nat(6));
const request: fc.Arbitrary<CommitRequest> = fc.record(
  {
    expect: fc.dictionary(name, version, { maxKeys: 2 }),
    set: fc.dictionary(name, fc.oneof(fc.integer({ min: -6, max: 6 }), fc.constantFrom('x', 'long text')), {
      maxKeys: 3,
    }),
    remove: fc.array(name, { maxLength: 1 }),
    declare: fc.dictionary(name, fc.constantFrom(kinds.integer, kinds.string), { maxKeys: 3 }),
    idempotencyKey: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'),
  },
  { requiredKeys: [] },
);
const requests = fc.array(request, { maxLength: 40 });

/** A model that is too simple to be wrong: copies everything, knows no limits but the number of variables. */
class Model {
  variables = new Map<string, { type: string; value: unknown; version: number }>();
  revision = 0;

  apply({ expect: expected = {}, set = {}, remove = [], declare = {} }: CommitRequest): string {
    for (const [key, wanted] of Object.entries(expected)) {
      if ((this.variables.get(key)?.version ?? null) !== wanted) return 'conflict';
    }
    const next = new Map(this.variables);
    const written = new Set<string>();
    for (const key of new Set(remove)) if (!next.delete(key)) return 'not_found';
    for (const [key, { type, default: value }] of Object.entries(declare)) {
      const known = next.get(key);
      if (known !== undefined && known.type !== type) return 'already_exists';
      if (known !== undefined) continue;
      next.set(key, { type, value, version: this.revision + 1 });
      written.add(key);
    }
    for (const [key, value] of Object.entries(set)) {
      const known = next.get(key);
      if (known === undefined) return 'not_found';
      const fits =
        known.type === 'integer' ? Math.abs(value as number) <= 5 : typeof value === 'string' && value.length <= 3;
      if (!fits) return 'invalid';
      next.set(key, { type: known.type, value, version: this.revision + 1 });
      written.add(key);
    }
    if (next.size > limits.variablesMax) return 'quota';
    this.variables = next;
    if (written.size + remove.length > 0) this.revision += 1;
    return 'ok';
  }
}

function content(record: SessionRecord): unknown {
  return record.variables.map(({ name: key, type, value, version: at }) => [key, { type, value, version: at }]);
}

/** Applies one after the other; answers the record after each. */
function play(list: readonly CommitRequest[]): SessionRecord[] {
  const records = [emptyRecord('s', 1)];
  for (const one of list) {
    const last = records.at(-1) as SessionRecord;
    const applied = applyCommit(last, orderOf(one), now, limits);
    records.push(applied instanceof StateError ? last : applied.record);
  }
  return records;
}

describe('applyCommit', () => {
  it('does what a simple model does, and nothing when it refuses', () => {
    fc.assert(
      fc.property(requests, (list) => {
        const model = new Model();
        let record = emptyRecord('s', 1);
        for (const one of list) {
          const { idempotencyKey: _, ...plain } = one;
          const before = content(record);
          const applied = applyCommit(record, orderOf(plain), now, limits);
          const outcome = model.apply(plain);
          expect(applied instanceof StateError ? applied.code : 'ok').to.equal(outcome);
          if (applied instanceof StateError) expect(content(record)).to.deep.equal(before);
          else record = applied.record;
          expect(content(record)).to.deep.equal([...model.variables]);
          expect(record.revision).to.equal(model.revision);
          expect(checkRecord(record)).to.equal(undefined);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('makes commits from which the record can be built again', () => {
    fc.assert(
      fc.property(requests, (list) => {
        const built = new Map<string, unknown>();
        let record = emptyRecord('s', 1);
        for (const one of list) {
          const applied = applyCommit(record, orderOf(one), now, limits);
          // Nothing new: it was refused, or is the commit of before.
          if (applied instanceof StateError || applied.record === record) continue;
          for (const gone of applied.commit.removed) built.delete(gone);
          for (const variable of applied.commit.written) built.set(variable.name, variable);
          record = applied.record;
          for (const variable of record.variables) expect(built.get(variable.name)).to.equal(variable);
          expect(built.size).to.equal(record.variables.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('answers a remembered key with the first commit, and carries it out again only when it is forgotten', () => {
    fc.assert(
      fc.property(requests, (list) => {
        let record = emptyRecord('s', 1);
        const first = new Map<string, unknown>();
        for (const one of list) {
          const order = orderOf(one);
          const applied = applyCommit(record, order, now, limits);
          if (applied instanceof StateError) continue;
          const { idempotencyKey: key } = one;
          if (
            key !== undefined &&
            applied.record === record &&
            first.has(key) &&
            applied.commit.written.length + applied.commit.removed.length > 0
          ) {
            expect(applied.commit).to.equal(first.get(key));
          }
          if (key !== undefined && applied.record !== record) first.set(key, applied.commit);
          const retried = applyCommit(applied.record, order.again(record.revision), now, limits);
          if (key !== undefined && applied.record !== record) {
            expect(retried).to.deep.include({ record: applied.record, commit: applied.commit });
          }
          record = applied.record;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says that an outcome is not known any more rather than doing it twice', () => {
    let record = play([{ declare: { a: kinds.integer } }])[1] as SessionRecord;
    const order = orderOf({ set: { a: 1 }, idempotencyKey: 'lost reply' });
    const since = record.revision;
    for (const key of ['lost reply', '1', '2', '3', '4', '5']) {
      const applied = applyCommit(record, orderOf({ set: { a: 1 }, idempotencyKey: key }), now, limits);
      if (applied instanceof StateError) throw applied;
      record = applied.record;
    }
    expect(applyCommit(record, order.again(since), now, limits)).to.have.property('code', 'compacted');
    expect(applyCommit(record, order.again(record.revision), now, limits)).to.not.be.instanceOf(StateError);
  });

  it('leaves earlier records as they were, also when one is built upon twice', () => {
    fc.assert(
      fc.property(requests, requests, fc.nat(), (list, other, pick) => {
        const records = play(list);
        const seen = records.map((record) => [content(record), record.history.after(0), record.history.outcomes()]);
        const fork = records[pick % records.length] as SessionRecord;
        const kept = fork.history.after(0);
        let branch = fork;
        for (const one of other) {
          const applied = applyCommit(branch, orderOf(one), now, limits);
          if (applied instanceof StateError) continue;
          branch = applied.record;
          expect(checkRecord(branch)).to.equal(undefined);
          expect(branch.history.at(branch.revision) === applied.commit || applied.record === branch).to.equal(true);
        }
        // The newest record is the one that is used; nothing that a branch does may reach it.
        const last = records.at(-1) as SessionRecord;
        const [was, history, outcomes] = seen.at(-1) as unknown[];
        expect(content(last)).to.deep.equal(was);
        if (fork !== last) {
          expect(last.history.after(0)).to.deep.equal(history);
          expect(last.history.outcomes()).to.deep.equal(outcomes);
          expect(fork.history.after(0)).to.deep.equal(kept);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reads at one revision', () => {
    const record = play([{ declare: { a: kinds.integer, b: kinds.string } }, { set: { a: 2 } }]).at(
      -1,
    ) as SessionRecord;
    expect(snapshotOf(record)).to.deep.include({ sessionId: 's', epoch: 1, revision: 2 });
    expect(snapshotOf(record, ['b', 'z']).variables.map((variable) => variable.name)).to.deep.equal(['b']);
    expect(find(record, 'a')).to.include({ value: 2, version: 2 });
  });
});

describe('the history of a record', () => {
  const commit = (record: SessionRecord, value: number): SessionRecord => {
    const applied = applyCommit(record, orderOf({ set: { a: value }, idempotencyKey: `key ${value}` }), now, limits);
    if (applied instanceof StateError) throw applied;
    return applied.record;
  };
  const begun = play([{ declare: { a: integer() } }])[1] as SessionRecord;

  it('keeps the last commits, as many as the limit says', () => {
    let record = begun;
    for (let value = 1; value <= 50; value += 1) record = commit(record, value);
    expect(record.history.after(0).map(({ revision }) => revision)).to.deep.equal([44, 45, 46, 47, 48, 49, 50, 51]);
    expect(record.history.reaches(43)).to.equal(true);
    expect(record.history.reaches(42)).to.equal(false);
    expect(record.history.at(43)).to.equal(undefined);
    expect(record.history.outcomes().map(({ key }) => key)).to.deep.equal([
      'key 46',
      'key 47',
      'key 48',
      'key 49',
      'key 50',
    ]);
  });

  it('keeps no more bytes than the limit says, but always the last commit', () => {
    const tight = { ...limits, historyBytesMax: 1_000 };
    let record = play([{ declare: { a: string() } }])[1] as SessionRecord;
    for (const size of [100, 100, 100, 5_000]) {
      const applied = applyCommit(record, orderOf({ set: { a: 'x'.repeat(size) } }), now, tight);
      if (applied instanceof StateError) throw applied;
      record = applied.record;
    }
    expect(record.history.after(0).map(({ revision }) => revision)).to.deep.equal([5]);
  });

  it('keeps no more bytes of outcomes than the limit says, but always the last one', () => {
    const tight = { ...limits, historyBytesMax: 1_000 };
    let record = play([{ declare: { a: integer() } }])[1] as SessionRecord;
    for (const value of [1, 2, 3]) {
      const outcome = new Uint8Array(400);
      const order = orderOf({ set: { a: value }, idempotencyKey: `key ${value}`, outcome });
      const applied = applyCommit(record, order, now, tight);
      if (applied instanceof StateError) throw applied;
      record = applied.record;
    }
    const kept = [1, 2, 3].map((value) => record.history.answered(`key ${value}`, 0)?.outcome?.byteLength);
    expect(kept).to.deep.equal([undefined, undefined, 400]);
    expect(record.history.after(0)).to.have.length(4);
  });

  it('forgets keys after their time', () => {
    const record = commit(begun, 1);
    const again = orderOf({ set: { a: 1 }, idempotencyKey: 'key 1' });
    const soon = applyCommit(record, again, { ...now, monotonicMs: limits.outcomeTtlMs }, limits);
    const late = applyCommit(record, again, { ...now, monotonicMs: limits.outcomeTtlMs + 1 }, limits);
    expect(soon).to.have.nested.property('commit.revision', 2);
    expect(late).to.have.nested.property('commit.revision', 3);
  });
});
