/** What `bridgedState()` takes for sessions of another host. */
import { SpecError } from '../../../actors/core/index.ts';
import type { VaultKind } from '../../../actors/state/index.ts';
import { type ClientTlsOptions, readClientTls, refusePlainText } from '../../transport/index.ts';

export interface RemoteStateOptions {
  /** The public port of the host that has the sessions: `http://127.0.0.1:7433`, `https://coordinator:7433`. */
  readonly url: string;
  /**
   * A token of that port with the scope `operate`, or what answers the one that is valid now: it is asked at each request,
   * so that tokens can be exchanged.
   */
  readonly token: string | (() => string);
  /** Whose certificate the host has, and our own where it wants one. Default: what Node trusts. */
  readonly tls?: ClientTlsOptions;
  /** `http:` to a host that others are on the way to, where the network itself is trusted. Default false: refused. */
  readonly insecure?: boolean;
  /** Where sessions are kept that are opened without saying it. Default: as the host has it. */
  readonly vault?: VaultKind;
}

export interface RemoteSettings {
  readonly url: URL;
  readonly token: () => string;
  /** For `node:http2`. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly vault: VaultKind | undefined;
}

const target = 'bridgedState';

/** Throws SpecError, which names the option. */
export function remoteSettings({ url, token, tls, insecure, vault }: RemoteStateOptions): RemoteSettings {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol))
    throw new SpecError(target, 'invalid_url: http:// or https://, a host and a port', url);
  if (parsed.pathname !== '/' || parsed.search !== '' || parsed.username !== '')
    throw new SpecError(target, 'invalid_url: nothing may come behind host and port, and no user before them');
  if (parsed.protocol === 'http:') refusePlainText(target, parsed.hostname, undefined, insecure);
  if (typeof token !== 'string' && typeof token !== 'function') throw new SpecError(target, 'invalid_token');
  return {
    url: parsed,
    token: typeof token === 'string' ? () => token : token,
    tls: tls === undefined ? {} : readClientTls(target, tls),
    vault,
  };
}
