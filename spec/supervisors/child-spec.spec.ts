import { expect } from 'chai';
import { SpecError, server } from '../../actors/core/index.ts';
import {
  type AutoShutdown,
  type Children,
  checkChildSpecs,
  dynamicSupervisor,
  type ListedChild,
  supervisor,
} from '../../supervisors/index.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

const logic = server({ init: () => 0 });
const fault = (work: () => unknown): [rule: string, value: unknown] => {
  try {
    work();
  } catch (error) {
    if (error instanceof SpecError) return [error.rule, error.value];
    throw error;
  }
  return ['no fault', undefined];
};
const check = (child: object, autoShutdown?: AutoShutdown) =>
  fault(() => checkChildSpecs([child as ListedChild], autoShutdown));

describe('a child spec', () => {
  it('is worker, permanent and not significant by default, with 5 s to end, a supervisor with for ever (S-001, S-002)', async () => {
    const { app, now } = await virtualTree({ children: { one: logic, nested: supervisor({ children: {} }) } });
    const { shutdown, restart, significant, type } = await now(app.childSpec('one'));
    expect([shutdown, restart, significant, type]).to.deep.equal([5_000, 'permanent', false, 'worker']);
    const nested = await now(app.childSpec('nested'));
    expect([nested.type, nested.shutdown]).to.deep.equal(['supervisor', Number.POSITIVE_INFINITY]);
  });

  it('takes the default of its shutdown from its type field, whatever the logic is (S-002)', async () => {
    const { app, now } = await virtualTree({ children: { one: { logic, type: 'supervisor' } } });
    expect((await now(app.childSpec('one'))).shutdown).to.equal(Number.POSITIVE_INFINITY);
  });

  it('ignores keys that it does not know, as do the flags (S-005)', async () => {
    const { app, now } = await virtualTree({ colour: 'red', children: { one: { logic, colour: 'red' } } } as {
      children: Children;
    });
    expect((await now(app.countChildren())).active).to.equal(1);
  });

  it('is refused for its first fault in OTP order: id, start, restart, significance, type, shutdown (S-006, S-007)', () => {
    const faults: [field: string, value: unknown, rule: string][] = [
      ['id', undefined, 'missing_id'],
      ['logic', undefined, 'missing_start'],
      ['logic', {}, 'invalid_mfa'],
      ['restart', 'sometimes', 'invalid_restart_type'],
      ['significant', 'yes', 'invalid_significant'],
      ['type', 'boss', 'invalid_child_type'],
      ['shutdown', -1, 'invalid_shutdown'],
    ];
    for (let first = 0; first < faults.length; first += 1) {
      const child: Record<string, unknown> = { id: 'one', logic };
      for (const [field, value] of faults.slice(first).reverse()) child[field] = value;
      expect(check(child)[0]).to.equal(faults[first]?.[2]);
    }
  });

  it('tells which value is wrong, in the words of OTP (S-006)', () => {
    expect(check({ id: 'one', logic, restart: 'prmanent' })).to.deep.equal(['invalid_restart_type', 'prmanent']);
    expect(check({ id: 'one', logic, shutdown: -10 })).to.deep.equal(['invalid_shutdown', -10]);
  });

  it('may be significant only where that can mean something, which is judged first (S-008, S-012)', () => {
    const child = (restart: string) => ({ id: 'one', logic, significant: true, restart });
    expect(check(child('permanent'), 'never')).to.deep.equal([
      'bad_combination',
      { autoShutdown: 'never', significant: true },
    ]);
    expect(check(child('permanent'), 'any_significant')).to.deep.equal([
      'bad_combination',
      { restart: 'permanent', significant: true },
    ]);
    expect(check(child('transient'), 'all_significant')[0]).to.equal('no fault');
  });

  for (const shutdown of [0, 1, Number.POSITIVE_INFINITY, 'brutal_kill'] as const) {
    it(`may give a worker ${shutdown} to end (S-009)`, () => {
      expect(check({ id: 'one', logic, shutdown })[0]).to.equal('no fault');
    });
  }
  for (const shutdown of [-1, Number.NaN, '5000', null]) {
    it(`may not give it ${shutdown} (S-009)`, () => {
      expect(check({ id: 'one', logic, shutdown })[0]).to.equal('invalid_shutdown');
    });
  }

  it('has an id of its own (S-010)', () => {
    const twice = [
      { id: 'one', logic },
      { id: 'one', logic },
    ];
    expect(fault(() => supervisor({ children: twice }))).to.deep.equal(['duplicate_child_name', 'one']);
  });

  it('may have an id that looks like an integer only in an array, where it keeps its place', () => {
    expect(fault(() => supervisor({ children: { 1: logic } }))[0]).to.match(/^invalid_id/);
    expect(check({ id: '1', logic })[0]).to.equal('no fault');
  });

  it('is one and only one under a template (S-011)', () => {
    // The type of the option says it; what is no spec is refused.
    expect(fault(() => dynamicSupervisor({ template: [] as never }))[0]).to.equal('missing_id');
  });

  it('can be checked without anything being started (S-012)', () => {
    const { log } = new Parts();
    expect(check({ id: 'one', logic })[0]).to.equal('no fault');
    expect(log).to.deep.equal([]);
  });
});

describe('the flags of a supervisor', () => {
  const flags = (options: object) => fault(() => supervisor({ children: {}, ...options }));
  for (const [flag, value, rule] of [
    ['strategy', 'simple', 'invalid_strategy'],
    ['maxRestarts', -1, 'invalid_intensity'],
    ['maxRestarts', Number.POSITIVE_INFINITY, 'invalid_intensity'],
    ['periodMs', 0, 'invalid_period'],
    ['periodMs', Number.POSITIVE_INFINITY, 'invalid_period'],
    ['autoShutdown', 'some', 'invalid_auto_shutdown'],
  ] as const) {
    it(`refuse ${flag} ${value} before any child starts (S-003, S-004)`, () => {
      expect(flags({ [flag]: value })).to.deep.equal([rule, value]);
    });
  }

  it('of one that an init function makes are refused at its start, and nothing has started (S-004)', async () => {
    const parts = new Parts();
    const wrong = supervisor(() => ({ strategy: 'simple' as never, children: { late: parts.part('late') } }));
    const starting = virtualTree({ children: { early: parts.part('early'), wrong } });
    expect(await starting.catch((error: unknown) => error)).to.have.property('rule', 'invalid_strategy');
    expect(parts.log).to.deep.equal(['start early', 'stop early shutdown']);
  });
});
