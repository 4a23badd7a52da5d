/** What goes wrong with a proxy itself, as opposed to what it was told to break. */
import { ActorError } from '../../actors/core/index.ts';

export type ProxyErrorCode = 'listen_failed' | 'upstream_failed' | 'too_many_connections' | 'stopped';

export class ProxyError extends ActorError {
  declare readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(code, `proxy: ${message}`, options);
  }
}
