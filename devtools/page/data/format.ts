/** Figures as a person reads them. What is missing is a dash: data of another version must not blank a panel. */

export const dash = '–';

const known = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

export const count = (value: unknown): string => (known(value) ? whole.format(value) : dash);

/** A rate or a share with as many digits as matter. */
export function rate(value: unknown): string {
  if (!known(value)) return dash;
  return value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : whole.format(value);
}

export const percent = (share: unknown): string => (known(share) ? `${rate(share * 100)} %` : dash);

/** A span of milliseconds. */
export function span(ms: unknown): string {
  if (!known(ms)) return dash;
  if (ms < 1) return ms <= 0 ? '0 ms' : `${Math.max(1, Math.round(ms * 1_000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms % 60_000) / 1_000);
  if (minutes < 60) return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function bytes(value: unknown): string {
  if (!known(value)) return dash;
  if (value < 1_000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let scaled = value;
  let unit = -1;
  while (scaled >= 1_000 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** Time of the day, to the millisecond. */
export function clock(atMs: unknown): string {
  if (!known(atMs)) return dash;
  const at = new Date(atMs);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** Day and time, for titles. */
export function date(atMs: unknown): string {
  if (!known(atMs)) return dash;
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(atMs)}`;
}

/** `2 of 3 in 5 s`. */
export function budget(value: { readonly used: number; readonly max: number; readonly periodMs: number }): string {
  return `${count(value.used)} of ${count(value.max)} in ${span(value.periodMs)}`;
}

/** What should be a list; other versions may leave it out. */
export const list = <T>(value: readonly T[] | null | undefined): readonly T[] => (Array.isArray(value) ? value : []);

/** `path` of a pid `path#3`. */
export const pathOf = (pid: string): string => pid.replace(/#\d+$/, '');

/** `Nothing`, `1 line`, `3 lines`. */
export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;
