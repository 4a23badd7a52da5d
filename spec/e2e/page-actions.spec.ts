/** What a person does to an actor on the page, in a real browser, with a real system behind it. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { reply, server } from '../../index.ts';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { useDevtools } from '../helpers/use-devtools.ts';

const counter = server({
  init: () => ({ count: 1, told: '' }),
  call: { add: (state, by: number) => reply(state.count + by, { ...state, count: state.count + by }) },
  cast: { reset: (state, count: number) => ({ ...state, count }) },
  info: (state, message) => ({ ...state, told: JSON.stringify(message) }),
});

describe('what the page does to an actor', function () {
  this.timeout(60_000);
  let browser: Browser;
  let page: Page;
  before(async function () {
    browser = await launch(this);
    await builtPage();
  });
  const test = useDevtools(() => ({ counter }), { actions: true });
  beforeEach(async () => {
    ({ page } = await openPage(browser, test.devtools.newLink() as string));
    await page.goto(`${test.devtools.url}/#/actor/app/counter`);
    await page.getByRole('heading', { name: 'app/counter#1' }).waitFor();
  });
  afterEach(() => page.close());
  after(() => browser?.close());

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const state = () => page.getByRole('region', { name: 'State' });
  /** Sends by the form; `as` is what its choice says. */
  const send = async (as: string, name: string | undefined, json: string) => {
    await page.getByRole('combobox', { name: /^as/ }).selectOption(as);
    if (name !== undefined) await page.getByRole('textbox', { name: /^name/ }).fill(name);
    await page.getByRole('textbox', { name: /^JSON/ }).fill(json);
    await press('send');
  };

  it('is a pause: a suspended one handles nothing until it is resumed', async () => {
    await press('suspend');
    await page.getByRole('button', { name: 'resume', exact: true }).waitFor();
    test.app.children.counter.cast('reset', 7);
    await page.locator('main').getByText('suspended').first().waitFor();
    expect(test.app.children.counter.process?.mailboxLength).to.equal(1);
    await press('resume');
    await state().getByText('count: 7').waitFor();
    await page.getByRole('button', { name: 'suspend', exact: true }).waitFor();
  });

  it('is a message, a cast, or a call whose reply it shows', async () => {
    await press('send…');
    await send('info', undefined, '{ "type": "hello" }');
    await state().getByText('hello').waitFor();
    await send('cast', 'reset', '40');
    await state().getByText('count: 40').waitFor();
    await send('call', 'add', '2');
    await page.getByRole('status', { name: 'reply' }).getByText('42').waitFor();
    await state().getByText('count: 42').waitFor();
  });

  it('is another state, at yes', async () => {
    await press('set state…');
    await page.getByLabel(/the state that it has/).fill('{ "count": 100, "told": "by hand" }');
    await press('set');
    await press('yes, set');
    await state().getByText('by hand').waitFor();
    expect(await test.app.children.counter.call('add', 1)).to.equal(101);
  });

  it('is a restart in order, at yes: the next life begins anew', async () => {
    await test.app.children.counter.call('add', 10);
    await press('restart');
    await press('yes, restart');
    await page.getByRole('heading', { name: 'app/counter#2' }).waitFor();
    await state().getByText('count: 1', { exact: true }).waitFor();
    await page
      .getByRole('table', { name: 'incarnations' })
      .getByRole('row', { name: /#1.*shutdown/ })
      .waitFor();
  });

  it('stands in the audit, also what was refused', async () => {
    await press('suspend');
    await page.getByRole('button', { name: 'resume', exact: true }).click();
    await press('send…');
    await send('call', 'nothing', 'null');
    await page.locator('.notice.bad').waitFor();
    await page.goto(`${test.devtools.url}/#/audit`);
    await page.getByRole('row', { name: /suspend.*app\/counter.*done/ }).waitFor();
    await page.getByRole('row', { name: /resume.*app\/counter.*done/ }).waitFor();
    const failed = await page.getByRole('row', { name: /send.*app\/counter/ }).textContent();
    expect(failed).to.not.include('done');
  });
});
