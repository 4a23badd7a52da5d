/** The page of the dev tools with a real system behind it, in a real browser: what a person finds out and does there. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { show as snapshotOf } from '../../devtools/inspect/views.ts';
import { pythonTool } from '../../index.ts';
import { launch } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { type PageSystem, passer, startPageSystem } from '../helpers/page-system.ts';

const ask = pythonTool<{ question: string }, { answer: string }>('ask');
const fail = pythonTool<{ message: string }, null>('fail');
const read = pythonTool<{ name: string }, { value: unknown }>('read');
const worker = 'app/ophion/pools/default/workers/w-1';

const noFacts = { viewers: () => [], audit: () => ({ head: null, rows: [], total: 0 }) };

describe('the page, with a system behind it', function () {
  this.timeout(120_000);
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let system: PageSystem;
  const problems: string[] = [];
  before(async function () {
    browser = await launch(this);
    await builtPage();
    system = await startPageSystem();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${system.tools.url}/`)) problems.push(`request: ${request.url()}`);
    });
    await page.goto(system.tools.newLink() as string);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await system?.stop();
  });
  afterEach(() => expect(problems.splice(0)).to.deep.equal([]));

  const show = (hash: string) => page.goto(`${system.tools.url}/#/${hash}`);
  const line = (path: string) => page.locator(`[role=treeitem][data-path="${path}"]`);
  const heading = (name: string | RegExp) => page.getByRole('heading', { name });
  /** The page's tree and a full snapshot are the same. */
  const showsAll = async () => {
    const { rows } = await snapshotOf<'tree'>(
      { view: 'tree', open: 'all', limit: 1_000 },
      system.tools.inspector,
      noFacts,
    );
    const paths = rows.map(([path]) => path);
    await page.getByText(`${paths.length} lines`, { exact: true }).waitFor();
    const lines = page.getByRole('treeitem');
    expect(await lines.evaluateAll((all) => all.map((one) => one.getAttribute('data-path')))).to.deep.equal(paths);
  };
  const counter = () => system.app.children.shop.children.counter;

  it('has neither code nor token in its address, and a code is good once', async () => {
    expect(page.url()).to.match(/^http:\/\/127\.0\.0\.1:\d+\/(#\/)?$/);
    expect(await page.evaluate('document.cookie')).to.equal('');
    const link = system.tools.newLink() as string;
    const other = await browser.newContext();
    const [first, second] = [await other.newPage(), await (await browser.newContext()).newPage()];
    expect((await first.goto(link))?.status()).to.equal(200);
    expect((await second.goto(link))?.status()).to.equal(401);
    expect((await second.goto(`${system.tools.url}/`))?.status()).to.equal(401);
    await other.close();
  });

  it('shows the tree that is there, line by line', async () => {
    await show('tree');
    await line(worker).waitFor();
    await showsAll();
  });

  it('shows the tree that is there after a storm of ten thousand short-lived actors', async () => {
    await show('tree');
    await line(worker).waitFor();
    const { crowd } = system.app.children;
    const batch = 250;
    for (let first = 0; first < 10_000; first += batch) {
      const ids = Array.from({ length: batch }, (_, number) => `p-${first + number}`);
      await Promise.all(ids.map((id) => crowd.startChild({ id, logic: passer, restart: 'temporary' })));
      // Of some, a few live on.
      const ended = first % 2_500 === 0 ? ids.slice(1) : ids;
      await Promise.all(ended.map((id) => crowd.terminateChild(id)));
    }
    await line('app/crowd/p-7500').waitFor();
    await showsAll();
    await Promise.all([0, 2_500, 5_000, 7_500].map((number) => crowd.terminateChild(`p-${number}`)));
    await line('app/crowd/p-0').waitFor({ state: 'detached' });
  });

  it('answers why an actor was restarted in three clicks', async () => {
    system.app.children.shop.children.front.cast('visit', counter());
    await counter().monitor();
    await show('tree');
    await line('app/shop/counter').filter({ hasText: '#2' }).click();
    await page.getByRole('table', { name: 'incarnations' }).getByRole('link', { name: /boom/ }).click();
    await heading(/^Crash #\d+ of app\/shop\/counter#1/).waitFor();
    const why = page.getByRole('region', { name: 'Why' });
    await why.getByText('Its supervisor app/shop#1 (one_for_one) restarted it').waitFor();
    await why.getByText('1 of 5 in 1 min').waitFor();
    await why.getByRole('link', { name: 'app/shop/counter#2' }).waitFor();
    await page.getByText('the cause below').first().waitFor();
    const last = page
      .getByRole('table', { name: /last messages/ })
      .getByRole('row')
      .last();
    expect(await last.textContent())
      .to.include('boom')
      .and.include('app/shop/front#1');
  });

  it('lights the keys of a state that change, and masks secrets', async () => {
    await show('actor/app/shop/counter');
    await page.getByText('•••• masked').waitFor();
    await counter().call('add', 5);
    await page.locator('.lit').filter({ hasText: 'count: 5' }).waitFor();
    expect(await page.locator('.lit').filter({ hasText: 'password' }).count()).to.equal(0);
    expect(await page.content()).to.not.include('hunter2');
  });

  it('records the states of an actor, and shows what each message changed', async () => {
    await show('actor/app/shop/counter');
    await page.getByRole('button', { name: 'record', exact: true }).click();
    await page.getByRole('button', { name: 'stop recording' }).waitFor();
    await counter().call('add', 1);
    await counter().call('add', 1);
    const diff = page.getByRole('region', { name: 'History' }).locator('.diff');
    await diff.filter({ hasText: /count/ }).waitFor();
    expect(await diff.textContent()).to.match(/~count67/);
  });

  it('draws the statechart of a machine, with the state that it is in lit', async () => {
    await show('actor/app/shop/light');
    const active = () => page.locator('[data-active=true] text').allTextContents();
    await page.locator('[data-state="light.red"][data-active=true]').waitFor();
    expect(await active()).to.deep.equal(['red']);
    system.app.children.shop.children.light.send({ type: 'go' });
    await page.locator('[data-state="light.green.steady"][data-active=true]').waitFor();
    expect(await active()).to.have.members(['green', 'steady']);
  });

  it('draws that of a statem, with the transitions that it was seen to make', async () => {
    await show('actor/app/shop/till');
    await page.locator('[data-state="till.shut"][data-active=true]').waitFor();
    system.app.children.shop.children.till.cast('open');
    await page.locator('[data-state="till.open"][data-active=true]').waitFor();
    await page.locator('.transition').filter({ hasText: 'open' }).waitFor();
  });

  it('traces messages, and shows what led to one', async () => {
    await show('messages?path=app/shop/**');
    await page.getByRole('button', { name: 'start trace' }).click();
    await page.getByText('recording, ends in').waitFor();
    system.app.children.shop.children.front.cast('visit', counter());
    const crashed = page.getByRole('row', { name: /boom.*crashed/ });
    await crashed.waitFor();
    await crashed.getByRole('link', { name: /^#\d+$/ }).click();
    await page.getByRole('region', { name: 'What led to it' }).getByText('visit').waitFor();
    await page.getByRole('button', { name: 'sequence diagram', exact: true }).click();
    await page
      .getByRole('img', { name: /^sequence diagram of \d+ messages/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'stop trace' }).click();
    await page.getByText('stopped: someone stopped it').waitFor();
  });

  it('follows one call from TypeScript to Python and back as one waterfall', async () => {
    await system.context.call(ask, { question: 'it' });
    await show('bridge?tool=ask');
    await page
      .getByRole('table', { name: 'calls' })
      .getByRole('link', { name: /^trace/ })
      .first()
      .click();
    await heading(/^Trace/).waitFor();
    const spans = page.locator('.waterfall li');
    await spans.filter({ hasText: 'Python' }).first().waitFor();
    const layers = (await spans.locator('.quiet').allTextContents()).join(' ');
    expect(layers).to.include('caller').and.include('TypeScript');
  });

  it('sets a variable that the next call sees, and tells who wrote it', async () => {
    await show('sessions');
    await page.getByRole('link', { name: 'demo' }).click();
    await page.getByRole('button', { name: 'temperature' }).click();
    await page.getByLabel('a new value, as JSON').fill('1.5');
    await page.getByRole('button', { name: 'set', exact: true }).click();
    await page.getByRole('button', { name: 'yes, set' }).click();
    await page.getByRole('row', { name: /1\.5/ }).first().waitFor();
    expect(await system.context.call(read, { name: 'temperature' })).to.deep.include({ value: 1.5 });
    await page
      .getByRole('table', { name: 'versions' })
      .getByRole('row', { name: /devtools/ })
      .waitFor();
    await show('audit');
    await page.getByRole('row', { name: /setVariable.*temperature.*done/ }).waitFor();
  });

  it('says which value is refused', async () => {
    await show('sessions/demo?variable=temperature');
    await page.getByLabel('a new value, as JSON').fill('7');
    await page.getByRole('button', { name: 'set', exact: true }).click();
    await page.getByRole('button', { name: 'yes, set' }).click();
    await page.locator('.notice.bad').filter({ hasText: 'set temperature' }).waitFor();
  });

  it('kills an actor at yes, and shows it come back', async () => {
    await show('actor/app/shop/front');
    await heading('app/shop/front#1').waitFor();
    await page.getByRole('button', { name: 'kill', exact: true }).click();
    await page.getByRole('button', { name: 'yes, kill' }).click();
    await heading('app/shop/front#2').waitFor();
    await page
      .getByRole('table', { name: 'incarnations' })
      .getByRole('row', { name: /#1.*killed/ })
      .waitFor();
  });

  it('shows the Python traceback of what ended an actor', async () => {
    system.app.children.shop.children.clerk.cast('work', () => system.context.call(fail, { message: 'on purpose' }));
    await show('crashes');
    await page
      .getByRole('row', { name: /app\/shop\/clerk#1/ })
      .getByRole('link', { name: /on purpose/ })
      .click();
    await page.locator('.traceback').first().waitFor();
    const tracebacks = (await page.locator('.traceback').allTextContents()).join('\n');
    expect(tracebacks).to.include("KeyError: 'inner'").and.include('ValueError: on purpose');
    await show('bridge?tool=fail');
    await page
      .getByRole('table', { name: 'calls' })
      .getByRole('row', { name: /fail.*failed/ })
      .first()
      .waitFor();
  });

  it("finds the crashed worker's report, with what its process left, and its successor", async () => {
    const [killed] = (await system.app.children.ophion.pools.default.status()).workers;
    if (killed?.osPid === undefined) throw new Error('there is no worker');
    process.kill(killed.osPid, 'SIGKILL');
    await show('crashes');
    const row = page.getByRole('row', { name: new RegExp(`${killed.pid}`) });
    await row.getByRole('link', { name: /^#\d+$/ }).click();
    const left = page.getByRole('region', { name: 'Its process' });
    await left.getByText(/killed by SIGKILL/).waitFor();
    await left.getByText(/OS pid\d+/).waitFor();
    await show('workers');
    await page.getByRole('row', { name: new RegExp(`${killed.pid.path}.*idle`) }).waitFor({ timeout: 60_000 });
    await page.getByRole('link', { name: killed.pid.path }).click();
    await page.getByRole('combobox', { name: 'life' }).waitFor();
  });

  it('goes back in time, and says that it is the past', async () => {
    await show('time');
    await page.getByRole('button', { name: /before/ }).click();
    await page.getByText('The past').waitFor();
    await line('app/shop').waitFor();
    await page.getByRole('link', { name: 'back to now' }).click();
    await heading('Tree').waitFor();
    expect(await page.getByText('The past').count()).to.equal(0);
  });

  it('shows what would happen if, and leaves the system alone', async () => {
    await show('time');
    const pid = system.app.system.lookup('app/shop/counter')?.pid;
    await page.getByLabel('faults').fill('actor.receive{path=app/shop/counter}=throw(what if)');
    await page.getByLabel('message to').fill('app/shop/counter');
    await page.getByLabel('call', { exact: true }).fill('add');
    await page.getByLabel('JSON').fill('5');
    await page.getByRole('button', { name: 'start a sandbox from here' }).click();
    const outcome = page.getByLabel('what became of it');
    await outcome.getByRole('heading', { name: 'app/shop/counter' }).waitFor();
    const text = await outcome.innerText();
    expect(text).to.include('started again 1 time').and.include('what if').and.include('at actor.receive');
    expect(text).to.include('app/ophion is left out');
    expect(system.app.system.lookup('app/shop/counter')?.pid).to.equal(pid);
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has no serious fault that axe finds, in ${scheme}`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
      const views = ['overview', 'tree', 'tree?as=table', 'messages?diagram=1', 'crashes', 'crashes/1', 'sessions'];
      const more = [
        'sessions/demo?variable=temperature',
        `workers/${worker}`,
        'bridge?tool=ask',
        'faults?fault=actor.kill',
        'time',
        'audit',
        'file',
      ];
      for (const view of [...views, 'actor/app/shop/light', 'actor/app/shop/counter', ...more]) {
        await show(view);
        await page.locator('main:not(:has-text("Waiting for the host")):not(:has-text("Drawing"))').waitFor();
        await page.evaluate(axe);
        const faults = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as {
          id: string;
          impact: string;
          nodes: { html: string }[];
        }[];
        const serious = faults.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        expect(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0]?.html}`)).to.deep.equal([]);
      }
    });
  }
});
