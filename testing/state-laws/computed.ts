/** Law 20: variables that are computed from others. */
import type { StateError } from '../../actors/core/index.ts';
import {
  type ComputeFunctions,
  type Declarations,
  float,
  integer,
  rollback,
  type Snapshot,
  string,
  type Variable,
  type WatchEvent,
} from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened, seeded } from './subject.ts';

type Numbers = Readonly<Record<string, number>>;
const sumOf = (values: Numbers): number => Object.values(values).reduce((sum, value) => sum + value, 0);

/** The functions that the provider which is judged must know. */
export const contractFunctions: ComputeFunctions = {
  'law.sum': sumOf,
  'law.fifth': ({ net }: { net: number }) => net / 5,
  'law.total': ({ net, tax }: { net: number; tax: number }) => net + tax,
  'law.next': (values: Numbers) => sumOf(values) + 1,
  'law.checked': ({ limit }: { limit: number }) => {
    if (limit > 100) throw new RangeError(`${limit} is too much`);
    return limit;
  },
  'law.text': (values: Numbers) => (sumOf(values) > 0 ? 'no number' : 0),
  'law.later': async (values: Numbers) => sumOf(values),
};

const bill = {
  total: float({ dependsOn: ['net', 'tax'], computedBy: 'law.total' }),
  tax: float({ dependsOn: ['net'], computedBy: 'law.fifth' }),
  net: float({ default: 100 }),
  other: integer(),
};

/** What is wrong with variables of one revision, for `bill`. */
function faultOf(variables: readonly Pick<Variable, 'name' | 'value'>[]): string | undefined {
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value])) as Numbers;
  const { net = Number.NaN, tax, total } = values;
  return tax === net / 5 && total === net + net / 5 ? undefined : JSON.stringify(values);
}

/** Keeps a reader's variables as they are after each event of a watch. */
function followed() {
  const seen = new Map<string, Variable>();
  return (event: WatchEvent): readonly Variable[] => {
    if (event.type === 'snapshot') seen.clear();
    for (const one of event.type === 'snapshot' ? event.snapshot.variables : event.commit.written)
      seen.set(one.name, one);
    return [...seen.values()];
  };
}

export function computedLaws(book: LawBook): void {
  describe('a computed variable', () => {
    const errorOf = async (promise: Promise<unknown>): Promise<StateError> =>
      (await promise.catch((error: unknown) => error)) as StateError;

    it('is written by the commit that writes what it is computed from, behind that, and first by its declaration', async () => {
      const session = await opened(book, bill);
      expect(faultOf((await session.read()).variables)).to.equal(undefined);
      const { revision, written } = await session.commit({ set: { net: 200 } });
      expect(written.map(({ name, value, version }) => [name, value, version])).to.deep.equal([
        ['net', 200, revision],
        ['tax', 40, revision],
        ['total', 240, revision],
      ]);
      expect((await session.read()).revision).to.equal(revision);
      expect((await session.commit({ set: { other: 1 } })).written.map(({ name }) => name)).to.deep.equal(['other']);
      const last = await session.commit({
        set: { net: 5, other: 2 },
        declare: { more: float({ dependsOn: ['total', 'other'], computedBy: 'law.sum' }) },
      });
      expect(last.revision).to.equal(revision + 2);
      expect(await held(session, 'more')).to.equal(8);
      // Known already: nothing is written, and nothing computed.
      expect((await session.commit({ declare: bill })).written).to.deep.equal([]);
    });

    it('is not written by anybody, and goes before what it is computed from', async () => {
      const session = await opened(book, bill);
      const before = await session.read();
      for (const request of [
        { set: { total: 1 } },
        { set: { net: 1, total: 1.2 } },
        { declare: { more: integer() }, set: { tax: 1 } },
      ]) {
        const error = await errorOf(session.commit(request));
        expect(error).to.include({ code: 'denied' });
        expect(error.details).to.include({ function: error.details.variable === 'tax' ? 'law.fifth' : 'law.total' });
      }
      expect(await codeOf(session.commit({ remove: ['net'] }))).to.equal('not_found');
      expect(await session.read()).to.deep.equal(before);
      await session.commit({ remove: ['total'] });
      await session.commit({ remove: ['net', 'tax'], declare: { net: float({ default: 10 }), tax: bill.tax } });
      expect(await held(session, 'tax')).to.equal(2);
      expect(
        await codeOf(session.commit({ declare: { bad: float({ dependsOn: ['bad'], computedBy: 'law.sum' }) } })),
      ).to.equal('cycle');
    });

    it('is computed anew by a rollback, and by a batch once', async () => {
      const session = await opened(book, bill);
      await session.commit({ set: { net: 10, other: 1 } });
      await session.commit({ remove: ['total'], set: { net: 20 } });
      await rollback(session, 2);
      expect(faultOf((await session.read()).variables)).to.equal(undefined);
      expect(await held(session, 'total')).to.equal(12);
      await session.commit({ set: { net: 30 } });
      await rollback(session, 2, { names: ['net'] });
      expect(await held(session, 'total')).to.equal(12);
      const { revision } = await session.read();
      expect((await rollback(session, 1, { names: ['total'] })).revision).to.equal(revision);
    });

    it('is in a session that is opened with it only as its function makes it', async () => {
      const session = await opened(book, bill);
      const content = await session.export();
      await session.close();
      const changed = (name: string, change: object) => ({
        ...content,
        variables: content.variables.map((one) => (one.name === name ? { ...one, ...change } : one)),
      });
      const { provider } = book.subject;
      const wrong = await errorOf(provider.import(changed('total', { value: 1 })));
      expect(wrong).to.include({ code: 'invalid' });
      expect(wrong.details).to.deep.include({ variable: 'total', function: 'law.total' });
      const constraints = { ...bill.total.constraints, computedBy: 'nobody' };
      expect(await codeOf(provider.import(changed('total', { constraints })))).to.equal('not_found');
      const again = await provider.import(content);
      await again.commit({ set: { net: 10 } });
      expect(await held(again, 'total')).to.equal(12);
    });

    it('refuses the whole commit when its function is not registered: which, of what, and what to do', async () => {
      const session = await opened(book, bill);
      const before = await session.read();
      const error = await errorOf(
        session.commit({
          declare: { more: float({ dependsOn: ['net'], computedBy: 'nobody' }) },
          set: { net: 1 },
        }),
      );
      expect(error).to.include({ code: 'not_found' });
      expect(error.details).to.deep.include({ variable: 'more', function: 'nobody' });
      expect(error.message).to.include("'more'").and.to.include("'nobody'").and.to.include('state: { functions }');
      expect(await session.read()).to.deep.equal(before);
    });

    it('refuses the whole commit when its function throws or answers what does not fit, and tells why', async () => {
      const declare = {
        limit: integer(),
        checked: integer({ dependsOn: ['limit'], computedBy: 'law.checked', max: 50 }),
        number: integer(),
        text: float({ dependsOn: ['number'], computedBy: 'law.text' }),
      };
      const session = await opened(book, declare);
      const before = await session.read();
      const thrown = await errorOf(session.commit({ set: { limit: 101, number: 0 } }));
      expect(thrown).to.include({ code: 'invalid' });
      expect(thrown.cause).to.be.instanceOf(RangeError);
      expect(thrown.message).to.include("'law.checked'").and.to.include('101 is too much');
      for (const [set, by] of [
        [{ limit: 60 }, 'law.checked'],
        [{ number: 1 }, 'law.text'],
      ] as const) {
        const error = await errorOf(session.commit({ set }));
        expect(error).to.include({ code: 'invalid' });
        expect(error.cause).to.include({ code: 'invalid' });
        expect(error.details.function).to.equal(by);
      }
      const later = { later: float({ dependsOn: ['limit'], computedBy: 'law.later' }) };
      expect((await errorOf(session.commit({ declare: later }))).message).to.include('promise');
      expect(await session.read()).to.deep.equal(before);
      const alone = { type: 'float', default: 0, constraints: { computedBy: 'law.sum' }, description: '' } as never;
      expect(await codeOf(session.commit({ declare: { alone } }))).to.equal('invalid');
    });

    it('leaves what its caller expects and its key as they are', async () => {
      const declare = { limit: integer(), checked: integer({ dependsOn: ['limit'], computedBy: 'law.checked' }) };
      const session = await opened(book, declare);
      const first = await session.commit({ set: { limit: 2 }, expect: { checked: 1 }, idempotencyKey: 'k' });
      const conflict = await errorOf(session.commit({ set: { limit: 101 }, expect: { limit: 1 } }));
      expect(conflict).to.include({ code: 'conflict' });
      expect(conflict.details.conflicts).to.deep.equal([{ name: 'limit', expected: 1, actual: first.revision }]);
      // Happened already: nothing is computed, so nothing throws.
      const again = await session.commit({ set: { limit: 101 }, expect: { checked: 1 }, idempotencyKey: 'k' });
      expect(again).to.deep.equal(first);
    });

    it('says nothing of a secret when its function fails', async () => {
      const session = await opened(book, { key: string({ secret: true, default: 'sesame' }) });
      const error = await errorOf(
        session.commit({ declare: { part: float({ dependsOn: ['key'], computedBy: 'law.sum' }) } }),
      );
      expect(error).to.include({ code: 'invalid' });
      expect(error.cause).to.equal(undefined);
      expect(`${error.message} ${error.stack} ${JSON.stringify(error.details)}`).to.not.include('sesame');
    });

    it('may stand at the end of a chain of a thousand', async () => {
      const count = 1_000;
      const chain: Declarations = Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `v${i}`,
          i === 0 ? integer() : integer({ dependsOn: [`v${i - 1}`], computedBy: 'law.next' }),
        ]).reverse(),
      );
      const session = await opened(book, chain);
      expect(await held(session, `v${count - 1}`)).to.equal(count - 1);
      const { revision, written } = await session.commit({ set: { v0: 7 } });
      expect(written.map(({ value }) => value)).to.deep.equal(Array.from({ length: count }, (_, i) => 7 + i));
      expect(revision).to.equal(2);
    });

    it('is what its function makes of the others in every reading and every event, whoever writes and whatever crashes', async () => {
      const session = await opened(book, bill);
      const crashes = Object.values(book.subject.crashes);
      const chance = seeded(11);
      const [writers, rounds] = [6, 25];
      const follow = followed();
      const watching = (async () => {
        for await (const event of session.watch()) {
          const fault = faultOf(follow(event));
          if (fault !== undefined) throw new Error(`an event left ${fault}`);
          if (event.type === 'commit' && event.commit.removed.length > 0) return;
        }
      })();
      let commits = 0;
      const check = ({ revision, variables }: Snapshot): void => {
        expect(faultOf(variables), `revision ${revision}`).to.equal(undefined);
      };
      const writer = async (own: number): Promise<void> => {
        for (let round = 0; round < rounds; round += 1) {
          const net = Math.floor(chance() * 1_000);
          const extra = `extra${own}`;
          if (round % 10 === 3) {
            // What there is changes under the others.
            await session.commit({ declare: { [extra]: float({ dependsOn: ['total'], computedBy: 'law.next' }) } });
          } else if (round % 10 === 8) await session.commit({ remove: [extra] });
          else if (chance() < 0.3) await session.commit({ set: { other: net } });
          else await session.commit({ set: { net } });
          check(await session.read());
          commits += 1;
          if (commits % 15 === 0) await crashes[Math.floor(chance() * crashes.length)]?.(session.id);
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, i) => writer(i)));
      const { revision } = await session.read();
      expect(revision).to.equal(1 + writers * rounds);
      for (let at = 1; at <= revision; at += 1) check(await session.at(at));
      await session.commit({ remove: ['other'] });
      await watching;
    });
  });
}
