/** Frames as a wrong or another sender would write them: too long, or of another version. */
import type { Frame } from '../../bridge/transport/index.ts';

/** The number of a field that no version has: whoever reads it passes over it. */
const unknownField = 1_000;
const lengthDelimited = 2;

/** A message that is so many bytes longer and means the same. Control frames stay as they are. */
export function grown(frame: Frame, bytes: number): Frame {
  return frame.body.case === 'envelope' ? longer(frame, new Uint8Array(bytes)) : frame;
}

/** As another version says it: a Hello names another protocol; whatever it is has a field more, as a newer schema has. */
export function skewed(frame: Frame, of: 'protocol' | 'schema'): Frame {
  const { body } = frame;
  if (of === 'protocol') {
    if (body.case !== 'hello') return frame;
    const value = { ...body.value, protocolVersion: body.value.protocolVersion + 1 };
    return { ...frame, body: { case: 'hello', value } };
  }
  if (body.case === 'envelope') return longer(frame, new Uint8Array(4));
  return { ...frame, $unknown: [{ no: unknownField, wireType: 0, data: new Uint8Array([1]) }] };
}

function longer(frame: Frame, data: Uint8Array): Frame {
  if (frame.body.case !== 'envelope') return frame;
  const { value } = frame.body;
  // In the middle of a message nothing can be added, nor to one that lies elsewhere.
  if (value.more || value.elsewhere !== undefined) return frame;
  const head = [...varint(unknownField * 8 + lengthDelimited), ...varint(data.length)];
  const payload = new Uint8Array(value.payload.length + head.length + data.length);
  payload.set(value.payload);
  payload.set(head, value.payload.length);
  payload.set(data, value.payload.length + head.length);
  return { ...frame, body: { case: 'envelope', value: { ...value, payload } } };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}
