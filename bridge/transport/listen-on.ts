/** The carriers that can be chosen by name. */
import { SpecError } from '../../actors/core/index.ts';
import type { Listen } from './carrier.ts';
import { grpcListen } from './grpc.ts';
import { unixListen } from './unix-socket.ts';

export type CarrierName = 'grpc' | 'unix';

/** Listens as the named carrier does by default. Throws a SpecError for a name that is none. */
export function listenOn(carrier: CarrierName = 'grpc'): Listen {
  switch (carrier) {
    case 'grpc':
      return grpcListen();
    case 'unix':
      return unixListen();
    default:
      throw new SpecError('links', 'invalid_carrier', carrier);
  }
}
