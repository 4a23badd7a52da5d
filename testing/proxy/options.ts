/** Where a proxy stands, and what bounds it. */
import { type Clock, nodeRuntime, type Random, SpecError } from '../../actors/core/index.ts';
import type { FaultDoors } from '../faults/doors.ts';
import type { FaultSet } from '../faults/fault-set.ts';

/** A place on this machine. */
export type ProxyAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface ProxyOptions {
  /** Where the server listens. The host, by default 127.0.0.1, must be a loopback address. */
  readonly upstream: { readonly host?: string; readonly port: number } | { readonly path: string };
  /** Where the proxy listens: a free port of 127.0.0.1, or a socket file in a private folder. Default: like upstream. */
  readonly listen?: 'tcp' | 'unix';
  /** How much one direction of one connection holds; then its source is not read. Default 256 KiB. */
  readonly maxBufferBytes?: number;
  /** One more is reset and counted. Default 256. */
  readonly maxConnections?: number;
  /** Where jitter and random corruption come from: give a seeded one, so that a run can be repeated. */
  readonly random?: Random;
  /** Default: Node's own. */
  readonly clock?: Clock;
  /** Doors whose plans have rules at `wire.http2`: each HTTP/2 frame passes them. Default: bytes alone. */
  readonly faults?: FaultDoors;
  /** What the `path` of a rule is held against. Default `proxy`. */
  readonly name?: string;
}

/** Options with their defaults. */
export interface Settings extends Required<Omit<ProxyOptions, 'random' | 'upstream' | 'faults'>> {
  readonly upstream: ProxyAddress;
  readonly random: Random | undefined;
  readonly faults: FaultSet | undefined;
}

/** Fills in the defaults. Throws a SpecError that names the option and the value. */
export function validated(options: ProxyOptions): Settings {
  const {
    maxBufferBytes = 256 * 1024,
    maxConnections = 256,
    name = 'proxy',
    random,
    clock = nodeRuntime().clock,
  } = options;
  const given = options.upstream;
  const upstream = 'path' in given ? given : { host: given.host ?? '127.0.0.1', port: given.port };
  const { listen = 'path' in upstream ? 'unix' : 'tcp' } = options;
  for (const [name, value] of Object.entries({ maxBufferBytes, maxConnections })) {
    if (!Number.isInteger(value) || value < 1) throw new SpecError('proxy', `invalid_${name}`, value);
  }
  if (listen !== 'tcp' && listen !== 'unix') throw new SpecError('proxy', 'invalid_listen', listen);
  if ('path' in upstream) {
    if (upstream.path === '') throw new SpecError('proxy', 'invalid_upstream', upstream);
  } else {
    const { host, port } = upstream;
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new SpecError('proxy', 'invalid_upstream', upstream);
    if (!/^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host)) throw new SpecError('proxy', 'not_loopback', host);
  }
  return { upstream, listen, maxBufferBytes, maxConnections, random, clock, faults: options.faults?.set, name };
}
