/**
 * Requests that could not be read. Connect calls a message that is no protobuf its own fault, and says no more of one
 * that is too large; to a client they are its mistake, named, in every protocol.
 */
import { Code, type ConnectError, type ContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { StateError } from '../../../actors/core/index.ts';
import { connectErrorOf } from './connect-errors.ts';
import { enteredKey } from './host.ts';

interface Request {
  readonly known: UniversalServerRequest;
  readonly values: ContextValues;
  /** Why reading it was ended by ourselves. */
  readonly refusal: () => ConnectError | undefined;
  readonly maxBytes: number;
}

/** Runs a method; what is wrong with the bytes of the request is told as what it is. */
export async function answerOf(
  method: UniversalHandler,
  { known, values, refusal, maxBytes }: Request,
): Promise<UniversalServerResponse> {
  const answer = await method(known);
  if (values.get(enteredKey) || refusal() !== undefined) return answer;
  // It has not come to the service, so this is an error and short.
  const chunks = await all(answer.body);
  const error = mistake(codeOf(answer, chunks), method, maxBytes);
  if (error === undefined) return { ...answer, body: each(chunks) };
  const header = new Headers(known.header);
  // Connect looks at it first, and would say the same as before.
  header.delete('content-length');
  return method({ ...known, header, body: failing(error) });
}

/** A body that cannot be read, for this reason. */
// biome-ignore lint/correctness/useYield: reading it fails at once
export async function* failing(error: ConnectError): AsyncGenerator<Uint8Array> {
  throw error;
}

function mistake(code: Code | undefined, method: UniversalHandler, maxBytes: number): ConnectError | undefined {
  switch (code) {
    case Code.Internal:
      return connectErrorOf(new StateError('invalid', `the request is no ${method.method.input.typeName}`));
    case Code.ResourceExhausted:
      return connectErrorOf(
        new StateError('too_large', `the request has more than ${maxBytes} bytes`, { details: { maxBytes } }),
      );
    default:
      return undefined;
  }
}

/** The code of an error, wherever the protocol has it. */
function codeOf({ trailer }: UniversalServerResponse, chunks: readonly Uint8Array[]): Code | undefined {
  const text = Buffer.concat(chunks).toString('utf8');
  const status = trailer?.get('grpc-status') ?? /grpc-status: (\d+)/.exec(text)?.[1];
  if (status !== undefined) return Number(status);
  const name = /"code":"(\w+)"/.exec(text)?.[1];
  return name === 'internal' ? Code.Internal : name === 'resource_exhausted' ? Code.ResourceExhausted : undefined;
}

async function all(body: AsyncIterable<Uint8Array> | undefined): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return chunks;
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
