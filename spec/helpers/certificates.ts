/** Certificates for tests: an authority of their own, a host's and a worker's certificate, and a stranger's. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Node cannot make certificates. */
export const hasOpenssl = (): boolean => spawnSync('openssl', ['version']).status === 0;

export interface Certificates extends Disposable {
  readonly folder: string;
  /** Paths of PEM files. */
  readonly ca: string;
  readonly host: { readonly cert: string; readonly key: string };
  readonly worker: { readonly cert: string; readonly key: string };
  /** Of another authority. */
  readonly stranger: { readonly ca: string; readonly cert: string; readonly key: string };
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = (name: string) => {
    const usage = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    openssl(
      'req',
      '-x509',
      ...curve,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      ...usage,
    );
    return file(`${name}.pem`);
  };
  const signed = (name: string, by: string) => {
    openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(file(`${name}.ext`), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
    const own = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...own, '-days', '2', '-out', `${name}.pem`);
    return { cert: file(`${name}.pem`), key: file(`${name}.key`) };
  };
  const ca = authority('ca');
  const strangers = authority('strangers');
  return {
    folder,
    ca,
    host: signed('host', 'ca'),
    worker: signed('worker', 'ca'),
    stranger: { ca: strangers, ...signed('stranger', 'strangers') },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
