import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { checkPlan, PlanError } from '../../../testing/plan/check.ts';
import type { Plan, Task, TaskName } from '../../../testing/plan/plan.ts';
import { builtInPoints } from '../../../testing/plan/points.ts';
import { formatPlan, parsePlan } from '../../../testing/plan/short-form.ts';

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('app/jobs/*', 'a->b', 'true', '12', 'null', '"', 'x)', '{', 'é;=,'),
);
const count = fc.integer({ min: 1, max: 1_000 });
const ms = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.double({ min: 0, max: 1e5, noNaN: true }));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Without the fields that are undefined, and -0, which JSON cannot hold. */
const whole = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const details: Partial<Record<TaskName, fc.Arbitrary<object>>> = {
  throw: fc.record({ error: maybe(fc.string({ maxLength: 8 })) }),
  throwValue: fc.record({ value: maybe(fc.jsonValue({ maxDepth: 2 })) }),
  return: fc.record({ value: maybe(fc.jsonValue({ maxDepth: 2 })) }),
  reject: fc.record({ error: maybe(fc.string({ maxLength: 8 })) }),
  sleep: fc.record({ ms }),
  stall: fc.record({ ms }),
  delay: fc.record({ ms: fc.integer({ min: -1_000, max: 1_000 }) }),
  shift: fc.record({ ms: fc.integer({ min: -1_000, max: 1_000 }) }),
  rate: fc.record({ factor: fc.double({ min: 0.001, max: 100, noNaN: true }) }),
  kill: fc.record({ signal: maybe(fc.constantFrom('SIGKILL', 'SIGSTOP')) }),
  stop: fc.record({ reason: maybe(text) }),
  exit: fc.record({ code: maybe(fc.integer({ min: 0, max: 255 })) }),
  truncate: fc.record({ bytes: maybe(fc.nat(100)) }),
};

const task = (name: TaskName): fc.Arbitrary<Task> =>
  fc
    .record({
      do: fc.constant(name),
      percent: maybe(fc.double({ min: 0, max: 100, noNaN: true })),
      times: maybe(count),
    })
    .chain((base) => (details[name] ?? fc.constant({})).map((more) => whole({ ...base, ...more }) as Task));

const span = <T extends number>(bound: fc.Arbitrary<T>) =>
  fc.tuple(bound, bound).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const rule = fc
  .constantFrom(...Object.entries(builtInPoints), ['my.point', { tasks: ['return', 'throw'] }] as const)
  .chain(([point, { tasks }]) =>
    fc.record({
      point: fc.constant(point),
      where: maybe(
        fc.record({
          path: maybe(text),
          from: maybe(text),
          message: maybe(text),
          layer: maybe(fc.constantFrom('infrastructure' as const, 'state' as const)),
          session: maybe(text),
          direction: maybe(fc.constantFrom('in' as const, 'out' as const)),
        }),
      ),
      when: maybe(
        fc.record({
          nth: maybe(count),
          every: maybe(count),
          after: maybe(count),
          between: maybe(span(count)),
          afterMs: maybe(ms),
          betweenMs: maybe(span(ms)),
          probability: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
          once: maybe(fc.boolean()),
          while: maybe(text),
        }),
      ),
      what: fc.array(
        fc.constantFrom(...(tasks as readonly TaskName[])).chain((name) => task(name)),
        { minLength: 1, maxLength: 3 },
      ),
      until: maybe(fc.record({ times: maybe(count), ms: maybe(ms), healedBy: maybe(text) })),
    }),
  );

const plans: fc.Arbitrary<Plan> = fc
  .record({
    seed: maybe(fc.oneof(fc.integer(), text)),
    scope: maybe(text),
    expiresMs: maybe(ms),
    rules: fc.array(rule, { maxLength: 4 }),
  })
  .map((plan) => whole(plan) as Plan);

/** What the short form does not tell apart: an empty where, when or until. */
const tidy = (plan: Plan): Plan => ({
  ...plan,
  rules: plan.rules.map(
    (one) =>
      Object.fromEntries(
        Object.entries(one).filter(([, value]) => !(typeof value === 'object' && Object.keys(value).length === 0)),
      ) as never,
  ),
});

interface Row {
  readonly text: string;
  readonly plan?: Plan;
  /** The field that is wrong. */
  readonly wrong?: string;
}
const table = JSON.parse(
  readFileSync(new URL('../../fixtures/fault-plan-table.json', import.meta.url), 'utf8'),
) as readonly Row[];

describe('the short form of a plan, as Python reads it too', () => {
  for (const { text, plan, wrong } of table) {
    it(plan === undefined ? `refuses ${text}` : `reads ${text}`, () => {
      if (plan !== undefined) expect(parsePlan(text)).to.deep.equal(plan);
      else
        expect(() => parsePlan(text))
          .to.throw(PlanError)
          .with.property('field', wrong);
    });
  }
});

describe('the short form of a plan', () => {
  it('reads the terms of failpoint libraries', () => {
    expect(parsePlan('my.point=5%3*sleep(200)->1*throw(boom)')).to.deep.equal({
      rules: [
        {
          point: 'my.point',
          what: [
            { do: 'sleep', percent: 5, times: 3, ms: 200 },
            { do: 'throw', times: 1, error: 'boom' },
          ],
        },
      ],
    });
  });

  it('reads where, when and until in braces, and what is said of the whole plan', () => {
    expect(
      parsePlan(
        '@seed=7; @scope=app/**; actor.receive{path=app/jobs/*, nth=3, ms=100, id=third}=throw; message.send=drop',
      ),
    ).to.deep.equal({
      seed: 7,
      scope: 'app/**',
      rules: [
        {
          id: 'third',
          point: 'actor.receive',
          where: { path: 'app/jobs/*' },
          when: { nth: 3 },
          what: [{ do: 'throw' }],
          until: { ms: 100 },
        },
        { point: 'message.send', what: [{ do: 'drop' }] },
      ],
    });
  });

  it('prints what it reads, and reads what it prints, for any plan', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        checkPlan(plan);
        const line = formatPlan(plan);
        expect(parsePlan(line)).to.deep.equal(tidy(plan));
        expect(formatPlan(parsePlan(line))).to.equal(line);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  for (const [line, said] of [
    ['actor.receive', /expected '='/],
    ['actor.receive=explode', /there is no task 'explode'/],
    ['actor.receive=drop(1)', /'drop' takes no argument/],
    ['actor.receive{who=me}=drop', /there is no 'who'/],
    ['actor.receive=sleep', /rules\[0\]\.what\[0\]\.ms: 'sleep' needs it/],
    ['clock.wall=throw', /rules\[0\]\.what\[0\]\.do: 'throw' cannot be done at 'clock\.wall', only off, shift/],
    ['actor.receive{nth=0}=drop', /rules\[0\]\.when\.nth: must be a whole number above 0, not 0/],
    ['@speed=1', /speed: there is no such field/],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(() => parsePlan(line)).to.throw(PlanError, said);
    });
  }
});
