/**
 * TLS of our listeners: certificates as PEM or as files, checked when they are given and not when somebody dials. And
 * the rule that nothing listens in plain text beyond this machine unless it is told to.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SpecError } from '../../actors/core/index.ts';

export interface TlsOptions {
  /** The certificate of this listener, and those between it and its authority: PEM text, or the path of a file. */
  readonly cert: string;
  /** Its private key: PEM text, or the path of a file. */
  readonly key: string;
  /**
   * The authority of the clients' certificates: PEM text, or the path of a file. With it only clients that have one of
   * its certificates are taken (mutual TLS). Default: clients need no certificate.
   */
  readonly clientCa?: string;
}

/** For dialling a listener that has TLS. */
export interface ClientTlsOptions {
  /** Whose certificate the listener has: PEM text, or the path of a file. Default: what Node trusts. */
  readonly ca?: string;
  /** Our own certificate, where the listener wants one (mutual TLS), and its private key. Default: none. */
  readonly cert?: string;
  readonly key?: string;
}

/** What the options hold, read and checked. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

/**
 * Reads and checks certificates.
 *
 * @throws SpecError names the field: a file cannot be read, is no PEM, or key and certificate do not match
 */
export function readTls(target: string, { cert, key, clientCa }: TlsOptions): Tls {
  const read = {
    cert: pem(target, 'cert', cert),
    key: pem(target, 'key', key),
    clientCa: clientCa === undefined ? undefined : pem(target, 'clientCa', clientCa),
  };
  const own = parsed(target, 'cert', () => new X509Certificate(read.cert));
  const secret = parsed(target, 'key', () => createPrivateKey(read.key));
  if (!own.checkPrivateKey(secret)) throw new SpecError(target, 'invalid_tls: the key is not that of the certificate');
  if (read.clientCa !== undefined) {
    const { clientCa: authority } = read;
    parsed(target, 'clientCa', () => new X509Certificate(authority));
  }
  return read;
}

/**
 * Reads and checks what is dialled with.
 *
 * @throws SpecError as `readTls` does
 */
export function readClientTls(
  target: string,
  { ca, cert, key }: ClientTlsOptions,
): { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } {
  if ((cert === undefined) !== (key === undefined))
    throw new SpecError(target, 'invalid_tls: cert and key go together');
  const authority = ca === undefined ? undefined : pem(target, 'ca', ca);
  if (authority !== undefined) parsed(target, 'ca', () => new X509Certificate(authority));
  const own = cert === undefined || key === undefined ? undefined : readTls(target, { cert, key });
  return {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
  };
}

function pem(target: string, field: string, given: string): Buffer {
  if (typeof given !== 'string' || given === '') throw new SpecError(target, `invalid_tls.${field}`);
  if (given.includes('-----BEGIN ')) return Buffer.from(given);
  try {
    return readFileSync(given);
  } catch (error) {
    throw new SpecError(target, `invalid_tls.${field}: ${(error as Error).message}`);
  }
}

function parsed<T>(target: string, field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // What it says is of the format; nothing of the key itself is in it.
    throw new SpecError(target, `invalid_tls.${field}: it cannot be read as PEM: ${(error as Error).message}`);
  }
}

/** True for an address that no other machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost' || name === '::1') return true;
  return /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * Throws a SpecError for plain text on an address that other machines can reach, unless `insecure` says that this is
 * meant: tokens and whatever calls carry would be read by everybody on the way.
 */
export function refusePlainText(target: string, host: string, tls: unknown, insecure: boolean | undefined): void {
  if (tls !== undefined || insecure === true || isLoopback(host)) return;
  const way = 'give it tls, or insecure: true where the network itself is trusted';
  throw new SpecError(target, `plain_text: other machines can reach ${host} and everything would be readable; ${way}`);
}

/** A host and a port as they stand in an address. */
export const hostAndPort = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** True for `HOST:PORT`; an address of IPv6 stands in brackets. */
export function isHostAndPort(address: unknown): boolean {
  const port = typeof address === 'string' ? /^(?:\[[\da-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/.exec(address)?.[1] : undefined;
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}
