/** Faults from the page: started, seen at work, and ended by anybody, whatever became of who started them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type Devtools, startDevtools } from '../../devtools/index.ts';
import { nodeRuntime, reply, type SystemRef, server, startSupervisor } from '../../index.ts';
import { activePlans, armFaults, nextRestart, parsePlan, stopAllFaults } from '../../testing/index.ts';
import { launch, openPage } from '../helpers/chromium.ts';
import { builtPage } from '../helpers/page-build.ts';
import { rejection } from '../helpers/rejection.ts';

const till = server({
  init: () => 0,
  call: { pay: (sold, by: number) => reply(sold + by, sold + by) },
});

describe('faults on the page', function () {
  this.timeout(120_000);
  let browser: Browser;
  let app: SystemRef<{ till: typeof till }>;
  let tools: Devtools;
  const problems: string[] = [];
  before(async function () {
    browser = await launch(this);
    await builtPage();
    app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      maxRestarts: 100,
      children: { till },
    });
    tools = await startDevtools(app, { actions: true, printCrashes: false });
  });
  after(async () => {
    await browser?.close();
    await tools?.stop();
    await app?.stop();
  });
  afterEach(() => {
    stopAllFaults(app);
    expect(problems.splice(0)).to.deep.equal([]);
  });

  const opened = async (view: string): Promise<Page> => {
    const { page, problems: seen } = await openPage(browser, tools.newLink() as string);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${tools.url}/#/${view}`);
    page.on('close', () => problems.push(...seen));
    return page;
  };
  const banner = (page: Page) => page.getByRole('status').filter({ hasText: 'Faults are injected' });

  it('finds a fault, puts it together, starts it, shows the crash that comes of it and the actor back, and stops all', async () => {
    const page = await opened('faults');
    await page.getByRole('searchbox', { name: 'search' }).fill('n-th message');
    await page.getByRole('button', { name: 'use actor.throwOnNth' }).click();
    await page.getByRole('textbox', { name: 'where: path' }).fill('app/till');
    await page.getByRole('textbox', { name: 'what: error' }).fill('no paper');
    const form = page.getByRole('textbox', { name: 'plan, in the short form' });
    const written = 'actor.receive{path=app/till,nth=1}=throw("no paper")';
    // The host has answered.
    while ((await form.inputValue()) !== written);
    expect(await banner(page).count()).to.equal(0);
    await page.getByRole('button', { name: 'start', exact: true }).click();
    await banner(page).waitFor();
    const restarted = nextRestart(app.children.till);
    expect(((await rejection(app.children.till.call('pay', 1))) as Error).message).to.include('no paper');
    await restarted;
    expect(await app.children.till.call('pay', 2)).to.equal(2);
    const row = page.getByRole('table', { name: 'armed fault plans' }).getByRole('row').nth(1);
    await row.filter({ hasText: /2\s*1\s*0/ }).waitFor();
    await page.goto(`${tools.url}/#/crashes/1`);
    await page.getByText(/Injected: throw\("no paper"\) at actor\.receive, rule r1 of fault plan p\d/).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'export as test' }).click();
    const saved = readFileSync((await (await download).path()) as string, 'utf8');
    expect(saved).to.include('armFaults(app, parsePlan(\'actor.receive{path=app/subject,nth=1}=throw("no paper")\'));');
    // On every view.
    await banner(page).getByRole('button', { name: 'stop all faults' }).click();
    await banner(page).waitFor({ state: 'detached' });
    expect(activePlans(app)).to.deep.equal([]);
    await page.goto(`${tools.url}/#/audit`);
    await page.getByRole('cell', { name: 'faultsStop', exact: true }).waitFor();
    await page.close();
  });

  it('says of a plan that is written what is wrong with it, and does not start it', async () => {
    const page = await opened('faults');
    const form = page.getByRole('textbox', { name: 'plan, in the short form' });
    const start = page.getByRole('button', { name: 'start', exact: true });
    for (const [plan, said] of [
      ['actor.receive{nth=0}=throw', 'rules[0].when.nth'],
      ['process.run=kill', 'faultDoors(nodeRuntime())'],
    ] as const) {
      await form.fill(plan);
      await page.locator('output').filter({ hasText: said }).waitFor();
      expect(await start.isDisabled()).to.equal(true);
    }
    await form.fill('actor.receive{path=app/nobody}=throw');
    await page.getByText('can be started').waitFor();
    await page.close();
  });

  it('shows a plan that code has armed on every view, with its countdown, and ends it', async () => {
    const page = await opened('tree');
    armFaults(app, { ...parsePlan('actor.receive{path=app/nobody}=throw'), expiresMs: 600_000 });
    for (const view of ['tree', 'messages', 'workers', 'overview']) {
      await page.goto(`${tools.url}/#/${view}`);
      await banner(page)
        .filter({ hasText: /1 plan by code, ends in \d+\.\d s/ })
        .waitFor();
    }
    await banner(page).getByRole('button', { name: 'stop all faults' }).press('Enter');
    await banner(page).waitFor({ state: 'detached' });
    expect(activePlans(app)).to.deep.equal([]);
    await page.close();
  });

  it('leaves a plan armed when the viewer that started it is killed, and another one stops it', async () => {
    const first = await opened('faults');
    await first.getByRole('textbox', { name: 'plan, in the short form' }).fill('actor.receive{path=app/till}=hang');
    await first.getByText('can be started').waitFor();
    await first.getByRole('button', { name: 'start', exact: true }).click();
    await banner(first).waitFor();
    await first.close();
    const held = app.children.till.call('pay', 1, { timeoutMs: 60_000 });
    const second = await opened('overview');
    await banner(second).getByRole('link', { name: '1 plan' }).click();
    await second
      .getByRole('table', { name: 'armed fault plans' })
      .getByRole('button', { name: /^stop p\d+$/ })
      .click();
    expect(await held).to.be.a('number');
    await banner(second).waitFor({ state: 'detached' });
    await second.close();
  });

  it('draws what a fault did into the sequence of messages', async () => {
    const page = await opened('messages?diagram=1');
    tools.inspector.trace.start({ path: 'app/till' });
    armFaults(app, parsePlan('message.send{path=app/till,nth=1}=drop;message.send{path=app/till,nth=2}=delay(5)'));
    await rejection(app.children.till.call('pay', 1, { timeoutMs: 20 }));
    await app.children.till.call('pay', 1);
    await page.locator('.picture text').filter({ hasText: '⚡ dropped (r1 of p' }).waitFor();
    await page.locator('.picture text').filter({ hasText: '⚡ delayed by 5 ms (r2 of p' }).waitFor();
    await page.close();
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has no serious fault that axe finds while plans are armed, in ${scheme}`, async () => {
      const page = await opened('faults?fault=actor.slow');
      armFaults(app, parsePlan('actor.receive{path=app/nobody}=pause;actor.init=sleep(1)'));
      await page.emulateMedia({ colorScheme: scheme });
      await page.getByRole('button', { name: /^release p\d+ r1$/ }).waitFor();
      await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
      const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as {
        id: string;
        impact: string;
        nodes: { html: string }[];
      }[];
      const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).to.deep.equal([]);
      await page.close();
    });
  }
});
