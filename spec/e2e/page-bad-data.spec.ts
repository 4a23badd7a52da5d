/** The page of the dev tools with a host that sends what no host of this version would. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { type Answers, PageHost } from '../helpers/page-host.ts';

/** All views, and of those that show one thing one of that. */
const views = [
  'overview',
  'tree',
  'tree?as=table',
  'actor/app/counter',
  'messages?diagram=1',
  'messages/1',
  'crashes',
  'crashes/1',
  'sessions',
  'sessions/s1?variable=a',
  'workers',
  'workers/app/worker',
  'bridge?tool=rank',
  'trace/abc',
  'faults?fault=actor.kill',
  'time?at=1',
  'audit',
  'file',
];

const row = (value: unknown) => ({ rows: [['1', value]], total: 1 });

const bad: readonly (readonly [what: string, answers: Answers])[] = [
  ['a head and rows without a field', () => ({ head: {}, ...row({}) })],
  ['neither head nor rows', () => ({})],
  ['null for each', () => ({ head: null, ...row(null) })],
  ['a text for each', () => ({ head: 'x', ...row('x') })],
  [
    'kinds that it does not know',
    (query) => {
      const value = { $: 'hologram', name: 7, entries: 'none' };
      const fields = {
        path: 'app/x',
        pid: 'app/x#1',
        status: 'levitating',
        kind: 'golem',
        seq: 1,
        id: 1,
        state: value,
      };
      return {
        head: { ...fields, at: value, chart: { id: 'a', states: [{ id: 'a.b', type: 'cloud' }] } },
        ...row({ ...fields, query }),
      };
    },
  ],
];

describe('the page, when its host sends what it should not', function () {
  this.timeout(120_000);
  let browser: Browser;
  before(async function () {
    browser = await launch(this);
    await builtPage();
  });
  after(() => browser?.close());

  for (const [what, answers] of bad) {
    it(`shows a title, the navigation and no blank page in every view: ${what}`, async () => {
      const host = new PageHost(answers);
      await host.listen();
      try {
        const { page, problems } = await openPage(browser, host.url);
        for (const view of views) {
          await page.goto(`${host.url}#/${view}`);
          // Something has come of the first answer.
          await page
            .locator('main:not(:has-text("Waiting for the host")), .left-out:has-text("unreadable")')
            .first()
            .waitFor();
          expect(await page.locator('main h1').count(), view).to.equal(1);
          expect(await page.getByRole('navigation', { name: 'views' }).getByRole('link').count(), view).to.be.above(8);
        }
        expect(problems).to.deep.equal([]);
        await page.close();
      } finally {
        await host.close();
      }
    });
  }

  it('passes over texts that are no messages, says so, and goes on', async () => {
    const host = new PageHost(() => ({ head: { health: 'all well', well: true }, rows: [], total: 0 }));
    await host.listen();
    try {
      const { page, problems } = await openPage(browser, host.url);
      await page.getByText('all well').waitFor();
      for (const text of ['garbage', 'null', '[]', '{"surprise":1}', '{"id":1,"n":2}', '{"id":99,"result":1}'])
        host.send(text);
      await page.getByText('3 unreadable').waitFor();
      await page.getByText('all well').waitFor();
      await page.getByRole('link', { name: 'Tree', exact: true }).click();
      await page.getByRole('heading', { name: 'Tree' }).waitFor();
      expect(problems).to.deep.equal([]);
      await page.close();
    } finally {
      await host.close();
    }
  });

  it('shows values as text, whatever they are made of', async () => {
    const evil = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    const state = { $: 'object', name: evil, entries: [[evil, evil]] };
    const host = new PageHost(({ view }) => {
      if (view !== 'actor') return { head: null, ...row({ path: evil, pid: evil, status: evil }) };
      return {
        head: { path: evil, pid: evil, status: evil, kind: evil, state, incarnations: [{ pid: evil, reason: evil }] },
        rows: [],
        total: 0,
      };
    });
    await host.listen();
    try {
      const { page, problems } = await openPage(browser, `${host.url}#/actor/x`);
      await page.getByText(evil).first().waitFor();
      await page.goto(`${host.url}#/tree`);
      await page.getByRole('treeitem').first().waitFor();
      expect(await page.locator('img, #page script').count()).to.equal(0);
      expect(await page.title()).to.include('Ophion');
      expect(problems).to.deep.equal([]);
      await page.close();
    } finally {
      await host.close();
    }
  });
});
