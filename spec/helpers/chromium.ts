/** The browser of the tests. */
import type { Context } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launched } from '../../bench/devtools/chromium.ts';
import { needs } from './needs.ts';

/** Opens it; skips the suite, or the test, where there is none. */
export async function launch(context: Context): Promise<Browser> {
  const executablePath = await chromiumPath();
  needs(context, executablePath !== undefined, 'chromium');
  return launched(executablePath as string);
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
