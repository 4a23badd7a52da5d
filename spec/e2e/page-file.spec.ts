/** An exported trace, opened in the page: no live system has to be there. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { writeTrace } from '../../devtools/export/trace-writer.ts';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { PageHost } from '../helpers/page-host.ts';
import { actorRow, crashReport, messageRow, spanRow, traceHeader } from '../helpers/trace-records.ts';

const rows = [
  actorRow('app', { kind: 'supervisor', children: 2, strategy: 'one_for_one' }),
  actorRow('app/counter', { restarts: 1 }),
  actorRow('app/front'),
];
const records = [
  { record: 'message', ...messageRow(1, { name: 'visit', to: 'app/front#1' }) },
  {
    record: 'message',
    ...messageRow(2, { name: 'boom', from: 'app/front#1', cause: 1, outcome: 'crashed', error: 'Error: boom' }),
  },
  { record: 'crash', ...crashReport(1) },
  { record: 'span', ...spanRow('a', { name: 'rank', layer: 'caller' }) },
  { record: 'span', ...spanRow('b', { name: 'rank', layer: 'python', parentSpanId: 'a' }) },
  { record: 'moment', seq: 1, atMs: 1_500, actors: 3, restarts: 0, crashes: 0, rows },
] as const;

describe('a trace file in the page', function () {
  this.timeout(60_000);
  const host = new PageHost(
    () => ({ head: { health: 'all well', well: true }, rows: [], total: 0 }),
    ['read', 'operate'],
  );
  let browser: Browser;
  let page: Page;
  let problems: string[];
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
    ({ page, problems } = await openPage(browser, `${host.url}#/file`));
  });
  afterEach(() => page.close());

  const open = (text: string) =>
    page.locator('input[type=file]').setInputFiles({
      name: 'monday.trace.jsonl',
      mimeType: 'application/jsonl',
      buffer: Buffer.from(text),
    });
  const whole = [...writeTrace(traceHeader, records)].join('');
  const show = (hash: string) => page.goto(`${host.url}#/${hash}`);

  it('shows what is in it in the same views, marked as a file, with nothing to be done to it', async () => {
    await open(whole);
    const banner = page.getByRole('status').filter({ hasText: 'not a live system: monday.trace.jsonl' });
    await banner.waitFor();
    await show('tree');
    await page.locator('[role=treeitem][data-path="app/counter"]').waitFor();
    await show('messages/2');
    await page.getByRole('region', { name: 'What led to it' }).getByText('visit').waitFor();
    await show('crashes');
    await page.getByRole('table', { name: 'crashes' }).getByRole('link', { name: '#1', exact: true }).click();
    await page.getByRole('heading', { name: /^Crash #1/ }).waitFor();
    await show('trace/t1');
    await page.locator('.waterfall li').filter({ hasText: 'Python' }).waitFor();
    await show('time?at=1');
    await page.getByText('The past').waitFor();
    await show('actor/app/counter');
    await page.getByText('a file is shown, not a live system').first().waitFor();
    expect(await page.getByRole('button', { name: 'kill' }).isDisabled()).to.equal(true);
    await banner.waitFor();
    expect(problems).to.deep.equal([]);
  });

  it('gives way to the live system again', async () => {
    await open(whole);
    await page.getByRole('button', { name: 'close it', exact: true }).click();
    await show('overview');
    await page.getByText('all well').waitFor();
    expect(await page.getByText('not a live system').count()).to.equal(0);
  });

  const refused: readonly (readonly [what: string, text: string, said: RegExp])[] = [
    ['no trace', 'hello', /line 1: it is not the header/],
    ['of a newer version', '{"format":"ophion.trace","version":99}\n', /version 99/],
    ['broken within', `${whole}{"record":\n${whole}`, /line \d+: it is not JSON/],
    ['empty', '', /the file is empty/],
  ];
  for (const [what, text, said] of refused) {
    it(`is refused with its reason when it is ${what}, and the live system stays`, async () => {
      await open(text);
      await page.getByRole('alert').filter({ hasText: said }).waitFor();
      expect(await page.getByText('not a live system').count()).to.equal(0);
    });
  }

  it('says when it was cut off', async () => {
    await open(`${whole}{"record":"message","seq"`);
    await page.getByText('cut off: the file may not be whole').waitFor();
  });
});
