/**
 * What a scripted worker can do, step by step. A script is data: it travels to the process as JSON, and into a report
 * as it is. fake_worker.py follows it.
 */
import { SpecError } from '../../actors/core/index.ts';

export type FakeStep =
  // What any process can do.
  /** Prints a line. Default on stdout. */
  | { readonly type: 'print'; readonly text: string; readonly to?: 'stdout' | 'stderr' }
  /** Prints so many bytes: one line without an end (the default), lines of 80, or bytes that are no text. */
  | {
      readonly type: 'flood';
      readonly bytes: number;
      readonly as?: 'one_line' | 'lines' | 'garbage';
      readonly to?: 'stdout' | 'stderr';
    }
  /** Ends at once with this code, and without a goodbye. */
  | { readonly type: 'exit'; readonly code: number }
  /** Sends itself a signal: SIGSEGV, SIGKILL, SIGSTOP. */
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** From now on this does not move it: a signal that asks, or the host's Drain. */
  | { readonly type: 'ignore'; readonly what: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'drain' }
  /** Takes the interpreter's lock and never gives it back: no thread of it runs any more. */
  | { readonly type: 'hold_lock' }
  /** Starts a process that outlives it, prints `grandchild PID`. `detached` leaves the process group as well. */
  | { readonly type: 'grandchild'; readonly detached?: boolean }
  /** Takes and touches so much memory. */
  | { readonly type: 'allocate'; readonly bytes: number }
  /** Opens so many files and keeps them. */
  | { readonly type: 'open_files'; readonly count: number }
  | { readonly type: 'wait'; readonly ms: number }
  /** Until there is a file at this path. */
  | { readonly type: 'wait_for'; readonly path: string }
  /** Nothing, for ever. The threads beside the script go on. */
  | { readonly type: 'hang' }

  // What a worker says on its stream.
  /** Connects to the host, or to another address; says nothing yet. */
  | { readonly type: 'dial'; readonly address?: string }
  /** Says who it is and waits for the Welcome; `over` says it wrongly. */
  | {
      readonly type: 'hello';
      readonly over?: { readonly token?: string; readonly incarnation?: number; readonly protocolVersion?: number };
    }
  /** Says that it is still loading. */
  | { readonly type: 'progress'; readonly what: string }
  /** Says that it takes calls. `liveness: false` never says that it lives after that. Default capacity: the pool's. */
  | {
      readonly type: 'ready';
      readonly tools?: readonly string[];
      readonly capacity?: number;
      readonly liveness?: boolean;
    }
  /** Answers so many calls with what they were; for layer 1. Default: all that come. */
  | { readonly type: 'echo'; readonly calls?: number }
  /** Answers so many tool calls with a value. Default: all that come. */
  | { readonly type: 'answer'; readonly value: unknown; readonly calls?: number }
  /** Answers so many tool calls with a failure. Default: all that come. */
  | { readonly type: 'fail'; readonly message: string; readonly code?: string; readonly calls?: number }
  /** Takes so many calls and never answers them; they count as running. Default: all that come. */
  | { readonly type: 'swallow'; readonly calls?: number }
  /** Writes the first half of an HTTP/2 frame, and no more. */
  | { readonly type: 'half_frame' }
  /** Sends a gRPC message that is no message of ours, or bytes that are no HTTP/2. */
  | { readonly type: 'nonsense'; readonly as: 'message' | 'bytes' }
  /** Ends its connection: by FIN, by RST, or only the stream on it. A `dial` and a `hello` go on. */
  | { readonly type: 'hang_up'; readonly how: 'close' | 'reset' | 'cancel' }
  /** Reads no more: the host's windows and buffers fill up. */
  | { readonly type: 'stop_reading' }
  /** Says that it leaves, and ends. */
  | { readonly type: 'goodbye'; readonly reason: string };

type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Check = (value) => typeof value === 'boolean';
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
const signal: Check = (value) => typeof value === 'string' && /^SIG[A-Z0-9]+$/.test(value);
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const json: Check = (value) => value === null || ['string', 'number', 'boolean', 'object'].includes(typeof value);
const greeting: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([name, own]) =>
    name === 'token' ? text(own) : ['incarnation', 'protocolVersion'].includes(name) && count(own),
  );
const output = oneOf('stdout', 'stderr');

/** The fields of each step; those whose name ends in `?` may be left out. */
const shapes: { readonly [T in FakeStep['type']]: Readonly<Record<string, Check>> } = {
  print: { text, 'to?': output },
  flood: { bytes: count, 'as?': oneOf('one_line', 'lines', 'garbage'), 'to?': output },
  exit: { code: (value) => count(value) && (value as number) < 256 },
  signal: { signal },
  ignore: { what: oneOf('SIGTERM', 'SIGINT', 'SIGHUP', 'drain') },
  hold_lock: {},
  grandchild: { 'detached?': flag },
  allocate: { bytes: count },
  open_files: { count },
  wait: { ms: count },
  wait_for: { path: text },
  hang: {},
  dial: { 'address?': text },
  hello: { 'over?': greeting },
  progress: { what: text },
  ready: { 'tools?': texts, 'capacity?': count, 'liveness?': flag },
  echo: { 'calls?': count },
  answer: { value: json, 'calls?': count },
  fail: { message: text, 'code?': text, 'calls?': count },
  swallow: { 'calls?': count },
  half_frame: {},
  nonsense: { as: oneOf('message', 'bytes') },
  hang_up: { how: oneOf('close', 'reset', 'cancel') },
  stop_reading: {},
  goodbye: { reason: text },
};

/** Throws a SpecError, `invalid_step`, that names the step and the field. */
export function validateStep(step: FakeStep, at: string): void {
  const wrong = (what: string): never => {
    throw new SpecError('fakeWorker', `invalid_step: ${at}: ${what}`, step);
  };
  const shape = Object.hasOwn(shapes, step.type) ? shapes[step.type] : wrong(`there is no step '${step.type}'`);
  const given = step as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (name !== 'type' && !(name in shape) && !(`${name}?` in shape)) wrong(`${step.type} has no '${name}'`);
  }
  for (const [name, check] of Object.entries(shape)) {
    const value = given[name.replace('?', '')];
    const missing = value === undefined && name.endsWith('?');
    if (!missing && !check(value)) wrong(`the '${name.replace('?', '')}' of ${step.type}`);
  }
}
