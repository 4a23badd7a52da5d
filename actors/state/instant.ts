/**
 * Points in time that both languages hold. A Date has milliseconds, Python's datetime has microseconds and the years 1
 * to 9999: an Instant is a Date that keeps the microseconds.
 */
import { invalid } from './invalid.ts';

/** The years 1 to 9999, in milliseconds since 1970. */
const earliestMs = -62_135_596_800_000;
const latestMs = 253_402_300_799_999;

/** A Date with microseconds. Everything that takes a Date takes it. */
export class Instant extends Date {
  /** Beyond the milliseconds: 0 to 999. */
  readonly microseconds: number;

  /**
   * Milliseconds since 1970, and microseconds beyond them. Throws StateError `invalid` for what is no point in time, and
   * for microseconds before 1692 and after 2247, for which the wire has no room.
   */
  constructor(ms: number, microseconds = 0) {
    super(ms);
    const problem = instantProblem(ms, microseconds);
    if (problem !== undefined) throw invalid(`instant: ${problem}`);
    this.microseconds = microseconds;
  }

  /** In six digits of a second. */
  override toISOString(): string {
    return super.toISOString().replace('Z', `${String(this.microseconds).padStart(3, '0')}Z`);
  }
}

/** The microseconds of a Date beyond its milliseconds. */
export const microsecondsOf = (date: Date): number => (date instanceof Instant ? date.microseconds : 0);

/** Why this is no point in time that crosses; undefined: it is one. */
export function instantProblem(ms: number, microseconds: number): string | undefined {
  if (Number.isNaN(ms)) return 'an invalid Date names no point in time';
  if (ms < earliestMs || ms > latestMs) return 'Python has no point in time outside the years 1 to 9999';
  if (!Number.isInteger(ms) || !Number.isInteger(microseconds) || microseconds < 0 || microseconds > 999)
    return 'it is made of whole milliseconds and 0 to 999 microseconds';
  const [whole, rest] = partsOf(ms + microseconds / 1000);
  return whole === ms && rest === microseconds
    ? undefined
    : 'a point in time before 1692 or after 2247 has no room for microseconds; round it to milliseconds';
}

/** A Date, or an Instant when there are microseconds. Throws StateError `invalid`. */
export function instantOf(instantMs: number): Date {
  const [ms, microseconds] = partsOf(instantMs);
  const problem = instantProblem(ms, microseconds);
  if (problem !== undefined) throw invalid(`instant: ${problem}`);
  return microseconds === 0 ? new Date(ms) : new Instant(ms, microseconds);
}

/** Whole milliseconds and the microseconds beyond them, as in Python. */
function partsOf(instantMs: number): readonly [number, number] {
  const whole = Math.floor(instantMs);
  const microseconds = Math.floor((instantMs - whole) * 1000 + 0.5);
  return microseconds === 1000 ? [whole + 1, 0] : [whole, microseconds];
}
