/** The page itself, in Chromium: how long a person waits, and whether it stays smooth. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { Contest } from '../contest.ts';
import { chromiumPath, launched } from './chromium.ts';
import type { Observed } from './observed.ts';
import { pageWatch } from './page-watch.ts';
import { actors, among } from './population.ts';

const built = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/devtools/page/' : '../../devtools/page/', import.meta.url),
);

/** What this machine has not that the page needs. */
export async function lacking(): Promise<string | undefined> {
  if ((await chromiumPath()) === undefined) return 'chromium';
  return existsSync(built) ? undefined : 'built page (npm run build)';
}

export interface Browsing extends AsyncDisposable {
  readonly page: Page;
}

/** A browser that is signed in, with an empty page: what it opens is the first that it sees of the tools. */
export async function browsing({ devtools }: Pick<Observed, 'devtools'>): Promise<Browsing> {
  const browser: Browser = await launched((await chromiumPath()) as string);
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  await context.request.get(devtools.newLink() as string);
  const page = await context.newPage();
  await page.addInitScript({ content: pageWatch });
  return { page, [Symbol.asyncDispose]: () => browser.close() };
}

/** When what was waited for was on the screen. The page's policy lets no script of ours wait for it there. */
async function painted(page: Page): Promise<number> {
  for (;;) {
    const ms = Number(await page.evaluate('told.paintedMs'));
    if (ms > 0) return ms;
    await page.waitForTimeout(50);
  }
}

/** From the navigation on. */
async function firstPaint(tools: Observed): Promise<number> {
  await using browser = await browsing(tools);
  await browser.page.goto(`${tools.devtools.url}/#/tree`);
  return await painted(browser.page);
}

/** From the last key on. */
async function search(tools: Observed): Promise<number> {
  await using browser = await browsing(tools);
  const { page } = browser;
  await page.goto(`${tools.devtools.url}/#/tree`);
  await painted(page);
  await page.evaluate(`told.wait('[role=option]', 'a-99')`);
  await page.keyboard.press('/');
  await page.keyboard.type('a-99', { delay: 30 });
  const shownMs = await painted(page);
  return shownMs - Number(await page.evaluate('told.typedMs'));
}

/** The longest task of the page while it is scrolled, folded and unfolded, sorted and searched; 0: none over 50 ms. */
async function longestTask(tools: Observed): Promise<number> {
  await using browser = await browsing(tools);
  const { page } = browser;
  await page.goto(`${tools.devtools.url}/#/tree`);
  await painted(page);
  await page.evaluate('told.longestTaskMs = 0');
  await page.mouse.move(600, 500);
  for (let nth = 0; nth < 60; nth += 1) await page.mouse.wheel(0, nth % 2 === 0 ? 1_200 : 400);
  const many = page.locator('[role=treeitem][data-path="app/many"]');
  await page.locator('[role=treeitem]').last().focus();
  await page.keyboard.press('End');
  // The last line has to be asked for; going back before it is there would be called off by it.
  await page.locator('[role=treeitem]:focus').waitFor();
  await page.waitForTimeout(500);
  await page.keyboard.press('Home');
  await many.waitFor();
  for (let nth = 0; nth < 6; nth += 1) {
    await many.locator('.tree-fold').click();
    await page.waitForTimeout(150);
  }
  await page.getByRole('button', { name: 'table', exact: true }).click();
  await page.getByRole('table', { name: 'actors' }).getByRole('row').nth(10).waitFor();
  for (let nth = 0; nth < 30; nth += 1) await page.mouse.wheel(0, 1_200);
  await page.waitForTimeout(500);
  return Number(await page.evaluate('told.longestTaskMs'));
}

const shown = (name: string, size: number, limit: number, measure: (tools: Observed) => Promise<number>): Contest => ({
  unit: 'ms',
  size,
  quickSize: 100,
  warmUps: 0,
  rounds: 3,
  lacks: lacking,
  ours: (count) => among(count, measure),
  lines: [{ name, baseline: 'the bound', theirs: () => limit, limit }],
});

export const pages: readonly Contest[] = [
  shown('page in Chromium: first painted tree of 100,000 actors, value in ms', actors, 2_000, firstPaint),
  shown('page in Chromium: search among 100,000 actors, value in ms', actors, 200, search),
  shown('page in Chromium: longest task at 10,000 actors, value in ms', 10_000, 50, longestTask),
];
