/** The page with very many actors that live: a person opens the tree, goes to its end, searches, sorts, looks at one. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { dynamicSupervisor, server } from '../../index.ts';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { useDevtools } from '../helpers/use-devtools.ts';

const many = 20_000;
const idle = server({ init: () => 0, cast: { add: (sum, by: number) => sum + by } });

describe('the page, with hundreds of messages a second', function () {
  this.timeout(60_000);
  let browser: Browser;
  before(async function () {
    browser = await launch(this);
    await builtPage();
  });
  const test = useDevtools(() => ({ one: idle }), { actions: true });
  after(() => browser?.close());

  it('draws those in sight alone, at the beginning and at the end', async () => {
    const { viewer } = await test.connect();
    await viewer.act({ do: 'traceStart' });
    for (let by = 1; by <= 400; by += 1) test.app.children.one.cast('add', by);
    const { page } = await openPage(browser, test.devtools.newLink() as string);
    await page.goto(`${test.devtools.url}/#/messages`);
    await page.getByText('300 of 400').waitFor();
    const row = (seq: number) => page.getByRole('link', { name: `#${seq}`, exact: true });
    await row(400).waitFor();
    expect(await page.getByRole('row').count()).to.be.below(80);
    await page.getByRole('region', { name: 'messages' }).focus();
    await page.keyboard.press('End');
    await row(101).waitFor();
    expect(await page.getByRole('row').count()).to.be.below(80);
    await page.close();
  });
});

describe('the page, with twenty thousand actors that live', function () {
  this.timeout(120_000);
  let browser: Browser;
  let page: Page;
  before(async function () {
    browser = await launch(this);
    await builtPage();
  });
  const test = useDevtools(() => ({ crowd: dynamicSupervisor() }), { actions: true });
  after(() => browser?.close());
  const line = (path: string) => page.locator(`[role=treeitem][data-path="${path}"]`);

  it('shows them as a tree and as a table, and finds, sorts, follows and opens one', async () => {
    const { crowd } = test.app.children;
    for (let first = 0; first < many; first += 1_000) {
      const ids = Array.from({ length: 1_000 }, (_, nth) => `a-${first + nth}`);
      await Promise.all(ids.map((id) => crowd.startChild({ id, logic: idle })));
    }
    const opened = await openPage(browser, test.devtools.newLink() as string);
    ({ page } = opened);
    await page.getByText('20,002', { exact: true }).first().waitFor();
    await page.goto(`${test.devtools.url}/#/tree`);
    await page.getByText('20,002 lines').waitFor();
    await line('app').focus();
    await page.keyboard.press('End');
    await line(`app/crowd/a-${many - 1}`).waitFor();
    expect(await page.getByRole('treeitem').count()).to.be.below(100);

    await page.keyboard.press('/');
    await page.keyboard.type('a-1234');
    await page.getByText('11 of 11').waitFor();
    await page.keyboard.press('Enter');
    await line('app/crowd/a-1234').waitFor();
    await crowd.startChild({ id: 'late', logic: idle });
    await page.getByText('20,003 lines').waitFor();

    await test.app.system.lookup('app/crowd/a-777')?.accept({ kind: 'cast', name: 'add', arg: 5 });
    await page.getByRole('button', { name: 'table', exact: true }).click();
    await page.getByLabel('sort by').selectOption('handled');
    await page.getByText('20,003 actors').waitFor();
    await page.getByRole('row').nth(2).getByText('app/crowd/a-777#1').waitFor();
    await page.getByRole('link', { name: 'app/crowd/a-777#1' }).click();
    await page.getByRole('heading', { name: 'app/crowd/a-777#1' }).waitFor();
    expect(opened.problems).to.deep.equal([]);
    await page.close();
  });
});
