/** The host of docs/workers.md, and the command beside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { grpcListen, openContext, ophion, python, pythonTool, startSupervisor } from '../../index.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../helpers/certificates.ts';
import { needs } from '../helpers/needs.ts';
import { RemoteWorker } from '../helpers/remote-worker.ts';

const embed = pythonTool<{ value: unknown }, unknown>('echo');

describe('docs/workers.md: workers on other hosts', function () {
  this.timeout(60_000);
  let pem: Certificates;
  let folder = '';
  before(function () {
    needs(this, hasOpenssl(), 'openssl');
    pem = makeCertificates();
    folder = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
  });
  after(() => {
    pem?.[Symbol.dispose]();
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  it('join the pool of the page with the command of the page', async () => {
    const { cert, key } = pem.host;
    const [clientCa, tokenFile, port] = [pem.ca, join(folder, 'gpu.token'), 0];
    // #region host
    const listenForJoins = grpcListen({ on: 'tcp', host: '0.0.0.0', port, tls: { cert, key, clientCa } });
    await using app = await startSupervisor({
      children: {
        ophion: ophion({
          links: { listenForJoins },
          pools: {
            // `size: 0`: this host starts none of them itself.
            gpu: python({ module: 'remote_tools', size: 0, remote: { max: 8, leaseMs: 15_000, tokenFile } }),
          },
        }),
      },
    });
    // #endregion
    let address: string | undefined;
    while (address === undefined) address = await app.children.ophion.joinAddress();
    await using _worker = new RemoteWorker([
      ...['--join', `https://localhost:${address.split(':').at(-1)}`, '--token-file', tokenFile],
      ...['--ca', pem.ca, '--cert', pem.worker.cert, '--key', pem.worker.key],
    ]);
    await app.children.ophion.pools.gpu.ready();
    await using context = await openContext(app.children.ophion);
    const answer = await context.call(embed, { value: 'hello' }, { pool: 'gpu' });
    expect(answer).to.equal('hello');
  });
});
