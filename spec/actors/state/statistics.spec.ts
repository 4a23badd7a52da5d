import { expect } from 'chai';
import fc from 'fast-check';
import { applyCommit } from '../../../actors/state/commit.ts';
import {
  boolean,
  bytes,
  type CommitRequest,
  choice,
  declare,
  embedding,
  float,
  integer,
  json,
  localState,
  module,
  orderOf,
  string,
  Tensor,
  tensor,
} from '../../../actors/state/index.ts';
import { emptyRecord, type SessionRecord, valueBytesOf } from '../../../actors/state/record.ts';
import { store } from '../../../actors/state/stored.ts';
import { sizeOf } from '../../../actors/state/variable.ts';
import { rejection } from '../../../testing/restarts.ts';
import { useVaultFolder } from '../../helpers/vault-folder.ts';

const everyType = declare({
  boolean: boolean(),
  integer: integer(),
  float: float(),
  string: string(),
  choice: choice(['short', 'longer']),
  module: module({ default: 'a.b' }),
  embedding: embedding(),
  tensor: tensor(),
  json: json(),
  bytes: bytes(),
  secret: json({ secret: true }),
});
const values: { readonly [N in keyof typeof everyType]: fc.Arbitrary<unknown> } = {
  boolean: fc.boolean(),
  integer: fc.integer(),
  float: fc.double(),
  string: fc.string({ unit: 'grapheme' }),
  choice: fc.constantFrom('short', 'longer'),
  module: fc.constantFrom('a.b', 'c'),
  embedding: fc.array(fc.double()),
  tensor: fc.array(fc.double()).map((numbers) => Tensor.of([numbers.length], numbers)),
  json: fc.jsonValue(),
  bytes: fc.uint8Array(),
  secret: fc.jsonValue(),
};

describe('the size of a record', () => {
  it('is that of its values, however it came to have them', () => {
    const set = fc.record(values, { requiredKeys: [] }).map((some) => ({ set: some }) as CommitRequest);
    const name = fc.constantFrom(...(Object.keys(everyType) as (keyof typeof everyType)[]));
    const again = name.map((one): CommitRequest => ({ remove: [one], declare: { [one]: everyType[one] } }));
    const remove = name.map((one): CommitRequest => ({ remove: [one] }));
    const requests = fc.array(fc.oneof({ weight: 4, arbitrary: set }, again, remove), { maxLength: 12 });
    fc.assert(
      fc.property(requests, (all) => {
        let record: SessionRecord = emptyRecord('s', 1);
        for (const request of [{ declare: everyType }, ...all]) {
          const applied = applyCommit(record, orderOf(request), { wallMs: 0, monotonicMs: 0 });
          if ('record' in applied) record = applied.record;
          const stored = record.variables.map(({ name: of, value }) => store(of, value).bytes);
          expect(record.variables.map(sizeOf)).to.deep.equal(stored);
          expect(record.valueBytes).to.equal(valueBytesOf(record.variables));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('what sessions hold', () => {
  const folder = useVaultFolder();

  it('is told of each and in sum, goes when they end, and is the same after a start', async () => {
    const first = await folder.start({ limits: { historyMax: 3 } });
    const session = await first.provider.open('s');
    await session.commit({ declare: { text: string(), data: bytes() } });
    for (let i = 0; i < 10; i += 1)
      await session.commit({ set: { text: 'x'.repeat(1_000), data: new Uint8Array(500) } });
    await session.commit({ set: { text: 'y' }, idempotencyKey: 'k', outcome: new Uint8Array(2_000) });
    expect(await rejection(session.commit({ expect: { text: 1 } }))).to.include({ code: 'conflict' });
    await session.read();
    const info = await first.names.session('s').call('info', undefined);
    expect(info).to.include({ valueBytes: 1 + 508, reads: 1, conflicts: 1, revision: 12 });
    expect(info.historyBytes).to.be.within(2 * 1_508 + 2_001, 2 * 1_508 + 2_001 + 5 * 128);
    const other = await localState().connect(first.host).open();
    await other.commit({ declare: { a: json({ default: ['x'] }) } });
    const held = info.valueBytes + info.historyBytes;
    expect(await first.names.store.call('stats')).to.include({ bytes: held });
    expect((await first.names.vault.call('stats')).bytes).to.be.greaterThan(held);
    await other.close();
    expect(await first.names.vault.call('stats')).to.deep.equal({ local: 0, bridged: 1, bytes: held });
    await first.stop();

    const second = await folder.start({ limits: { historyMax: 3 } });
    expect(await second.names.store.call('stats')).to.include({ bytes: held });
    const again = await second.provider.find('s');
    await again.commit({ set: { text: 'yy' } });
    const after = await second.names.session('s').call('info', undefined);
    expect(after.valueBytes).to.equal(info.valueBytes + 1);
    expect(await second.names.store.call('stats')).to.include({ bytes: after.valueBytes + after.historyBytes });
    await again.close();
    expect(await second.names.store.call('stats')).to.include({ bytes: 0, open: 0 });
    await second.stop();
  });
});
