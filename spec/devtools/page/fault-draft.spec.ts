import { expect } from 'chai';
import { argumentName, draftOf, emptyDraft, ruleOf } from '../../../devtools/page/views/faults/draft.ts';
import type { FaultRule } from '../../../devtools/protocol/index.ts';
import { catalogue, checkPlan } from '../../../testing/index.ts';

const entries = Object.entries(catalogue).flatMap(([group, of]) =>
  Object.entries(of as unknown as Record<string, () => FaultRule>).map(
    ([name, made]) => [`${group}.${name}`, made()] as const,
  ),
);

describe('a fault that a person puts together', () => {
  it('is that of the catalogue as long as nothing is changed', () => {
    for (const [name, rule] of entries) expect(ruleOf(rule, draftOf(rule)), name).to.deep.equal(rule);
  });

  it('is a plan that can be checked, with what was said besides', () => {
    for (const [name, rule] of entries) {
      const draft = { ...draftOf(rule), path: 'app/jobs/*', nth: '3', probability: '0.5', times: '2' };
      const made = ruleOf(rule, draft);
      expect(checkPlan({ rules: [made] }).rules[0]?.when, name).to.include({ nth: 3, probability: 0.5 });
      expect(made.where?.path, name).to.equal('app/jobs/*');
    }
  });

  it('has texts as texts, numbers as numbers, and what is no number as it is, so that the host can say so', () => {
    const thrown: FaultRule = { point: 'actor.receive', what: [{ do: 'throw' }] };
    expect(argumentName(thrown)).to.equal('error');
    expect(ruleOf(thrown, { ...emptyDraft, argument: '12', nth: 'x' })).to.deep.equal({
      point: 'actor.receive',
      when: { nth: 'x' },
      what: [{ do: 'throw', error: '12' }],
    });
    const slow: FaultRule = { point: 'actor.receive', when: { nth: 1 }, what: [{ do: 'sleep', ms: 5 }] };
    expect(ruleOf(slow, { ...draftOf(slow), argument: '7', nth: '' })).to.deep.equal({
      point: 'actor.receive',
      what: [{ do: 'sleep', ms: 7 }],
    });
  });
});
