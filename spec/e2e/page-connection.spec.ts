/** The page's connection to its host: refused, lost, made again; and what a person may do over it. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { ViewerMessage } from '../../devtools/protocol/index.ts';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { type Answers, PageHost } from '../helpers/page-host.ts';

const actor = { path: 'app/counter', pid: 'app/counter#1', kind: 'server', status: 'running', children: 0 };
const answers: Answers = ({ view }) =>
  view === 'actor'
    ? { head: { ...actor, childSpecs: [], incarnations: [], state: 1 }, rows: [], total: 0 }
    : { head: { health: 'all well', well: true }, rows: [], total: 0 };

/** But that of the banner of faults, in whose place it is said that the connection is lost. */
const isWatch = (message: ViewerMessage) => 'watch' in message && message.watch.view !== 'faults';
const deedsOf = ({ asked }: PageHost) => asked.flatMap((message) => ('act' in message ? [message.act] : []));

describe('the connection of the page', function () {
  this.timeout(60_000);
  let browser: Browser;
  let host: PageHost;
  before(async function () {
    browser = await launch(this);
    await builtPage();
  });
  after(() => browser?.close());
  const started = async (scopes?: readonly string[]) => {
    host = new PageHost(answers, scopes);
    await host.listen();
    return host.url;
  };
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await host?.close();
  });

  it('asks for nothing beyond its own origin, and nothing that a strict policy stops', async () => {
    const { page, problems } = await openPage(browser, await started());
    await page.getByText('all well').waitFor();
    expect(problems).to.deep.equal([]);
  });

  it('is made again when it is lost, says so meanwhile, and goes on by number', async () => {
    const { page } = await openPage(browser, await started());
    await page.getByText('all well').waitFor();
    const before = host.asked.filter(isWatch).length;
    host.cutOff();
    await page.getByText('The connection is lost').waitFor();
    await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
    const again = host.asked.filter(isWatch).slice(before);
    expect(again).to.have.length(before);
    for (const message of again) expect(message).to.include({ after: 1 });
    expect(await page.getByText('The connection is lost').count()).to.equal(0);
  });

  it('says what to do when the host does not know the browser any more', async () => {
    const { page } = await openPage(browser, await started());
    await page.getByText('all well').waitFor();
    host.refuses = true;
    host.cutOff();
    await page.getByRole('alert').filter({ hasText: 'This link was used already' }).waitFor();
    expect(await page.getByText('ophion devtools open').count()).to.equal(1);
  });

  it('lets nothing be done without its scope, and says which one', async () => {
    const { page } = await openPage(browser, `${await started(['read'])}#/actor/app/counter`);
    for (const name of ['restart', 'kill', 'suspend', 'send…', 'set state…'])
      expect(await page.getByRole('button', { name, exact: true }).isDisabled(), name).to.equal(true);
    await page.getByText('needs scope operate').first().waitFor();
    expect(await page.getByRole('button', { name: 'record' }).isEnabled()).to.equal(true);
  });

  it('asks once before what cannot be taken back, does it at yes and not at no', async () => {
    const { page } = await openPage(browser, `${await started(['read', 'operate'])}#/actor/app/counter`);
    await page.getByRole('button', { name: 'kill', exact: true }).click();
    await page.getByText('Kill app/counter, without a chance to clean up?').waitFor();
    await page.getByRole('button', { name: 'no', exact: true }).click();
    expect(deedsOf(host)).to.deep.equal([]);
    await page.getByRole('button', { name: 'kill', exact: true }).press('Enter');
    // The question has the focus: Enter says yes.
    await page.keyboard.press('Enter');
    await page.getByText('kill app/counter: done').waitFor();
    expect(deedsOf(host)).to.deep.equal([{ do: 'kill', path: 'app/counter' }]);
  });

  it('keeps the choice between light and dark', async () => {
    const { page } = await openPage(browser, await started());
    await page.getByRole('button', { name: /colours: system/ }).click();
    await page.getByRole('button', { name: /colours: light/ }).click();
    await page.reload();
    await page.getByRole('button', { name: /colours: dark/ }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).to.equal('rgb(20, 24, 27)');
  });
});
