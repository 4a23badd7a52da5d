/** The tree of the page with ten thousand actors: what is drawn, what is asked for, and how the keyboard walks it. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { Query, TreeRow } from '../../devtools/protocol/index.ts';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { PageHost } from '../helpers/page-host.ts';

const workers = 10_000;
const line = (path: string, children = 0): Partial<TreeRow> => ({
  path,
  pid: `${path}#1`,
  kind: children > 0 ? 'supervisor' : 'server',
  status: 'running',
  children,
  depth: path.split('/').length - 1,
});
const all = [
  line('app', 2),
  line('app/first', 1),
  line('app/first/one'),
  line('app/pool', workers),
  ...Array.from({ length: workers }, (_, number) => line(`app/pool/w${number}`)),
];

/** As a host folds and cuts it. */
function answer(query: Query): object {
  if (query.view === 'actors') {
    const found = all.filter(({ path }) => path?.includes(query.search ?? ''));
    return { head: null, rows: found.slice(0, query.limit).map((row) => [row.path, row]), total: found.length };
  }
  if (query.view !== 'tree') return { head: { path: 'app/first/one', state: 1 }, rows: [], total: 0 };
  const { open, closed = [], offset = 0, limit = 100 } = query;
  const isOpen = (path: string) => (open === 'all' || open.includes(path)) && !closed.includes(path);
  const rows = all
    .filter(({ path = '' }) =>
      path.split('/').every((_, depth, parts) => depth === 0 || isOpen(parts.slice(0, depth).join('/'))),
    )
    .map((row) => ({ ...row, open: isOpen(row.path ?? '') }));
  return {
    head: { atMs: null },
    rows: rows.slice(offset, offset + limit).map((row) => [row.path, row]),
    total: rows.length,
  };
}

describe('the tree of the page, with ten thousand actors', function () {
  this.timeout(60_000);
  const host = new PageHost(answer);
  let browser: Browser;
  let page: Page;
  before(async function () {
    browser = await launch(this);
    await builtPage();
    await host.listen();
  });
  after(async () => {
    await browser?.close();
    await host.close();
  });
  beforeEach(async () => {
    ({ page } = await openPage(browser, `${host.url}#/tree`));
    await line0().waitFor();
  });
  afterEach(() => page.close());

  const at = (path: string) => page.locator(`[role=treeitem][data-path="${path}"]`);
  const line0 = () => at('app');
  const focused = () => page.locator('[role=treeitem]:focus');
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };

  it('draws the lines in sight and no more, at the beginning and at the end', async () => {
    expect(await page.getByRole('treeitem').count()).to.be.below(80);
    await line0().focus();
    await press('End');
    await at(`app/pool/w${workers - 1}`)
      .and(focused())
      .waitFor();
    expect(await page.getByRole('treeitem').count()).to.be.below(80);
    const asked = host.asked.flatMap((message) =>
      'watch' in message && message.watch.view === 'tree' ? [message.watch] : [],
    );
    for (const query of asked) expect((query as { limit: number }).limit).to.be.at.most(1_000);
  });

  it('is walked by arrows, folded and unfolded, and Enter opens the actor', async () => {
    await line0().focus();
    await press('ArrowDown', 'ArrowDown');
    await at('app/first/one').and(focused()).waitFor();
    await press('ArrowLeft');
    await at('app/first').and(focused()).waitFor();
    await press('ArrowLeft');
    await at('app/first/one').waitFor({ state: 'detached' });
    expect(await at('app/first').getAttribute('aria-expanded')).to.equal('false');
    await press('ArrowRight');
    await at('app/first/one').waitFor();
    await press('ArrowRight');
    await at('app/first/one').and(focused()).waitFor();
    await press('Enter');
    await page.waitForURL(/#\/actor\/app\/first\/one$/);
  });

  it('has one line that Tab reaches', async () => {
    expect(await page.locator('[role=treeitem][tabindex="0"]').count()).to.equal(1);
  });

  it('has what is folded in its address', async () => {
    await at('app/pool').locator('.tree-fold').click();
    await at('app/pool/w0').waitFor({ state: 'detached' });
    await page.reload();
    await at('app/pool').waitFor();
    expect(await at('app/pool').getAttribute('aria-expanded')).to.equal('false');
    expect(await at('app/pool/w0').count()).to.equal(0);
  });

  it('goes to a line far down that was searched for with the slash', async () => {
    await press('/');
    await page.keyboard.type('w8765');
    await page.getByRole('option', { name: /w8765/ }).waitFor();
    await press('Enter');
    await at('app/pool/w8765').and(focused()).waitFor();
  });

  it('shows the same actors as a table', async () => {
    await page.getByRole('button', { name: 'table', exact: true }).click();
    await page.getByRole('row', { name: /app\/pool\/w0#1/ }).waitFor();
    await page.getByText('10,004 actors').waitFor();
    expect(await page.getByRole('row').count()).to.be.below(80);
  });
});
