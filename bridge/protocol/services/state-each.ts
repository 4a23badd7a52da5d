/** Many operations of another host on one stream, each answered when it is done, also when the port closes meanwhile. */
import { isActorError, ProtocolError, StateError } from '../../../actors/core/index.ts';
import { faultOf } from '../error-codes.ts';
import type { OperateEachRequest, OperateEachResponse, OperateRequest, OperateResponse } from '../gen/state_pb.js';
import { hear, Outgoing } from '../outgoing.ts';

type Perform = (
  request: OperateRequest,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
) => Promise<OperateResponse>;

/** How many may be under way on one stream; one more is refused, and passes. */
const openMax = 4_096;

export async function* operateEach(
  requests: AsyncIterable<OperateEachRequest>,
  perform: Perform,
  ending: AbortSignal,
): AsyncGenerator<OperateEachResponse, void, undefined> {
  const open = new Map<bigint, AbortController>();
  // Bounded by what is under way: each has one answer.
  const out = new Outgoing<OperateEachResponse>();
  const tell = (id: bigint, response: OperateResponse): void =>
    out.put({ $typeName: 'ophion.v1.OperateEachResponse', id, response });
  const failed = (id: bigint, error: unknown): void =>
    tell(id, { $typeName: 'ophion.v1.OperateResponse', answer: { case: 'fault', value: faultOf(error) } });
  const end = (): void => {
    if (ending.aborted && open.size === 0) out.close({ error: ending.reason });
  };
  const run = async (id: bigint, request: OperateRequest, timeoutMs: number): Promise<void> => {
    const left = new AbortController();
    open.set(id, left);
    try {
      tell(id, await perform(request, { signal: left.signal, timeoutMs }));
    } catch (error) {
      // What is no error of ours ends the stream, and is told nobody.
      if (!left.signal.aborted && !isActorError(error)) out.close({ error });
    } finally {
      open.delete(id);
      end();
    }
  };
  const step = ({ id, step: { case: kind, value }, timeoutMs }: OperateEachRequest): void => {
    if (kind === 'cancel') open.get(id)?.abort();
    else if (kind !== 'request') throw new ProtocolError('a request without content');
    else if (ending.aborted) failed(id, new StateError('unavailable', 'the port is closing'));
    else if (open.size >= openMax)
      failed(id, new StateError('unavailable', `${openMax} operations of this host are under way already`));
    else void run(id, value, Math.max(1, timeoutMs));
  };
  hear(requests, step, out);
  ending.addEventListener('abort', end, { once: true });
  try {
    yield* out;
  } finally {
    ending.removeEventListener('abort', end);
    for (const left of open.values()) left.abort();
  }
}
