import { expect } from 'chai';
import { ItemWindow } from '../../../bridge/protocol/item-window.ts';

const MiB = 1024 * 1024;

describe('how many items of a stream may be unread', () => {
  const having = (count: number, bytes: number, window = new ItemWindow(undefined)) => {
    for (let i = 0; i < count; i += 1) window.came(bytes);
    return window;
  };

  it('is what its reader says, whatever comes', () => {
    expect(having(1_000, 10, new ItemWindow(3)).size).to.equal(3);
    expect(having(1_000, MiB, new ItemWindow(500)).size).to.equal(500);
  });

  for (const [count, bytes, size, what] of [
    [0, 0, 32, 'is 32 as long as nothing has come'],
    [31, 10, 32, 'is 32 until so many show how large they are'],
    [32, 10, 256, 'grows to 256 when they are small'],
    [32, 0, 256, 'grows to 256 when they are empty'],
    [64, 10_000, 104, 'is what makes 1 MiB together'],
    [64, 16 * MiB, 32, 'is never less than 32'],
  ] as const) {
    it(what, () => expect(having(count, bytes).size).to.equal(size));
  }

  it('shrinks again when large ones come', () => {
    const window = having(100, 10);
    expect(window.size).to.equal(256);
    expect(having(100, MiB, window).size).to.equal(32);
  });
});
