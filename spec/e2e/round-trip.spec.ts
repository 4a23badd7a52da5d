/**
 * The whole way of a session's values: TypeScript, the durable vault, a new start on it, Python, back into the vault, a
 * new start, TypeScript; and what is told of them on the way: watches, histories, exports, the public port.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import fc from 'fast-check';
import { VariableService } from '../../bridge/protocol/gen/variables_pb.js';
import { decodeValue } from '../../bridge/protocol/index.ts';
import {
  bridgedState,
  localState,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  type StateSession,
  startSupervisor,
  type Tensor,
  type Value,
  type Variable,
} from '../../index.ts';
import { commitsOf, take } from '../../testing/state-laws/subject.ts';
import { equalValues } from '../helpers/any-value.ts';
import { type AnyVariable, anySession } from '../helpers/any-variable.ts';
import { startState } from '../helpers/state-system.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const token = 'a-token-that-is-long-enough-to-be-one';
const services = { port: 0, tokens: [{ name: 'tester', token, scopes: ['read'] as const }] };
const id = 'traveller';
const readAll = pythonTool<object, { values: Record<string, Value>; shown: Record<string, Value> }>('read_all');
const writeBack = pythonTool<object, number>('write_back');

type Variables = Readonly<Record<string, AnyVariable>>;

function same(place: string, found: unknown, wanted: unknown): void {
  if (!equalValues(found, wanted)) throw new Error(`${place}: ${inspect(found)} is not ${inspect(wanted)}`);
}

/** The values of a snapshot or a commit are those that were set. */
function allSame(place: string, found: readonly Pick<Variable, 'name' | 'value'>[], variables: Variables): void {
  expect(found.map(({ name }) => name).sort(), place).to.deep.equal(Object.keys(variables).sort());
  for (const { name, value } of found) same(`${place}: ${name}`, value, variables[name]?.value);
}

/** What Python is to show of a value, to the last bit. */
function shown(type: string, value: Value): Value | undefined {
  const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
  switch (type) {
    case 'boolean':
      return value === true ? 'True' : 'False';
    case 'integer':
      return `int ${String(value)}`;
    case 'float':
      return Number.isNaN(value) ? undefined : `float ${hex(new Uint8Array(Float64Array.of(value as number).buffer))}`;
    case 'string':
    case 'choice':
    case 'module':
      return `str ${hex(Buffer.from(value as string))}`;
    case 'bytes': {
      const data = value as Uint8Array;
      return `bytes ${data.length} ${hex(data.subarray(0, 64))} ${hex(data.subarray(-64))}`;
    }
    case 'tensor': {
      const { dtype, shape, data } = value as Tensor;
      return `tensor ${dtype} [${shape.join(', ')}] ${data.length} ${hex(data.subarray(0, 512))}`;
    }
    default:
      return undefined;
  }
}

const valuesOf = (variables: Variables): Record<string, Value> =>
  Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value]));

/** Writes them in TypeScript: revision 1 declares, revision 2 sets. */
async function written(path: string, variables: Variables): Promise<void> {
  const state = await startState({ vault: { path } });
  try {
    const session = await bridgedState().connect(state.host).open(id);
    const watch = session.watch({ from: 0 });
    await session.commit({
      declare: Object.fromEntries(Object.entries(variables).map(([name, { declaration }]) => [name, declaration])),
    });
    const { written: told } = await session.commit({ set: valuesOf(variables) });
    allSame('the commit', told, variables);
    allSame('a watch', commitsOf(await take(watch, 2))[1]?.written ?? [], variables);
    await watch.return?.();
  } finally {
    await state.stop();
  }
}

/** Reads them in Python and has them written back from there, as revision 3. */
async function throughPython(path: string, variables: Variables): Promise<void> {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        state: { vault: { path } },
        services,
        pools: { default: python({ module: 'round_trip_tools', pythonPath: [fixtures], size: 1 }) },
      }),
    },
  });
  try {
    const { ophion: system } = app.children;
    const context = await openContext(system, { state: bridgedState(), id });
    const session = await bridgedState().connect({ system: system.system, root: system.path }).find(id);
    allSame('the vault', (await session.read()).variables, variables);
    const watch = session.watch({ from: 1 });
    const there = await context.call(readAll, {});
    same('what Python answers', there.values, valuesOf(variables));
    for (const [name, { declaration, value }] of Object.entries(variables)) {
      const wanted = shown(declaration.type, value);
      if (wanted !== undefined) same(`in Python: ${name}`, there.shown[name], wanted);
    }
    expect(await context.call(writeBack, {})).to.equal(3);
    const [before, after] = commitsOf(await take(watch, 2));
    allSame('a watch of what was before', before?.written ?? [], variables);
    allSame('a watch of what Python wrote', after?.written ?? [], variables);
    await watch.return?.();
    await onPublicPort((await system.servicesAddress()).url, variables);
  } finally {
    await app.stop();
  }
}

async function onPublicPort(baseUrl: string, variables: Variables): Promise<void> {
  const transport = createGrpcTransport({ baseUrl, nodeOptions: { maxSessionMemory: 64 } });
  const client = createClient(VariableService, transport);
  const options = { headers: { authorization: `Bearer ${token}` } };
  const { snapshot } = await client.readVariables({ sessionId: id }, options);
  const found = (snapshot?.variables ?? []).map(({ name, value }) => ({ name, value: decodeValue(value as never) }));
  allSame('the public port', found as never, variables);
}

/** What there is in the end, in TypeScript: now, at each revision, and as data. */
async function lookedAt(path: string, variables: Variables): Promise<void> {
  const state = await startState({ vault: { path } });
  try {
    const session = await bridgedState().connect(state.host).find(id);
    await everywhere(session, variables);
    const content = await session.export();
    const copy = await localState().connect(state.host).import(content);
    await everywhere(copy, variables);
    same('an import', await copy.export(), content);
    await copy.close();
    await session.close();
  } finally {
    await state.stop();
  }
}

async function everywhere(session: StateSession, variables: Variables): Promise<void> {
  const now = await session.read();
  expect([now.revision, ...new Set(now.variables.map(({ version }) => version))]).to.deep.equal([3, 3]);
  allSame(`${session.kind} in the end`, now.variables, variables);
  for (const { name, type, constraints } of now.variables) {
    const { declaration } = variables[name] as AnyVariable;
    same(`${name}: its type`, [type, constraints], [declaration.type, declaration.constraints]);
  }
  for (const revision of [2, 3]) {
    allSame(`${session.kind} at ${revision}`, (await session.at(revision)).variables, variables);
  }
  const { commits } = await session.history();
  for (const commit of commits.slice(1)) allSame(`the history of ${session.kind}`, commit.written, variables);
  expect(commits.map(({ writer }) => writer.split('#')[0])).to.have.length(3);
}

describe('a value of any type, on its way through TypeScript, Python and lmdb', function () {
  this.timeout(300_000);
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'vault-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  it('is equal to the last bit at each place, also in watches, histories, exports and on the public port', async () => {
    await fc.assert(
      fc.asyncProperty(anySession, async (variables) => {
        rmSync(path, { recursive: true, force: true });
        await written(path, variables);
        await throughPython(path, variables);
        await lookedAt(path, variables);
      }),
      // Each is a session of 10 to 60 variables, and two starts of a process.
      { numRuns: 6, seed: 20, interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true },
    );
  });
});
