/** The browser of the tests: one of this machine, or the one that an npm package carries. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Context } from 'mocha';
import { type Browser, chromium, type Page } from 'playwright-core';
import { needs } from './needs.ts';

/** OPHION_CHROMIUM names one that is not on the PATH; else `@sparticuz/chromium` may be installed beside. */
export async function chromiumPath(): Promise<string | undefined> {
  const named = process.env.OPHION_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...(named === undefined ? [] : [named]), ...found].find((path) => existsSync(path)) ?? carried();
}

/** The binary of the npm package, where that is installed. */
async function carried(): Promise<string | undefined> {
  const name = '@sparticuz/chromium';
  try {
    const { default: carrier } = (await import(name)) as { default: { executablePath(): Promise<string> } };
    return await carrier.executablePath();
  } catch {
    return undefined;
  }
}

/** Opens it; skips the suite, or the test, where there is none. */
export async function launch(context: Context): Promise<Browser> {
  const executablePath = await chromiumPath();
  needs(context, executablePath !== undefined, 'chromium');
  // As root it has no sandbox to offer; the pages are ours.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: executablePath as string, args });
}

/** A page of a test, and what went wrong on it: errors of scripts, what the policy stopped, requests to other places. */
export interface Watched {
  readonly page: Page;
  readonly problems: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Watched> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme });
  const problems: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A connection that is refused is told there as well; those tests look at the page itself.
    if (message.type() === 'error' && !message.text().includes('WebSocket'))
      problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const requested = request.url();
    if (!requested.startsWith(origin) && !requested.startsWith('data:')) problems.push(`request: ${requested}`);
  });
  page.on('websocket', (socket) => {
    if (!socket.url().startsWith(origin.replace('http', 'ws'))) problems.push(`socket: ${socket.url()}`);
  });
  await page.goto(url);
  return { page, problems };
}
