/** What it means that a host did not answer: what passes is `unavailable` and tried again, the rest is named. */
import { Code, ConnectError } from '@connectrpc/connect';
import { AuthError, ProtocolError, StateError } from '../../../actors/core/index.ts';
import { ErrorInfoSchema } from '../gen/error_details_pb.js';

/** What the port says of who uses it too much; it passes. */
const passing: ReadonlySet<string> = new Set(['RATE_LIMITED', 'TOO_MANY_REQUESTS', 'DRAINING']);

export function toldBy(url: string, error: unknown): Error {
  const { code, rawMessage, cause } = ConnectError.from(error);
  const said = ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason;
  const because = { cause: cause ?? error };
  const unavailable = () => new StateError('unavailable', `${url}: ${rawMessage}`, { ...because, details: { url } });
  if (said !== undefined && passing.has(said)) return unavailable();
  switch (code) {
    case Code.Unauthenticated:
      return new AuthError('unauthenticated', `${url}: ${rawMessage}`, because);
    case Code.PermissionDenied:
      return new AuthError('permission_denied', `${url}: ${rawMessage}`, because);
    case Code.Unimplemented:
      return new ProtocolError(`${url}: has no StateService: it is no host of ours, or an older one`, because);
    case Code.ResourceExhausted:
      return new StateError('too_large', `${url}: ${rawMessage}`, { ...because, details: { url } });
    case Code.InvalidArgument:
      return new StateError('invalid', `${url}: ${rawMessage}`, because);
    default:
      // Not there, cut off, closing, too late: which of them is in the words.
      return unavailable();
  }
}
