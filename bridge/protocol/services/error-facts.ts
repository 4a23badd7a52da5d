/**
 * The named facts of an error that a client is told. They travel in a header, with everything else that is said of the
 * error: all of it together stays below 4 KiB, whatever the error is about.
 */
import {
  ActorDownError,
  type ActorError,
  CallTimeoutError,
  StateError,
  ToolError,
  WorkerLostError,
} from '../../../actors/core/index.ts';
import { StreamFullError, VersionMismatchError } from '../../transport/index.ts';

/** In bytes of UTF-8: of one fact, of one name, and of all together. */
const factMax = 200;
const nameMax = 60;
const factsMax = 1_200;

export function factsOf(error: ActorError): Record<string, string> {
  const facts: Record<string, string> = {};
  let left = factsMax;
  for (const [name, value] of Object.entries(allOf(error))) {
    const said = short(typeof value === 'string' ? value : (JSON.stringify(value, bigints) ?? ''), factMax);
    const called = short(name, nameMax);
    left -= Buffer.byteLength(said) + Buffer.byteLength(called) + 8;
    if (left < 0) break;
    facts[called] = said;
  }
  return facts;
}

/** The beginning of a text: so many bytes of UTF-8 at most, no character cut. */
export function short(text: string, max: number): string {
  if (text.length * 3 <= max || Buffer.byteLength(text) <= max) return text;
  const cut = Buffer.from(text.slice(0, max)).subarray(0, max - 3);
  // A character that was cut becomes one that is not.
  return `${cut.toString('utf8').replace(/\ufffd$/, '')}...`;
}

function allOf(error: ActorError): Record<string, unknown> {
  const facts: Record<string, unknown> = { code: error.code };
  if (error instanceof StateError || error instanceof ToolError) Object.assign(facts, error.details);
  if (error.code === 'conflict') Object.assign(facts, versionsOf(facts.conflicts), { conflicts: undefined });
  if (error instanceof CallTimeoutError) {
    const { timeoutMs, outcome } = error;
    // Where the time went.
    Object.assign(facts, { timeoutMs, outcome, where: outcome === 'not_started' ? 'queue' : 'running' });
  }
  if (error.code === 'queue_timeout') facts.where = 'queue';
  if (error instanceof WorkerLostError) Object.assign(facts, { worker: error.worker, outcome: error.outcome });
  if (error instanceof StreamFullError) {
    const { worker, outcome, bound, max } = error;
    Object.assign(facts, { worker, outcome, bound, max });
  }
  if (error instanceof ActorDownError) {
    const { reason } = error;
    facts.reason = reason.kind;
    if (reason.kind === 'os_exit') facts.exitCode = reason.code;
    if (reason.kind === 'os_signal') facts.signal = reason.signal;
  }
  if (error instanceof ToolError) facts.type = error.remoteType;
  // There is no range: the halves are of one release.
  if (error instanceof VersionMismatchError)
    Object.assign(facts, { min: error.host, max: error.host, is: error.worker });
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** The version that each variable in conflict has now: what to expect when trying again. */
function versionsOf(conflicts: unknown): Record<string, string> {
  if (!Array.isArray(conflicts)) return {};
  return Object.fromEntries(
    conflicts.map(({ name, actual }: { name: string; actual: number | null }) => [
      `version:${name}`,
      actual === null ? 'absent' : String(actual),
    ]),
  );
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
