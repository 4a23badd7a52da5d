/** What Python's commits are refused with: the same codes and details as TypeScript's, as the class of that name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  bridgedState,
  type Context,
  integer,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  type StateError,
  type StateSession,
  startSupervisor,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';
import { commitsOf, take } from '../../testing/state-laws/subject.ts';
import { badCommits, known } from '../helpers/bad-commits.ts';
import { useFullDisk } from '../helpers/full-disk.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

interface Refusal {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}
const commitAfter = pythonTool<object, Refusal>('commit_after');
const commit = pythonTool<object, Refusal>('commit');
const nothing = { set: {}, expect: {}, remove: [], declarations: {}, made: {} };

describe('bad input from a Python worker', function () {
  this.timeout(60_000);
  const start = () =>
    startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({
          state: { limits: { variablesMax: 40 } },
          pools: { default: python({ module: 'refusal_tools', pythonPath: [fixtures], size: 1 }) },
        }),
      },
    });
  // One worker for all of them: a refusal must not harm the next.
  let app: Awaited<ReturnType<typeof start>>;
  let context: Context<Record<never, never>>;
  let session: StateSession;
  before(async () => {
    app = await start();
  });
  beforeEach(async () => {
    const { system, path: root } = app.children.ophion;
    session = await bridgedState().connect({ system, root }).open();
    await session.commit({ declare: known });
    context = await openContext(app.children.ophion, { state: bridgedState(), id: session.id });
  });
  afterEach(() => context.close());
  after(() => app.stop());

  /** Has it refused in Python, and nothing come of it; the next commit from there works. */
  async function refused(given: object): Promise<Refusal> {
    const before = await session.read();
    const watch = session.watch({ from: before.revision });
    const refusal = await context.call(commit, { ...nothing, ...given });
    expect(await session.read()).to.deep.equal(before);
    const next = await context.call(commit, { ...nothing, set: { count: 3 } });
    expect(next).to.deep.equal({ type: 'nothing', revision: before.revision + 1 });
    const [first] = commitsOf(await take(watch, 1));
    expect(first?.written.map(({ name, value }) => [name, value])).to.deep.equal([['count', 3]]);
    await watch.return?.();
    return refusal;
  }

  for (const { what, request, code, says, details = {} } of badCommits) {
    // Python names no fences: a lock that it holds brings its own.
    if (request.fences !== undefined) continue;
    const made = code === 'too_large' ? 'large' : what.includes('nested') ? 'deep' : undefined;

    it(`is a StateError of the code ${code} there, and changes nothing: ${what}`, async () => {
      const { set = {}, expect: versions = {}, remove = [], declare = {} } = request;
      const declarations = Object.fromEntries(Object.entries(declare).map(([name, { type }]) => [name, type]));
      const { doc: _, ...others } = set;
      const values = made === undefined ? { set } : { set: others, made: { doc: made } };
      const refusal = await refused({ ...values, expect: versions, remove, declarations });
      expect(refusal.type).to.be.oneOf(['StateError', 'VariableNotFoundError', 'EncodeError']);
      expect(refusal.code).to.equal(code);
      if (made !== undefined) {
        // What cannot be sent is refused in Python, which names the place or the bound.
        expect(refusal.details).to.have.property(made === 'deep' ? 'path' : 'maxBytes');
        return;
      }
      expect(refusal.message).to.match(says);
      expect(refusal.details).to.deep.include(details);
      const here = (await rejection(session.commit(request))) as StateError;
      expect(Object.keys(refusal.details).sort()).to.deep.equal(Object.keys(here.details).sort());
    });
  }

  it('is a StateError of the code not_found there: a commit to a session that was closed while the call ran', async () => {
    await context.expose({ happens: () => session.close() });
    const refusal = await context.call(commitAfter, {});
    expect(refusal).to.deep.include({ type: 'StateError', code: 'not_found', details: { sessionId: session.id } });
    expect(refusal.message).to.include('is not open');
  });

  it('is a StateError of the code quota there, and changes nothing: one more variable than may be', async () => {
    const names = Array.from({ length: 40 - Object.keys(known).length }, (_, at) => `more${at}`);
    await session.commit({ declare: Object.fromEntries(names.map((name) => [name, integer()])) });
    const refusal = await refused({ set: { base: 77 }, declarations: { one: 'json' } });
    expect(refusal).to.deep.include({ type: 'StateError', code: 'quota', details: { max: 40 } });
    expect(refusal.message).to.match(/40 variables; remove some/);
  });
});

describe('a commit of a Python worker that the disk does not take', function () {
  this.timeout(60_000);
  const disk = useFullDisk();
  let path: string;
  before(() => {
    path = mkdtempSync(join(tmpdir(), 'vault-'));
  });
  after(() => rmSync(path, { recursive: true }));
  const system = useSystem(() =>
    ophion({
      state: { vault: { path } },
      pools: { default: python({ module: 'refusal_tools', pythonPath: [fixtures], size: 1 }) },
    }),
  );

  for (const reason of ['vault_full', 'vault_read_only', 'vault_failed'] as const) {
    it(`is a StateError of the code read_only there, for ${reason}, and works again when the cause is gone`, async () => {
      await using context = await openContext(system.current, { state: bridgedState(), variables: known });
      disk.fill(0, reason);
      const refusal = await context.call(commit, { ...nothing, set: { count: 4 } });
      expect(refusal).to.deep.include({ type: 'StateError', code: 'read_only', details: { reason, path } });
      expect(refusal.message).to.include('nothing was applied');
      expect((await context.variables.snapshot()).revision).to.equal(1);
      disk.free();
      expect(await context.call(commit, { ...nothing, set: { count: 4 } })).to.deep.equal({
        type: 'nothing',
        revision: 2,
      });
      expect((await context.variables.snapshot()).revision).to.equal(2);
    });
  }
});
