import { expect } from 'chai';
import { nodeRuntime } from '../../../actors/core/index.ts';

describe("Node's runtime", () => {
  it('makes ids of 128 bits as text, none of them twice, in this runtime or another', () => {
    const runtimes = [nodeRuntime(), nodeRuntime()];
    const made = runtimes.flatMap(({ ids }) => Array.from({ length: 1_000 }, () => ids.next()));
    for (const id of made) expect(id).to.match(/^[0-9a-f]{32}$/);
    expect(new Set(made).size).to.equal(made.length);
  });
});
