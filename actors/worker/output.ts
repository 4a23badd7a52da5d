/**
 * What a process prints: a log, line by line, and its last bytes for whoever asks why it ended. Bounded, whatever is
 * printed. Pure.
 */
import { StringDecoder } from 'node:string_decoder';

export interface OutputLine {
  readonly from: 'stdout' | 'stderr';
  readonly text: string;
  /** The line was longer than a log takes; the rest of it was dropped. */
  readonly cut: boolean;
}

/** The longest line that a log takes, in characters. */
const longestLine = 8 * 1024;
/** How much of the last output is kept, in bytes. */
const tailBytes = 4 * 1024;

class Lines {
  readonly #from: 'stdout' | 'stderr';
  readonly #decoder = new StringDecoder('utf8');
  readonly #tell: (line: OutputLine) => void;
  #rest = '';
  #dropping = false;

  constructor(from: 'stdout' | 'stderr', tell: (line: OutputLine) => void) {
    this.#from = from;
    this.#tell = tell;
  }

  write(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    let start = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', start)) {
      this.#part(text.slice(start, at));
      this.#endLine();
      start = at + 1;
    }
    this.#part(text.slice(start));
  }

  end(): void {
    this.#part(this.#decoder.end());
    if (this.#rest !== '') this.#endLine();
  }

  #part(text: string): void {
    if (this.#dropping) return;
    this.#rest += text;
    if (this.#rest.length <= longestLine) return;
    this.#tell({ from: this.#from, text: this.#rest.slice(0, longestLine), cut: true });
    this.#rest = '';
    this.#dropping = true;
  }

  #endLine(): void {
    if (!this.#dropping) {
      const text = this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest;
      this.#tell({ from: this.#from, text, cut: false });
    }
    this.#rest = '';
    this.#dropping = false;
  }
}

export class Output {
  readonly #stdout: Lines;
  readonly #stderr: Lines;
  #tail: Buffer = Buffer.alloc(0);

  constructor(tell: (line: OutputLine) => void) {
    this.#stdout = new Lines('stdout', tell);
    this.#stderr = new Lines('stderr', tell);
  }

  write(from: 'stdout' | 'stderr', chunk: Buffer): void {
    // Copied, so that a kept tail does not keep a large chunk.
    this.#tail =
      chunk.length >= tailBytes
        ? Buffer.from(chunk.subarray(chunk.length - tailBytes))
        : Buffer.concat([this.#tail.subarray(Math.max(0, this.#tail.length + chunk.length - tailBytes)), chunk]);
    (from === 'stdout' ? this.#stdout : this.#stderr).write(chunk);
  }

  end(): void {
    this.#stdout.end();
    this.#stderr.end();
  }

  /** The last output of both, as it came. */
  get tail(): string {
    return this.#tail.toString('utf8');
  }
}
