/**
 * W3C trace context: every call has a span of its own, in the trace of the call that it is made in, or in a new one.
 * Pure: the digits are those of the call's id, which is random already.
 */

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** True for what can be a traceparent. Anything else is passed over, as the standard says. */
export function isTraceparent(text: string): boolean {
  return form.test(text);
}

/**
 * The traceparent of a call with this id (32 hexadecimal digits): a span below `parent`, or the root of a new trace,
 * marked as sampled, where there is none.
 */
export function spanOf(id: string, parent: string): string {
  const span = id.slice(16);
  return isTraceparent(parent) ? `${parent.slice(0, 36)}${span}${parent.slice(52)}` : `00-${id}-${span}-01`;
}
