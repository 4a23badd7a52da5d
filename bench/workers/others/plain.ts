/** Without gRPC: JSON lines over stdin and stdout, as `python-shell` has them, and raw frames on a Unix socket. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Program } from './program.ts';
import type { Baseline } from './unary.ts';

/** Answers come in the order of the questions. */
class Waiting {
  #queue: ((value: unknown) => void)[] = [];
  #at = 0;

  wait(): Promise<unknown> {
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  answer(value: unknown): void {
    this.#queue[this.#at]?.(value);
    this.#at += 1;
    if (this.#at < 1_024) return;
    this.#queue = this.#queue.slice(this.#at);
    this.#at = 0;
  }
}

export async function jsonLines(): Promise<Baseline> {
  const program = new Program('json_lines.py');
  const waiting = new Waiting();
  createInterface({ input: program.child.stdout }).on('line', (line) => waiting.answer(JSON.parse(line)));
  return {
    // JSON has no bytes: text of the same length is the kindest to it.
    echo: (payload) => {
      program.child.stdin.write(`${JSON.stringify({ data: Buffer.from(payload).toString('latin1') })}\n`);
      return waiting.wait();
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** With the mode `length` a frame is answered with how many bytes it had. */
export async function rawFrames(...mode: readonly string[]): Promise<Baseline> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const path = join(folder, 's');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const program = new Program('raw_frames.py', path, ...mode);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const waiting = new Waiting();
  // Put together once a frame is whole: at each chunk it would be quadratic in the size of an answer.
  let held: Buffer[] = [];
  let heldBytes = 0;
  let needed = 4;
  socket.on('data', (chunk: Buffer) => {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < needed) return;
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, heldBytes);
    let at = 0;
    while (bytes.length - at >= 4 && bytes.length - at - 4 >= bytes.readUInt32BE(at)) {
      const end = at + 4 + bytes.readUInt32BE(at);
      waiting.answer(bytes.subarray(at + 4, end));
      at = end;
    }
    const rest = bytes.subarray(at);
    held = rest.length === 0 ? [] : [rest];
    heldBytes = rest.length;
    needed = rest.length < 4 ? 4 : 4 + rest.readUInt32BE(0);
  });
  return {
    echo: (payload) => {
      const frame = Buffer.allocUnsafe(4 + payload.length);
      frame.writeUInt32BE(payload.length);
      frame.set(payload, 4);
      socket.write(frame);
      return waiting.wait();
    },
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      socket.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
