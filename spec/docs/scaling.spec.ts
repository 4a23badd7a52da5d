/** docs/scaling.md against what is there: its figures are those of the model, its settings those of the programs. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { defaults } from '../../deploy/settings.ts';
import { readCosts } from '../../deploy/sizing/costs.ts';
import { defaultLoad } from '../../deploy/sizing/load.ts';
import { costTable, setUpOfTheManifest, sized, sizes, table } from '../../deploy/sizing/report.ts';
import { read, root, settingsIn } from '../helpers/deployment.ts';

describe('docs/scaling.md', function () {
  this.timeout(60_000);
  const page = read('docs/scaling.md');
  const costs = readCosts();

  it('has the table that `npm run sizing` prints', () => {
    expect(page).to.include(table(sizes.map((sessions) => sized({ ...defaultLoad, sessions }, costs))));
    expect(page).to.include(setUpOfTheManifest(defaultLoad, costs));
  });

  it('has the costs that were measured', () => {
    const { on, node, server, processor } = costs.measured;
    expect(page).to.include(costTable(costs));
    for (const one of [on, node, server, processor]) expect(page).to.include(one);
  });

  it('names each setting with its default, and no other', () => {
    const rows = [...page.matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \| (.*?) \|/gm)];
    const named = rows.flatMap(([, names = '', value]) =>
      [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => [name, value]),
    );
    expect(named.map(([name]) => name).sort()).to.deep.equal([...settingsIn('deploy/settings.ts')].sort());
    for (const [name, value] of Object.entries(defaults)) expect(named).to.deep.include([name, `\`${value}\``]);
  });

  it('names every file of deploy/', () => {
    for (const file of readdirSync(join(root, 'deploy'), { withFileTypes: true })) {
      if (file.name.endsWith('.dockerignore') || file.name === 'secrets' || file.name === '__pycache__') continue;
      expect(page).to.include(`\`${file.name}${file.isDirectory() ? '/' : ''}\``);
    }
  });
});
