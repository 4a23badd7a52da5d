/**
 * An OS process that takes samples when it is asked to, one line of JSON in, one out. Each side of a contest has its
 * own, so that neither warms up, slows down or fills the heap of the other.
 */
import { createInterface } from 'node:readline';
import { isBeam } from './contest.ts';
import { suites } from './suites.ts';

/** `line` is the index of the baseline that plays; undefined when we do. */
export interface Request {
  readonly suite: string;
  readonly contest: number;
  readonly line?: number;
  readonly size: number;
}

export type Response = { readonly figure: number } | { readonly error: string };

async function play({ suite, contest: index, line, size }: Request): Promise<number> {
  const contest = (await suites[suite]?.())?.contests[index];
  if (contest === undefined) throw new Error(`${suite} has no contest ${index}`);
  const sample = line === undefined ? contest.ours : contest.lines[line]?.theirs;
  if (sample === undefined || isBeam(sample)) throw new Error(`line ${line} of contest ${index} is not for Node`);
  return await sample(size);
}

for await (const request of createInterface({ input: process.stdin })) {
  let response: Response;
  try {
    response = { figure: await play(JSON.parse(request) as Request) };
  } catch (error) {
    response = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.stdout.write(`${JSON.stringify(response)}\n`);
}
