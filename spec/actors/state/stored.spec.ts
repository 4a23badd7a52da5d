import { expect } from 'chai';
import {
  Blob,
  bytes,
  embedding,
  equalValues,
  Instant,
  localState,
  Tensor,
  tensor,
} from '../../../actors/state/index.ts';
import { store } from '../../../actors/state/stored.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('the stored form of a value', () => {
  it('keeps what a Blob and an Instant are, and is nobody else’s', () => {
    const blob = new Blob(new Uint8Array([1, 2]), 'image/png');
    const instant = new Instant(5, 6);
    const { value } = store('v', { blob, instant });
    blob[0] = 9;
    instant.setTime(0);
    expect(
      equalValues(value, { blob: new Blob(new Uint8Array([1, 2]), 'image/png'), instant: new Instant(5, 6) }),
    ).to.equal(true);
  });

  it('is a tensor for a typed array', () => {
    const { value, bytes: size } = store('v', [new Int16Array([1, -1])]);
    expect(equalValues(value, [new Tensor('int16', [2], new Uint8Array([1, 0, 255, 255]))])).to.equal(true);
    expect(size).to.be.within(4, 64);
  });

  for (const [what, value] of [
    ['an invalid date', new Date(Number.NaN)],
    ['a date that Python does not have', new Date(8e15)],
    ['a DataView', new DataView(new ArrayBuffer(1))],
  ] as const) {
    it(`is not there for ${what}, and the place is named`, () => {
      expect(() => store('v', { rows: [value] })).to.throw(/^v: at rows\[0\]: /);
    });
  }

  describe('in variables', () => {
    let state: StateSystem;
    beforeEach(async () => {
      state = await startState();
    });
    afterEach(() => state.stop());

    it('takes a typed array for an embedding and for a tensor, and keeps a content type', async () => {
      const session = await localState().connect(state.host).open('s');
      await session.commit({
        declare: {
          vector: embedding({ dimensions: 2 }),
          matrix: tensor({ shape: [2], dtype: 'float32' }),
          picture: bytes(),
        },
        set: {
          vector: new Float32Array([0.5, 2]) as never,
          matrix: new Float32Array([1, 2]) as never,
          picture: new Blob(new Uint8Array([7]), 'image/png'),
        },
      });
      const read = await session.read();
      const value = (name: string) => read.variables.find((one) => one.name === name)?.value;
      expect(value('vector')).to.deep.equal([0.5, 2]);
      expect(equalValues(value('matrix'), Tensor.of([2], [1, 2], 'float32'))).to.equal(true);
      expect((value('picture') as Blob).contentType).to.equal('image/png');
      const wrong = await rejection(session.commit({ set: { vector: new Int32Array([1, 2]) as never } }));
      expect(wrong)
        .to.have.property('message')
        .that.matches(/vector.*is no list of numbers/);
    });

    it('is nobody else’s, whatever kind of bytes it was made of', async () => {
      const session = await localState().connect(state.host).open('s');
      await session.commit({ declare: { raw: bytes() }, set: { raw: Buffer.from([1]) } });
      const raw = async () => (await session.read()).variables[0]?.value as Uint8Array;
      (await raw())[0] = 9;
      expect([...(await raw())]).to.deep.equal([1]);
    });
  });
});
