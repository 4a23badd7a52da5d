/**
 * The catalogue of what happens to connections between a host and its workers. What is told to callers stays the same
 * for all of them: each call ends once, and if it may have been carried out, its outcome is `unknown`.
 */
import { entry, type FaultWorld } from './entry.ts';

const liveOnly: readonly FaultWorld[] = ['live'];
const dialsAgain = 'it dials again, and the stream goes on where it was';
const late = 'arrives; the caller may have left by then, and nobody is told twice';

export const wireEntries = {
  // Connections
  refused: entry('nobody listens', 'it dials again', () => ({ point: 'wire.connect', task: { do: 'throw' } })),
  reset: entry('is reset', dialsAgain, () => ({ point: 'wire.batch', task: { do: 'kill', times: 1 } })),
  resetInCall: entry('is reset with a call in flight, just before its answer', dialsAgain, () => ({
    point: 'wire.frame',
    where: { message: 'result', direction: 'in' },
    task: { do: 'kill', times: 1 },
  })),
  halfOpen: entry('loses all, and nobody is told', 'liveness finds it out', () => ({
    point: 'wire.batch',
    task: { do: 'drop' },
  })),
  stall: entry('stands still', 'what waits arrives, in order', () => ({ point: 'wire.batch', task: { do: 'hang' } })),
  latency: entry<{ readonly ms?: number }>('is slow', 'arrives, in order', ({ ms = 50 }) => ({
    point: 'wire.batch',
    task: { do: 'delay', ms },
  })),
  jitter: entry<{ readonly ms?: number }>('is now slow, now quick', 'arrives, in order', ({ ms = 50 }) => ({
    point: 'wire.batch',
    task: { do: 'jitter', ms },
  })),
  bandwidth: entry<{ readonly bytesPerSecond?: number }>(
    'carries so many bytes in a second',
    'arrives, in order',
    ({ bytesPerSecond = 65_536 }) => ({ point: 'wire.batch', task: { do: 'throttle', bytesPerSecond } }),
  ),
  // Bytes
  corruption: entry('flips a bit', 'what cannot be read ends the connection', () => ({
    point: 'wire.batch',
    task: { do: 'corrupt', times: 1 },
  })),
  truncation: entry<{ readonly bytes?: number }>(
    'ends in the middle of a frame',
    'it dials again',
    ({ bytes = 0 }) => ({
      point: 'wire.batch',
      task: { do: 'truncate', bytes, times: 1 },
    }),
  ),
  oversized: entry<{ readonly bytes?: number }>(
    'carries an answer that is longer than any may be',
    'the worker is given up and started again',
    ({ bytes = 32 * 1024 * 1024 }) => ({
      point: 'wire.frame',
      where: { message: 'result', direction: 'in' },
      task: { do: 'grow', bytes, times: 1 },
    }),
  ),
  // Messages
  requestLost: entry('loses a request', 'the next frame shows the gap; a new connection says it again', () => ({
    point: 'wire.frame',
    where: { message: 'call', direction: 'out' },
    task: { do: 'drop', times: 1 },
  })),
  replyLost: entry('loses an answer', 'the next frame shows the gap; a new connection says it again', () => ({
    point: 'wire.frame',
    where: { message: 'result', direction: 'in' },
    task: { do: 'drop', times: 1 },
  })),
  duplicate: entry('delivers twice', 'what was taken already is passed over', () => ({
    point: 'wire.batch',
    task: { do: 'dup' },
  })),
  outOfOrder: entry(
    'delivers an item of a stream behind the next one',
    'the gap ends the stream: what was told is a prefix',
    () => ({
      point: 'wire.frame',
      where: { message: 'item', direction: 'in' },
      task: { do: 'reorder', times: 1 },
    }),
  ),
  requestLate: entry<{ readonly ms?: number }>(
    'delivers a request late: its deadline is over before the handler begins',
    late,
    ({ ms = 500 }) => ({
      point: 'wire.frame',
      where: { message: 'call', direction: 'out' },
      task: { do: 'delay', ms, times: 1 },
    }),
  ),
  replyLate: entry<{ readonly ms?: number }>(
    'delivers an answer late: its deadline is over when the handler has ended',
    late,
    ({ ms = 500 }) => ({
      point: 'wire.frame',
      where: { message: 'result', direction: 'in' },
      task: { do: 'delay', ms, times: 1 },
    }),
  ),
  cancelLate: entry<{ readonly ms?: number }>(
    'delivers a cancellation late: the answer meets it on its way',
    late,
    ({ ms = 100 }) => ({
      point: 'wire.frame',
      where: { message: 'cancel', direction: 'out' },
      task: { do: 'delay', ms, times: 1 },
    }),
  ),
  crossing: entry<{ readonly ms?: number }>(
    'delivers calls of both sides late: both call before either has heard the other',
    'both are answered',
    ({ ms = 50 }) => ({ point: 'wire.frame', where: { message: 'call' }, task: { do: 'delay', ms } }),
  ),
  // Versions
  protocolSkew: entry('is greeted with another protocol version', 'it is refused by name, and started again', () => ({
    point: 'wire.frame',
    where: { message: 'hello', direction: 'in' },
    task: { do: 'skew', of: 'protocol' },
  })),
  schemaSkew: entry('carries fields that only another version knows', 'they are passed over', () => ({
    point: 'wire.frame',
    task: { do: 'skew', of: 'schema' },
  })),
  // HTTP/2
  goAway: entry(
    'is told to go away (GOAWAY)',
    'the calls that run end; the next ones go over a new connection',
    () => ({ point: 'wire.http2', where: { message: 'data', direction: 'in' }, task: { do: 'stop', times: 1 } }),
    liveOnly,
  ),
  rstStream: entry(
    'loses one HTTP/2 stream (RST_STREAM)',
    'the connection goes on; a worker dials again',
    () => ({ point: 'wire.http2', where: { message: 'data', direction: 'in' }, task: { do: 'kill', times: 1 } }),
    liveOnly,
  ),
  stalledWindow: entry(
    'is never told that it may send more (WINDOW_UPDATE)',
    'what waits arrives, in order',
    () => ({ point: 'wire.http2', where: { message: 'window_update' }, task: { do: 'hang' } }),
    liveOnly,
  ),
  missingTrailers: entry(
    'ends an answer without its trailers',
    'the call fails; the next goes over a new connection',
    () => ({ point: 'wire.http2', where: { message: 'trailers' }, task: { do: 'truncate', times: 1 } }),
    liveOnly,
  ),
  status: entry<{ readonly code?: string }>(
    'ends a call with a gRPC status: unavailable, internal, ...',
    'a worker dials again, or is started again when it was refused',
    ({ code = 'unavailable' }) => ({
      point: 'wire.http2',
      where: { message: 'data', direction: 'in' },
      task: { do: 'throw', error: code, times: 1 },
    }),
    liveOnly,
  ),
} as const;
