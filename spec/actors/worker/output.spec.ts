import { expect } from 'chai';
import { Output, type OutputLine } from '../../../actors/worker/output.ts';

function read(chunks: readonly (readonly ['stdout' | 'stderr', string | Buffer])[]) {
  const lines: OutputLine[] = [];
  const output = new Output((line) => lines.push(line));
  for (const [from, chunk] of chunks) output.write(from, Buffer.from(chunk as string));
  output.end();
  return { lines, tail: output.tail };
}

describe('the output of a process', () => {
  it('is a log by line, whatever pieces it comes in', () => {
    const { lines } = read([
      ['stdout', 'one\ntw'],
      ['stderr', 'from the other'],
      ['stdout', 'o\r\n\nlast'],
    ]);
    expect(lines).to.deep.equal([
      { from: 'stdout', text: 'one', cut: false },
      { from: 'stdout', text: 'two', cut: false },
      { from: 'stdout', text: '', cut: false },
      { from: 'stdout', text: 'last', cut: false },
      { from: 'stderr', text: 'from the other', cut: false },
    ]);
  });

  it('keeps a character together that was cut between two pieces, and survives garbage', () => {
    const umlaut = Buffer.from('ü\n');
    const { lines } = read([
      ['stdout', umlaut.subarray(0, 1)],
      ['stdout', umlaut.subarray(1)],
      ['stdout', Buffer.from([0xff, 0xfe, 0x0a])],
    ]);
    expect(lines.map(({ text }) => text)).to.deep.equal(['ü', '\ufffd\ufffd']);
  });

  it('cuts a line that is too long and drops the rest of it', () => {
    const piece = 'x'.repeat(1_000_000);
    const { lines } = read([
      ...Array.from({ length: 10 }, () => ['stdout', piece] as const),
      ['stdout', 'end\nnext\n'],
    ]);
    expect(lines.map(({ text, cut }) => [text.length, cut])).to.deep.equal([
      [8192, true],
      [4, false],
    ]);
  });

  it('keeps the last 4 KiB of both together', () => {
    expect(
      read([
        ['stdout', 'a'],
        ['stderr', 'b'],
      ]).tail,
    ).to.equal('ab');
    const { tail } = read([
      ['stdout', 'x'.repeat(5000)],
      ['stderr', 'y'.repeat(1000)],
    ]);
    expect(tail).to.equal('x'.repeat(3096) + 'y'.repeat(1000));
    expect(read([['stdout', `${'x'.repeat(10_000)}end`]]).tail)
      .to.have.length(4096)
      .and.match(/end$/);
  });
});
