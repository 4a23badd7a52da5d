import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { SpecError } from '../../../actors/core/index.ts';
import { declare, float } from '../../../actors/state/index.ts';
import { ErrorInfoSchema, QuotaFailureSchema, RetryInfoSchema } from '../../../bridge/protocol/gen/error_details_pb.js';
import { Health } from '../../../bridge/protocol/gen/health_pb.js';
import { SessionService } from '../../../bridge/protocol/gen/sessions_pb.js';
import { ToolCallSchema, ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import { CommitPlanSchema, VariableService } from '../../../bridge/protocol/gen/variables_pb.js';
import { Access, type ClientToken } from '../../../bridge/protocol/services/access.ts';
import { type LimitError, Quota, type ServiceLimits } from '../../../bridge/protocol/services/limits.ts';
import { TokenBuckets } from '../../../bridge/protocol/services/token-buckets.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { rejection } from '../../helpers/rejection.ts';

const secret = (name: string) => name.padEnd(32, '-');
const client = (name: string, more: Partial<ClientToken> = {}): ClientToken => ({
  name,
  token: secret(name),
  scopes: ['call', 'read', 'write'],
  ...more,
});
const as = (name: string) => ({ headers: { authorization: `Bearer ${secret(name)}` } });
const failureOf = async (promise: Promise<unknown>) => ConnectError.from(await rejection(promise));
const codeOf = async (promise: Promise<unknown>) => (await failureOf(promise)).code;

describe('what a client may use', () => {
  let t: BridgeSystem;
  let clock: ManualClock | undefined;
  const start = async (limits: ServiceLimits, tokens: readonly ClientToken[] = [client('a'), client('b')]) => {
    t = await startBridge({
      ...(clock === undefined ? {} : { runtime: { clock } }),
      services: { port: 0, tokens, limits, graceMs: 100 },
    });
    const { url: baseUrl } = await t.publicPort.call('address', { timeoutMs: Number.POSITIVE_INFINITY });
    const transport = createConnectTransport({ baseUrl, httpVersion: '1.1' });
    return {
      sessions: createClient(SessionService, transport),
      health: createClient(Health, transport),
      variables: createClient(VariableService, createGrpcTransport({ baseUrl })),
    };
  };
  afterEach(async () => {
    clock = undefined;
    await t.app.stop();
  });

  it('is so many requests a second, after a pause some more; it is told when to come back', async () => {
    clock = new ManualClock();
    const { sessions, health } = await start({ requestsPerSecond: 4, burst: 3 });
    const list = (name: string) => sessions.listSessions({}, as(name));
    for (let i = 0; i < 3; i += 1) await list('a');
    const error = await failureOf(list('a'));
    expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).to.deep.equal([
      Code.ResourceExhausted,
      'RATE_LIMITED',
    ]);
    expect(error.findDetails(QuotaFailureSchema)[0]?.violations[0]?.subject).to.equal("client 'a'");
    const { seconds, nanos } = error.findDetails(RetryInfoSchema)[0]?.retryDelay ?? {};
    expect([seconds, nanos]).to.deep.equal([0n, 250_000_000]);
    // Each client has a bucket of its own, and who needs no token that of his address.
    await list('b');
    await health.check({});
    clock.advance(249);
    expect(await codeOf(list('a'))).to.equal(Code.ResourceExhausted);
    clock.advance(1);
    await list('a');
    expect(await codeOf(list('a'))).to.equal(Code.ResourceExhausted);
    clock.advance(2_000);
    for (let i = 0; i < 3; i += 1) await list('a');
    expect(await codeOf(list('a'))).to.equal(Code.ResourceExhausted);
  });

  it('is so many streams, for one client and for all; one that ends frees its place', async () => {
    const { variables } = await start({ streamsPerClient: 2, streams: 3 });
    await t.state.open('s');
    const ends: AbortController[] = [];
    const open = async (name: string) => {
      const end = new AbortController();
      const events = variables.watchVariables({ sessionId: 's' }, { ...as(name), signal: end.signal });
      const items = events[Symbol.asyncIterator]();
      await items.next();
      ends.push(end);
      return async () => {
        end.abort();
        await rejection(items.next());
      };
    };
    const close = await open('a');
    await open('a');
    expect((await failureOf(open('a'))).message).to.match(/client 'a'.*2 streams open/);
    await open('b');
    expect((await failureOf(open('b'))).message).to.match(/all clients.*3 streams open/);
    await close();
    // The server sees it a moment later than the client.
    for (;;) {
      const failed = await open('b').then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      if (failed === undefined) break;
      expect(failed.message).to.match(/streams open/);
    }
    for (const end of ends) end.abort();
  });

  it('is told which option is wrong before anything starts', async () => {
    await start({});
    for (const limits of [{ requestsPerSecond: 0 }, { streams: -1 }, { burst: Number.NaN }]) {
      const error = await rejection(startBridge({ services: { port: 0, tokens: [client('a')], limits } }));
      expect(error).to.be.instanceOf(SpecError);
      expect(error.message).to.include(Object.keys(limits)[0]);
    }
  });

  it('hears of wrong tokens as events without the token, up to a limit for each address', async () => {
    const { sessions } = await start({ failuresPerMinute: 2 });
    const told: { address: string; method: string; error: Error }[] = [];
    t.app.system.events.onAll((event) => {
      if (event.type === 'client.refused') told.push(event as never);
    });
    const wrong = () => codeOf(sessions.listSessions({}, as('wrong')));
    expect([await wrong(), await wrong(), await wrong()]).to.deep.equal([
      Code.Unauthenticated,
      Code.Unauthenticated,
      Code.ResourceExhausted,
    ]);
    expect(told.map(({ address, method }) => [address, method])).to.deep.equal(
      Array(2).fill(['127.0.0.1', '/ophion.v1.SessionService/ListSessions']),
    );
    expect(JSON.stringify(told.map(({ error }) => error.message))).to.not.include(secret('wrong'));
    // Whoever has a right token is not kept out by who has none.
    await sessions.listSessions({}, as('a'));
  });
});

describe('the quota of a port', () => {
  const quota = (limits: ServiceLimits) => new Quota(limits, new ManualClock());
  const known = { name: 'a', scopes: new Set<never>(), sessions: 'all' } as const;
  const refused = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return error as LimitError;
    }
    throw new Error('it was not refused');
  };

  const once = { streaming: false, paced: true };

  it('counts requests that run, and gives a place back once', () => {
    const q = quota({ openPerClient: 2 });
    const leave = q.enter(known, '::1', once);
    q.enter(known, '::1', once);
    expect(refused(() => q.enter(known, '::1', once)).code).to.equal('too_many_requests');
    leave();
    leave();
    q.enter(known, '::1', once);
    expect(refused(() => q.enter(known, '::1', once)).code).to.equal('too_many_requests');
    q.enter(undefined, '::1', once);
  });

  it('bounds the bytes that are under way', () => {
    const q = quota({ pendingBytes: 10 });
    q.pending(10);
    expect(refused(() => q.pending(1)).subject).to.equal('all clients');
    q.pending(-10);
    q.pending(10);
  });

  it('forgets the address that was quiet for longest, so that it never grows', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 1, max: 3 });
    for (let i = 0; i < 100; i += 1) buckets.take(`address ${i}`, 0);
    expect(buckets.size).to.equal(3);
    expect(buckets.take('address 99', 0)).to.equal(1_000);
    expect(buckets.take('address 99', 400)).to.equal(600);
    expect(buckets.take('address 0', 400)).to.equal(0);
  });
});

describe('tokens that are bound to sessions', () => {
  let t: BridgeSystem;
  let baseUrl: string;
  before(async () => {
    const tokens = [
      client('root'),
      client('alice', { sessions: 'own' }),
      client('bob', { sessions: 'own' }),
      client('team', { sessions: { prefix: 'team-' } }),
    ];
    t = await startBridge({ services: { port: 0, tokens, graceMs: 100 } });
    ({ url: baseUrl } = await t.publicPort.call('address'));
  });
  after(() => t.app.stop());
  const clients = () => {
    const transport = createGrpcTransport({ baseUrl });
    return {
      tools: createClient(ToolService, transport),
      sessions: createClient(SessionService, transport),
      variables: createClient(VariableService, transport),
    };
  };

  it('open sessions of their own, and see none of another, whether it is there or not', async () => {
    const { tools, sessions, variables } = clients();
    const { sessionId } = await sessions.openSession({}, as('alice'));
    expect(sessionId).to.match(/^alice:[0-9a-f]{32}$/);
    await sessions.openSession({ sessionId: 'alice:mine' }, as('alice'));
    await sessions.openSession({ sessionId: 'bob:one' }, as('bob'));
    for (const id of [sessionId, 'alice:nothing', 'alice', 'other', '']) {
      const who = as('bob');
      const call = create(ToolCallSchema, { sessionId: id, tool: 'rank' });
      expect(await codeOf(variables.readVariables({ sessionId: id }, who)), id).to.equal(Code.PermissionDenied);
      expect(await codeOf(variables.commitVariables({ sessionId: id }, who)), id).to.equal(Code.PermissionDenied);
      expect(await codeOf(sessions.closeSession({ sessionId: id }, who)), id).to.equal(Code.PermissionDenied);
      const watch = variables.watchVariables({ sessionId: id }, who)[Symbol.asyncIterator]();
      expect(await codeOf(watch.next()), id).to.equal(Code.PermissionDenied);
      if (id === '') continue;
      expect(await codeOf(sessions.openSession({ sessionId: id }, who)), id).to.equal(Code.PermissionDenied);
      expect(await codeOf(tools.callTool({ call }, who)), id).to.equal(Code.PermissionDenied);
      expect(await codeOf(tools.listTools({ sessionId: id }, who)), id).to.equal(Code.PermissionDenied);
    }
    const listed = async (name: string) => (await sessions.listSessions({}, as(name))).sessionIds;
    expect(await listed('alice')).to.deep.equal([sessionId, 'alice:mine'].sort());
    expect(await listed('bob')).to.deep.equal(['bob:one']);
    expect(await listed('team')).to.deep.equal([]);
    expect((await listed('root')).length).to.equal(3);
    expect((await variables.readVariables({ sessionId }, as('root'))).snapshot?.sessionId).to.equal(sessionId);
  });

  it('may share a prefix', async () => {
    const { sessions, variables } = clients();
    const { sessionId } = await sessions.openSession({}, as('team'));
    expect(sessionId).to.match(/^team-/);
    await variables.readVariables({ sessionId }, as('team'));
    expect(await codeOf(sessions.openSession({ sessionId: 'tea' }, as('team')))).to.equal(Code.PermissionDenied);
  });

  it('still do so when the port was restarted', async () => {
    const { sessionId } = await clients().sessions.openSession({ sessionId: 'alice:kept' }, as('alice'));
    t.kill('app/public');
    for (;;) {
      const address = await t.publicPort.call('address').catch(() => undefined);
      if (address !== undefined) {
        baseUrl = address.url;
        break;
      }
    }
    const again = clients();
    expect(await codeOf(again.variables.readVariables({ sessionId }, as('bob')))).to.equal(Code.PermissionDenied);
    await again.variables.readVariables({ sessionId }, as('alice'));
  });

  it('are refused when their rule is none, or two would share what is their own', () => {
    const wrong = (name: string, sessions: unknown) => () =>
      new Access([client(name, { sessions: sessions as never })]);
    expect(wrong('a:b', 'own')).to.throw(SpecError, /no colon/);
    expect(wrong('a', 'mine')).to.throw(SpecError, /invalid_sessions/);
    expect(wrong('a', { prefix: '' })).to.throw(SpecError, /invalid_sessions/);
    expect(wrong('a', { prefix: 'x/y' })).to.throw(SpecError, /invalid_sessions/);
    expect(wrong('a b', 'all')).to.throw(SpecError, /invalid_name/);
  });
});

describe('tokens that a function answers', () => {
  it('can be exchanged while the port is open; wrong ones leave those before', () => {
    let now: readonly ClientToken[] = [client('old')];
    const wrong: string[] = [];
    const access = new Access(
      () => now,
      (error) => wrong.push(error.message),
    );
    const who = (name: string) => access.client(`Bearer ${secret(name)}`, 'read').name;
    expect(who('old')).to.equal('old');
    now = [client('old'), client('new')];
    expect([who('old'), who('new')]).to.deep.equal(['old', 'new']);
    now = [client('new')];
    expect(() => who('old')).to.throw('not known');
    now = [{ ...client('new'), token: 'short' }];
    expect([who('new'), who('new')]).to.deep.equal(['new', 'new']);
    expect(wrong).to.have.length(1);
    expect(() => new Access(() => now)).to.throw(SpecError);
  });
});

describe('what a request may name', () => {
  let t: BridgeSystem;
  let baseUrl: string;
  before(async () => {
    t = await startBridge({ services: { port: 0, tokens: [client('a')], graceMs: 100 } });
    ({ url: baseUrl } = await t.publicPort.call('address'));
    await t.worker();
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ temperature: float({ default: 0 }) }) });
  });
  after(() => t.app.stop());

  it('is bounded in length and number, and what is too long is named', async () => {
    const transport = createGrpcTransport({ baseUrl });
    const tools = createClient(ToolService, transport);
    const sessions = createClient(SessionService, transport);
    const variables = createClient(VariableService, transport);
    const long = 'x'.repeat(1_000);
    const many = Array.from({ length: 10_001 }, (_, i) => `n${i}`);
    const call = (more: object) =>
      tools.callTool({ call: create(ToolCallSchema, { sessionId: 's', tool: 'rank', ...more }) }, as('a'));
    const commit = (more: object) =>
      variables.commitVariables({ sessionId: 's', plan: create(CommitPlanSchema, more) }, as('a'));
    for (const [field, run] of Object.entries({
      'call.tool': () => call({ tool: long }),
      'call.session_id': () => call({ sessionId: long }),
      'call.call_id': () => call({ callId: long }),
      'call.idempotency_key': () => call({ idempotencyKey: long }),
      'call.traceparent': () => call({ traceparent: long }),
      'call.min_revision': () => call({ minRevision: 1n << 60n }),
      'call.parent_call_id': () => call({ parentCallId: 'c' }),
      'call.overlay': () => call({ overlay: create(CommitPlanSchema, {}) }),
      session_id: () => variables.readVariables({ sessionId: long }, as('a')),
      names: () => variables.readVariables({ sessionId: 's', names: [long] }, as('a')),
      'names ': () => variables.readVariables({ sessionId: 's', names: many }, as('a')),
      page_token: () => sessions.listSessions({ pageToken: long }, as('a')),
      'page_token ': () => tools.listTools({ pageToken: long }, as('a')),
      'plan.idempotency_key': () => commit({ idempotencyKey: long }),
      plan: () => commit({ removals: many }),
      'plan.removals': () => commit({ removals: [long] }),
      'plan.assignments.name': () => commit({ assignments: [{ name: long }] }),
      'plan.expectations.name': () => commit({ expectations: [{ name: long }] }),
      'plan.declarations.name': () => commit({ declarations: [{ name: long }] }),
      service: () => createClient(Health, transport).check({ service: long }),
    })) {
      const error = await failureOf(run());
      expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.metadata.path], field).to.deep.equal([
        Code.InvalidArgument,
        field.trim(),
      ]);
    }
  });

  it('is an idempotency key of its client alone', async () => {
    const variables = createClient(VariableService, createGrpcTransport({ baseUrl }));
    const session = await t.state.find('s');
    await session.commit({ set: { temperature: 1 }, idempotencyKey: 'k' });
    const plan = create(CommitPlanSchema, {
      idempotencyKey: 'k',
      assignments: [{ name: 'temperature', value: { kind: { case: 'float', value: 2 } } }],
    });
    const first = await variables.commitVariables({ sessionId: 's', plan }, as('a'));
    const second = await variables.commitVariables({ sessionId: 's', plan }, as('a'));
    expect(first.commit?.revision).to.equal(second.commit?.revision);
    expect((await session.read()).variables[0]?.value).to.equal(2);
  });
});
