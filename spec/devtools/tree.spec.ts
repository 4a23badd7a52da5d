import { expect } from 'chai';
import { nodeRuntime, server } from '../../actors/core/index.ts';
import { formatTree, inspectTree, totalRestarts } from '../../devtools/index.ts';
import { dynamicSupervisor, startSupervisor, supervisor } from '../../supervisors/index.ts';

const child = server({
  init: () => 0,
  cast: {
    boom: () => {
      throw new Error('boom');
    },
  },
});

describe('inspectTree', () => {
  it('shows every actor, in start order, with its restarts', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { first: child, jobs: supervisor({ children: { a: child, b: child } }), dynamic: dynamicSupervisor() },
    });
    await app.children.dynamic.startChild({ id: 'x', logic: child });
    app.children.jobs.children.b.cast('boom');
    await app.children.jobs.children.b.monitor();
    await app.children.jobs.countChildren();
    const tree = inspectTree(app);
    expect(formatTree(tree)).to.equal(
      ['app#1', '├─ first#1', '├─ jobs#1', '│  ├─ a#1', '│  └─ b#2  restarts 1', '└─ dynamic#1', '   └─ x#1'].join(
        '\n',
      ),
    );
    expect(totalRestarts(tree)).to.equal(1);
  });
});
