import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect } from 'chai';
import { HealthCheckResponse_ServingStatus as Status } from '../../bridge/protocol/gen/health_pb.js';
import { decodeValue, encodeMap, encodeValue } from '../../bridge/protocol/index.ts';
import { findRedis, rejection, type SingleRedis, startRedis, untilPasses } from '../../testing/index.ts';
import { as, checkout, clientsOf, coordinator, Program, place } from '../helpers/coordinators.ts';
import { needs } from '../helpers/needs.ts';
import { useFolder } from '../helpers/use-folder.ts';

/** A session with one variable; answers how each tool of a coordinator sees it. */
async function session(port: number, sessionId: string, level: number): Promise<void> {
  const { sessions, variables } = clientsOf(port);
  await sessions.openSession({ sessionId }, as);
  const declarations = [{ name: 'level', type: 'integer', initial: encodeValue(level) }];
  await variables.commitVariables({ sessionId, plan: { declarations } }, as);
}

async function seenByPython(port: number, sessionId: string): Promise<unknown> {
  const call = { sessionId, tool: 'read', arguments: encodeMap({ name: 'level' }, 'arguments') };
  const { result } = await clientsOf(port).tools.callTool({ call }, as);
  return result?.outcome.case === 'value' ? decodeValue(result.outcome.value) : result?.outcome;
}

const serves = async (port: number, service = 'default') =>
  (await clientsOf(port).health.check({ service })).status === Status.SERVING;

/** Resolves when a pool of the coordinator there has a worker. */
const hasWorker = (port: number) =>
  untilPasses(async () => expect(await serves(port)).to.equal(true), { withinMs: 60_000 });

describe('coordinators on one Redis behind a TCP balancer', function () {
  this.timeout(120_000);
  const file = useFolder();
  let redis: SingleRedis;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    needs(this, spawnSync('haproxy', ['-v']).status === 0, 'haproxy');
    redis = await startRedis({ kind: 'single' });
  });
  after(() => redis?.stop());

  it('share sessions: what one opens another goes on with, in Python, too, whichever a worker has joined', async () => {
    const at = await place(file);
    const env = { REDIS_URL: redis.url, OPHION_MAX_WORKERS: '1' };
    await using _one = await at.coordinator('one', env);
    await using _two = await at.coordinator('two', env);
    await using _balancer = await at.balancer();
    // Each takes one: who finds a coordinator full comes to the other.
    await using _first = at.worker();
    await using _second = at.worker();
    await Promise.all([hasWorker(at.one), hasWorker(at.two)]);
    await session(at.one, 'shared', 1);
    expect(await seenByPython(at.two, 'shared')).to.equal(1);
    const plan = { assignments: [{ name: 'level', value: encodeValue(2) }] };
    await clientsOf(at.two).variables.commitVariables({ sessionId: 'shared', plan }, as);
    expect(await seenByPython(at.one, 'shared')).to.equal(2);
    expect(await seenByPython(at.balanced, 'shared')).to.equal(2);
  });

  it('are killed: the worker joins the other, and the session is there', async () => {
    const at = await place(file);
    const env = { REDIS_URL: redis.url };
    const [one, two] = await Promise.all([at.coordinator('one', env), at.coordinator('two', env)]);
    const both = { one, two };
    await using _one = one;
    await using _two = two;
    await using _balancer = await at.balancer();
    await using worker = at.worker();
    const first = await Promise.any([
      hasWorker(at.one).then(() => 'one' as const),
      hasWorker(at.two).then(() => 'two' as const),
    ]);
    const other = first === 'one' ? 'two' : 'one';
    await session(at.balanced, 'survives', 7);
    expect(await seenByPython(at[first], 'survives')).to.equal(7);
    both[first].child.kill('SIGKILL');
    await hasWorker(at[other]);
    // Its host was gone.
    expect(worker.codes).to.deep.equal([5]);
    expect(await seenByPython(at.balanced, 'survives')).to.equal(7);
  });
});

describe('the coordinator of deploy/', function () {
  this.timeout(60_000);
  const file = useFolder();

  it('drains on SIGTERM: calls that run end, its worker leaves, and it exits with 0', async () => {
    const at = await place(file);
    await using one = await at.coordinator('one');
    const worker = at.worker({ OPHION_JOIN: `http://127.0.0.1:${Number(at.environment('one').OPHION_JOIN_PORT)}` });
    await using _ = worker;
    await hasWorker(at.one);
    const call = { tool: 'meet', arguments: encodeMap({ folder: file('.') }, 'arguments') };
    const running = clientsOf(at.one).tools.callTool({ call }, as);
    await untilPasses(() => expect(existsSync(file('runs'))).to.equal(true), { withinMs: 20_000 });
    one.child.kill('SIGTERM');
    await one.says(/draining/);
    await untilPasses(async () => {
      const refused = await rejection(clientsOf(at.one).health.check({}));
      expect(ConnectError.from(refused).code).to.equal(Code.Unavailable);
    });
    writeFileSync(file('may-end'), '');
    const { result } = await running;
    expect(result?.outcome.case === 'value' && decodeValue(result.outcome.value)).to.equal('met');
    expect(await one.ended).to.equal(0);
    await untilPasses(() => expect(worker.codes).to.deep.equal([0]), { withinMs: 20_000 });
  });

  it('names what is wrong and exits: with 2 for a setting, with 1 for what it cannot do', async () => {
    const at = await place(file);
    for (const [more, code, said] of [
      [{ OPHION_PORT: 'http' }, 2, /"text":"OPHION_PORT is a whole number .*"code":"wrong_setting"/],
      [{ OPHION_HOST: '0.0.0.0' }, 1, /plain_text: other machines can reach 0\.0\.0\.0/],
      [{ OPHION_JOIN_TOKENS: file('nowhere') }, 1, /invalid_tokensFrom: .*nowhere cannot be read/],
    ] as const) {
      await using program = coordinator(at.environment('one', more));
      expect(await program.ended, program.said).to.equal(code);
      expect(program.said).to.match(said);
    }
  });

  it('tells its health to the command of its container', async () => {
    const at = await place(file);
    await using _one = await at.coordinator('one');
    const check = async (env: Readonly<Record<string, string>>, ...args: string[]) => {
      await using program = new Program(
        process.execPath,
        ['--import', 'tsx', join('deploy', 'health.ts'), ...args],
        env,
      );
      const code = await program.ended;
      return [code, program.said.trim()];
    };
    expect(await check(at.environment('one'))).to.deep.equal([0, '{"status":"SERVING"}']);
    // It has no worker.
    expect(await check(at.environment('one'), 'default')).to.deep.equal([1, '{"status":"NOT_SERVING"}']);
    const [code, said] = await check(at.environment('two'));
    expect(code).to.equal(1);
    expect(said).to.match(/ECONNREFUSED/);
  });

  it('exchanges the tokens of its clients with their file', async () => {
    const at = await place(file);
    await using _one = await at.coordinator('one');
    const { sessions } = clientsOf(at.one);
    await sessions.listSessions({}, as);
    writeFileSync(file('client.json'), JSON.stringify([{ name: 'you', token: 'y'.repeat(40), scopes: ['read'] }]));
    const code = ConnectError.from(await rejection(sessions.listSessions({}, as))).code;
    expect(code).to.equal(Code.Unauthenticated);
    await sessions.listSessions({}, { headers: { authorization: `Bearer ${'y'.repeat(40)}` } });
  });
});

describe('worker.sh', () => {
  for (const name of ['OPHION_MODULE', 'OPHION_JOIN', 'OPHION_JOIN_TOKEN'])
    it(`names ${name} when that is missing`, () => {
      const all = { OPHION_MODULE: 'm', OPHION_JOIN: 'http://127.0.0.1:1', OPHION_JOIN_TOKEN: 'f' };
      const env = Object.fromEntries(Object.entries(all).filter(([one]) => one !== name));
      const { status, stderr } = spawnSync(join(checkout, 'deploy', 'worker.sh'), { env, encoding: 'utf8' });
      expect(status).to.not.equal(0);
      expect(stderr).to.include(`${name}: is missing`);
    });
});
