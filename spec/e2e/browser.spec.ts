/**
 * A page that imports nothing of ours, in a real browser: it reports to the server that it came from. The same script
 * runs in Node as well, where no browser is needed; what only a browser does (Origin, CORS) is for the browser.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { useSystem } from '../../testing/index.ts';
import { clientHost, root, tokens } from '../helpers/client-host.ts';
import { needs } from '../helpers/needs.ts';

const script = join(root, 'spec/fixtures/clients/page.js');

const visited = {
  revision: '1',
  answer: { value: 'hello', revision: '1' },
  items: ['0', '1', '2'],
  watched: ['2', 'bye', 'client:tester'],
  refused: {
    'no token': 'unauthenticated',
    'wrong token': 'unauthenticated',
    scope: 'permission_denied',
    session: 'permission_denied',
    oversized: 'resource_exhausted',
    malformed: 'invalid_argument',
    'unknown method': 'unimplemented',
    'unknown tool': 'not_found',
  },
};

/** A browser of this machine; OPHION_CHROMIUM names one that is not on the PATH. */
function chromium(): string | undefined {
  const named = process.env.OPHION_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...(named === undefined ? [] : [named]), ...found].find((path) => existsSync(path));
}

/** A site with one page, which runs the client and reports. */
class Site {
  readonly #server: Server;
  #given: unknown;
  #report: (text: string) => void = () => {};

  constructor() {
    this.#server = createServer((request, response) => {
      const answer = (type: string, text: string) => response.writeHead(200, { 'content-type': type }).end(text);
      if (request.url === '/client.js') answer('text/javascript', readFileSync(script, 'utf8'));
      else if (request.url === '/report') {
        let text = '';
        request.on('data', (chunk) => {
          text += chunk;
        });
        request.on('end', () => {
          answer('text/plain', '');
          this.#report(text);
        });
      } else answer('text/html', `<script type="module">${this.#page()}</script>`);
    });
  }

  #page(): string {
    return `
      import { visit } from './client.js';
      const report = await visit(${JSON.stringify(this.#given)}).catch((error) => ({ failed: String(error) }));
      await fetch('/report', { method: 'POST', body: JSON.stringify(report) });`;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://localhost:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }

  /** What the page reports when a browser opens it. */
  async opened(browser: string, given: unknown): Promise<unknown> {
    this.#given = given;
    const profile = mkdtempSync(join(tmpdir(), 'ophion-browser-'));
    const flags = ['--headless', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'];
    // As root it has no sandbox to offer; the page is ours.
    const own = process.getuid?.() === 0 ? [...flags, '--no-sandbox'] : flags;
    const child = spawn(browser, [...own, `--user-data-dir=${profile}`, `${this.origin}/`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-4_000);
    });
    const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
    try {
      const text = await new Promise<string>((resolve, reject) => {
        this.#report = resolve;
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`the browser ended with ${code}: ${said}`)));
      });
      return JSON.parse(text);
    } finally {
      // With all of its helpers: it leads a group of its own.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await over;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

describe('a web page that imports nothing of ours', function () {
  this.timeout(120_000);
  const site = new Site();
  const browser = chromium();
  before(() => site.listen());
  after(() => site.close());

  describe('and that the port knows', () => {
    const system = useSystem(() => clientHost({ origins: [site.origin] }));
    const given = async () => {
      await system.current.pools.default.ready();
      return { url: (await system.current.servicesAddress()).url, tokens };
    };

    it('opens a session, writes, calls, streams and watches in a browser, and is refused with the right code', async function () {
      needs(this, browser !== undefined, 'chromium');
      expect(await site.opened(browser as string, await given())).to.deep.equal(visited);
    });

    it('does the same wherever there is a fetch', async () => {
      const { visit } = (await import(new URL('../fixtures/clients/page.js', import.meta.url).href)) as {
        visit: (given: unknown) => Promise<unknown>;
      };
      expect(await visit(await given())).to.deep.equal(visited);
    });
  });

  describe('and that the port does not know', () => {
    const system = useSystem(() => clientHost({ origins: ['http://localhost:1'] }));

    it('gets to read nothing in a browser', async function () {
      needs(this, browser !== undefined, 'chromium');
      const { url } = await system.current.servicesAddress();
      const report = (await site.opened(browser as string, { url, tokens })) as { failed?: string };
      expect(report.failed).to.match(/TypeError: Failed to fetch/);
      expect((await system.current.state.store.call('stats', { timeoutMs: 5_000 })).open).to.equal(0);
    });
  });
});
