import { expect } from 'chai';
import { plan } from '../../../testing/plan/builder.ts';
import { checkPlan, PlanError } from '../../../testing/plan/check.ts';

const data = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('plan()', () => {
  it('builds the data that could be written by hand', () => {
    const built = plan({ seed: 7, expiresMs: 1_000 })
      .at('actor.receive', { path: 'app/jobs/*', message: 'add' })
      .nth(3)
      .throw('boom')
      .at('message.send')
      .probability(0.1)
      .percent(50)
      .times(2)
      .delay(20)
      .otherwise()
      .drop()
      .as('net')
      .until({ ms: 500 });
    expect(data(built)).to.deep.equal({
      seed: 7,
      expiresMs: 1_000,
      rules: [
        {
          point: 'actor.receive',
          where: { path: 'app/jobs/*', message: 'add' },
          when: { nth: 3 },
          what: [{ do: 'throw', error: 'boom' }],
        },
        {
          point: 'message.send',
          when: { probability: 0.1 },
          what: [{ do: 'delay', percent: 50, times: 2, ms: 20 }, { do: 'drop' }],
          id: 'net',
          until: { ms: 500 },
        },
      ],
    });
    expect(checkPlan(built)).to.equal(built);
  });

  it('can be gone on with twice: each step is a plan of its own', () => {
    const base = plan().at('actor.init').throw();
    expect(base.at('clock.wall').shift(1).rules).to.have.length(2);
    expect(base.at('clock.wall').shift(2).rules).to.have.length(2);
    expect(base.rules).to.have.length(1);
  });

  it('names the field that is wrong', () => {
    expect(() => plan().at('actor.receive').nth(-1).drop()).to.throw(
      PlanError,
      'rules[0].when.nth: must be a whole number above 0, not -1',
    );
    expect(() => checkPlan({ rules: [{ point: 'x', what: [{ do: 'throw' }], wehn: {} }] })).to.throw(
      PlanError,
      'rules[0].wehn: there is no such field',
    );
    expect(() => checkPlan({ rules: [{ point: 'x', what: [] }] })).to.throw(
      PlanError,
      'rules[0].what: needs at least one task',
    );
    expect(() => checkPlan({})).to.throw(PlanError, 'rules: must be a list, not nothing');
    expect(() => checkPlan('x')).to.throw(PlanError, 'the plan: must be an object, not "x"');
    const twice = { point: 'x', id: 'a', what: [{ do: 'off' }] };
    expect(() => checkPlan({ rules: [twice, twice] })).to.throw(
      PlanError,
      "rules[1].id: 'a' is the name of another rule",
    );
  });
});
