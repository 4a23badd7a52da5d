/**
 * The pictures in docs/devtools.md: taken of a system that runs. `OPHION_WRITE_PICTURES=1` writes them anew; without it a
 * test sees that each can be taken, and stands there as a picture of the same size.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { nextEvent } from '../../devtools/index.ts';
import { pythonTool } from '../../index.ts';
import { launch } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { type PageSystem, startPageSystem } from '../helpers/page-system.ts';

const folder = fileURLToPath(new URL('../../docs/pictures', import.meta.url));
const ask = pythonTool<{ question: string }, { answer: string }>('ask');

/** Width and height, as a PNG says them. */
function sizeOf(png: Buffer): readonly number[] {
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe('the pictures of the dev tools', function () {
  this.timeout(120_000);
  let browser: Browser;
  let page: Page;
  let system: PageSystem | undefined;
  before(async function () {
    browser = await launch(this);
    await builtPage();
    system = await startPageSystem();
    const { counter } = system.app.children.shop.children;
    await counter.call('add', 2);
    const restarted = nextEvent(system.app, 'child.restarted');
    counter.cast('boom');
    await restarted;
    await system.context.call(ask, { question: 'why?' });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(system.tools.newLink() as string);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await system?.stop();
  });

  for (const [name, hash, wanted] of [
    ['tree', 'tree', '[data-path="app/shop/counter"]'],
    ['crash', 'crashes/1', 'text=It lives on as'],
    ['actor', 'actor/app/shop/light', 'text=Statechart'],
    ['session', 'sessions/demo?variable=temperature', 'text=temperature'],
  ] as const) {
    it(`show ${name}`, async () => {
      await page.goto(`${system?.tools.url}/#/${hash}`);
      await page.locator(wanted).first().waitFor();
      const taken = await page.screenshot();
      const file = join(folder, `${name}.png`);
      if (process.env.OPHION_WRITE_PICTURES === '1') {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, taken);
      }
      expect(sizeOf(taken)).to.deep.equal([1280, 800]);
      expect(sizeOf(readFileSync(file))).to.deep.equal([1280, 800]);
    });
  }
});
