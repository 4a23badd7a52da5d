import { expect } from 'chai';
import { CallTimeoutError, ToolError } from '../../../actors/core/index.ts';
import { declare, float, type Value } from '../../../actors/state/index.ts';
import { decodeValue, encodeValue } from '../../../bridge/protocol/codec.ts';
import { errorOfFault } from '../../../bridge/protocol/error-codes.ts';
import type { LocalToolContext, LocalToolFunction } from '../../../bridge/protocol/index.ts';
import { callTool } from '../../../bridge/protocol/index.ts';
import { type HostBody, workerMessage } from '../../../bridge/protocol/messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

/** The value of a result; a fault is thrown as its error. */
function answerOf(body: HostBody): Value {
  if (body.case !== 'result') throw new Error(`a ${body.case} is no result`);
  const { outcome } = body.value;
  if (outcome.case === 'fault') throw errorOfFault(outcome.value, 'tool');
  return outcome.case === 'value' ? decodeValue(outcome.value) : null;
}

describe('what a worker asks of the host', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  let stream: string;
  beforeEach(async () => {
    t = await startBridge();
    ({ wire, stream } = await t.worker());
    await t.state.open('s');
  });
  afterEach(() => t.app.stop());

  const expose = (name: string, handler: LocalToolFunction, exposed = true) =>
    t.stateNames.session('s').call('registerTools', { tools: [{ name, handler, exposed }] });
  const call = async (tool: string, args: Readonly<Record<string, unknown>> = {}, more = {}) =>
    answerOf(await wire.callHost('s', tool, args, more).answer);
  /** No task is left, and nothing in the table. */
  const nothingLeft = async () => {
    await wire.changed.until(
      () => (t.app.system.tables.get('app/bridge/worker-calls') as Map<string, unknown>).size === 0,
    );
    while ((await t.names.tasks.countChildren()).active > 0) await new Promise(setImmediate);
  };

  describe('to call a TypeScript tool', () => {
    it('is answered with what the tool answers', async () => {
      await expose('lookup', async ({ id }) => ({ found: id }));
      expect(await call('lookup', { id: '7' })).to.deep.equal({ found: '7' });
      await expose('nothing', () => undefined);
      expect(await call('nothing')).to.equal(null);
      await nothingLeft();
    });

    it('is answered with what the tool throws: type, stack and causes', async () => {
      await expose('lookup', () => {
        throw new TypeError('no such id', { cause: new RangeError('7') });
      });
      const error = (await rejection(call('lookup'))) as ToolError;
      expect(error).to.be.instanceOf(ToolError);
      expect([error.remoteType, error.message]).to.deep.equal(['TypeError', 'lookup: no such id']);
      expect(error.remoteTraceback).to.include('worker-calls.spec');
      expect((error.cause as ToolError).remoteType).to.equal('RangeError');
    });

    it('is refused for a tool that is not exposed, at the time of the call', async () => {
      await expose('secret', () => 1);
      expect(await call('secret')).to.equal(1);
      await expose('secret', () => 1, false);
      const error = await rejection(call('secret'));
      expect(error).to.have.property('code', 'denied');
      expect(error.message).to.match(/'secret' is not exposed/);
    });

    it('is refused for an unknown tool and an unknown session', async () => {
      expect(await rejection(call('nothing'))).to.have.property('code', 'not_found');
      expect(answerOf.bind(null, await wire.callHost('other', 'x', {}).answer))
        .to.throw()
        .with.property('code', 'not_found');
    });

    it('tells the tool what is left of the deadline, and answers when it is over', async () => {
      let seen: LocalToolContext | undefined;
      await expose('slow', (_, context) => {
        seen = context;
        return new Promise(() => {});
      });
      expect(await rejection(call('slow', {}, { timeoutMs: 20 }))).to.have.property('code', 'call_timeout');
      expect(seen?.timeoutMs).to.be.within(0, 20);
      expect(seen?.sessionId).to.equal('s');
      expect(seen?.signal.aborted).to.equal(true);
      await nothingLeft();
    });

    it('is cancelled by the worker', async () => {
      let signal: AbortSignal | undefined;
      await expose('slow', (_, context) => {
        signal = context.signal;
        return new Promise(() => {});
      });
      const { exchange, answer } = wire.callHost('s', 'slow', {});
      await wire.changed.until(() => true);
      wire.say(exchange, workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'enough' }));
      const error = await rejection(answer.then(answerOf));
      expect([(error as ToolError).code, error.message]).to.deep.equal(['cancelled', 'enough']);
      if (signal !== undefined) expect(signal.aborted).to.equal(true);
      await nothingLeft();
    });

    it('is ended, without an answer, when the worker is lost', async () => {
      const { pid, wire: other } = await t.worker();
      const lost = new Promise<unknown>((resolve) => {
        void expose('slow', (_, { signal }) => {
          signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
          t.lose(pid);
          return new Promise(() => {});
        }).then(() => other.callHost('s', 'slow', {}));
      });
      expect(await lost).to.have.property('code', 'worker_lost');
      await nothingLeft();
    });

    it('streams the items of a generator, as many as the worker asks for', async () => {
      let made = 0;
      let left = false;
      await expose('count', async function* () {
        try {
          for (;;) {
            made += 1;
            yield made;
          }
        } finally {
          left = true;
        }
      });
      const items: Value[] = [];
      const { exchange, answer } = wire.callHost('s', 'count', {}, { stream: true }, (body) => {
        if (body.case === 'item') items.push(decodeValue(body.value.value ?? encodeValue(null)));
        wire.changed.fire();
      });
      const credit = (count: number) =>
        wire.say(exchange, workerMessage('credit', { $typeName: 'ophion.v1.Credit', items: count }));
      credit(2);
      await wire.changed.until(() => items.length === 2);
      credit(1);
      await wire.changed.until(() => items.length === 3);
      expect(items).to.deep.equal([1, 2, 3]);
      expect(made).to.be.at.most(4);
      wire.say(exchange, workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: '' }));
      expect(await rejection(answer.then(answerOf))).to.have.property('code', 'cancelled');
      await wire.changed.until(() => true);
      await nothingLeft();
      await new Promise(setImmediate);
      expect(left).to.equal(true);
    });

    it('counts what the worker asks for in the same breath as it calls', async () => {
      await expose('one', async function* () {
        yield 'item';
      });
      const items: Value[] = [];
      const { answer } = wire.together(() => {
        const asked = wire.callHost('s', 'one', {}, { stream: true }, (body) => {
          if (body.case === 'item') items.push(decodeValue(body.value.value ?? encodeValue(null)));
        });
        wire.say(asked.exchange, workerMessage('credit', { $typeName: 'ophion.v1.Credit', items: 1 }));
        return asked;
      });
      expect(answerOf(await answer)).to.equal(null);
      expect(items).to.deep.equal(['item']);
    });

    it('gets the items of a generator as a list when it wants one answer', async () => {
      await expose('few', async function* () {
        yield 'a';
        yield 'b';
      });
      expect(await call('few')).to.deep.equal(['a', 'b']);
    });

    it('says so when the answer cannot cross, or is above the limit of a message', async () => {
      await expose('odd', () => ({ f: () => 1 }));
      const odd = (await rejection(call('odd'))) as ToolError;
      expect([odd.code, odd.details.code]).to.deep.equal(['tool_failed', 'invalid']);
      await expose('big', () => new Uint8Array(17 * 1024 * 1024));
      expect(await rejection(call('big'))).to.have.property('code', 'message_too_large');
      await nothingLeft();
    });

    it('runs inside a call, to any depth', async () => {
      await expose('twice', async ({ n }, { signal }) => {
        const inner = callTool(
          t.names,
          { tool: 'rank', arguments: { n: (n as number) - 1 }, sessionId: 's' },
          { signal },
        );
        return (await inner.outcome).value;
      });
      wire.onCall = (side) => {
        const n = side.args.n as number;
        if (n === 0) side.answer('bottom');
        else void wire.callHost('s', 'twice', { n }).answer.then((body) => side.answer([answerOf(body)]));
      };
      const outcome = await callTool(t.names, { tool: 'rank', arguments: { n: 3 }, sessionId: 's' }).outcome;
      expect(outcome.value).to.deep.equal([[['bottom']]]);
    });
  });

  it('answers that it is overloaded when too many tasks run', async () => {
    await t.app.stop();
    t = await startBridge({ maxTasks: 1 });
    ({ wire } = await t.worker());
    await t.state.open('s');
    let release: ((value: unknown) => void) | undefined;
    await expose('slow', () => {
      const done = new Promise((resolve) => {
        release = resolve;
      });
      wire.changed.fire();
      return done;
    });
    const first = call('slow');
    await wire.changed.until(() => release !== undefined);
    const error = await rejection(call('slow'));
    expect(error).to.have.property('code', 'max_children');
    release?.('done');
    expect(await first).to.equal('done');
  });

  it('waits while its session has as many under way as it may, and sessions do not wait for each other', async () => {
    await t.app.stop();
    t = await startBridge({ maxTasksPerSession: 2 });
    ({ wire } = await t.worker());
    await t.state.open('s');
    await t.state.open('other');
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const handler = async ({ name }: { name: string }) => {
      begun.push(name);
      wire.changed.fire();
      await new Promise<void>((resolve) => void ends.set(name, resolve));
      return name;
    };
    for (const id of ['s', 'other'])
      await t.stateNames.session(id).call('registerTools', { tools: [{ name: 'slow', handler }] });
    const names = ['a', 'b', 'c', 'd'];
    const asked = names.map((name) => wire.callHost('s', 'slow', { name }));
    const other = wire.callHost('other', 'slow', { name: 'x' });
    await wire.changed.until(() => begun.length === 3);
    // What writes and reads does not wait.
    await wire.ask(workerMessage('pull', { $typeName: 'ophion.v1.Pull', sessionId: 's', minRevision: 0n })).answer;
    expect(begun).to.deep.equal(['a', 'b', 'x']);
    const gaveUp = asked[2] as (typeof asked)[number];
    wire.say(gaveUp.exchange, workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: '' }));
    expect(await rejection(gaveUp.answer.then(answerOf))).to.have.property('code', 'cancelled');
    ends.get('a')?.();
    await wire.changed.until(() => begun.length === 4);
    expect(begun).to.deep.equal(['a', 'b', 'x', 'd']);
    for (const end of ends.values()) end();
    await wire.changed.until(() => ends.has('d'));
    ends.get('d')?.();
    const values = await Promise.all(
      [asked[0], asked[1], asked[3], other].map(async (one) => one && answerOf(await one.answer)),
    );
    expect(values).to.deep.equal(['a', 'b', 'd', 'x']);
    await nothingLeft();
  });

  it('that waits for its turn has not started when its time is over', async () => {
    await t.app.stop();
    t = await startBridge({ maxTasksPerSession: 1 });
    ({ wire } = await t.worker());
    await t.state.open('s');
    await expose('slow', () => new Promise(() => {}));
    const first = wire.callHost('s', 'slow', {}, { timeoutMs: 200 });
    const late = await rejection(call('slow', {}, { timeoutMs: 10 }));
    expect(late).to.be.instanceOf(CallTimeoutError).with.property('outcome', 'not_started');
    expect(await rejection(first.answer.then(answerOf)))
      .to.be.instanceOf(CallTimeoutError)
      .with.property('outcome', 'unknown');
    await nothingLeft();
  });

  it('never waits for what it is a part of', async () => {
    await t.app.stop();
    t = await startBridge({ maxTasksPerSession: 1 });
    ({ wire } = await t.worker());
    await t.state.open('s');
    await expose('down', async ({ n }, context) => context.call('rank', { n: (n as number) - 1 }));
    wire.onCall = (side) => {
      const n = side.args.n as number;
      if (n === 0) side.answer('bottom');
      else
        void wire
          .callHost('s', 'down', { n }, { parentCallId: side.call.callId })
          .answer.then((body) => side.answer([answerOf(body)]));
    };
    const outcome = await callTool(t.names, { tool: 'rank', arguments: { n: 3 }, sessionId: 's' }).outcome;
    expect(outcome.value).to.deep.equal([[['bottom']]]);
    await nothingLeft();
  });

  describe('to commit', () => {
    const commit = (plan: object, sessionId = 's') =>
      wire.ask(
        workerMessage('commit', {
          $typeName: 'ophion.v1.CommitVariablesRequest',
          sessionId,
          plan: {
            $typeName: 'ophion.v1.CommitPlan',
            expectations: [],
            assignments: [],
            removals: [],
            declarations: [],
            fences: [],
            idempotencyKey: '',
            ...plan,
          },
        }),
      ).answer;
    const set = (name: string, value: unknown) => ({
      assignments: [{ $typeName: 'ophion.v1.Assignment', name, value: encodeValue(value) }],
    });
    const expectation = (name: string, version: bigint) => ({
      expectations: [{ $typeName: 'ophion.v1.Expectation', name, version }],
    });
    beforeEach(async () => {
      const session = await t.state.find('s');
      await session.commit({ declare: declare({ temperature: float({ min: 0, max: 2, default: 0.7 }) }) });
    });

    it('commits with the worker as the writer, and answers the commit', async () => {
      const body = await commit(set('temperature', 1));
      expect(body.case === 'commit' && body.value.outcome.case).to.equal('commit');
      const session = await t.state.find('s');
      const { variables, revision } = await session.read();
      expect([revision, variables[0]?.value]).to.deep.equal([2, 1]);
      const changes = await session.changes({ epoch: (await session.read()).epoch, revision: 1 });
      expect(changes.type === 'commits' && changes.commits[0]?.writer).to.equal(stream);
    });

    it('refuses what the host alone may write, and a cycle, and tells nothing of a secret', async () => {
      const session = await t.state.find('s');
      await session.commit({
        declare: declare({
          limit: float({ writers: ['typescript'] }),
          key: float({ secret: true, max: 1 }),
          follows: float({ dependsOn: ['temperature'] }),
        }),
      });
      const refused = async (plan: Parameters<typeof commit>[0]) => {
        const body = await commit(plan);
        const outcome = body.case === 'commit' ? body.value.outcome : undefined;
        return errorOfFault((outcome?.case === 'fault' ? outcome.value : undefined) as never, '');
      };
      const denied = await refused(set('limit', 1));
      expect(denied).to.have.property('code', 'denied');
      expect(denied).to.have.nested.property('details.writers').that.deep.equals(['typescript']);
      const secret = await refused(set('key', 90_125));
      expect(secret).to.have.property('code', 'invalid');
      expect(`${secret.message} ${JSON.stringify(secret)}`).to.not.include('90125');
      expect(await refused({ removals: ['temperature'] })).to.have.property('code', 'not_found');
      expect((await session.read()).revision).to.equal(2);
    });

    it('answers a conflict that names what differs, and changes nothing', async () => {
      const body = await commit({ ...set('temperature', 1), ...expectation('temperature', 7n) });
      expect(body.case).to.equal('commit');
      const fault =
        body.case === 'commit' && body.value.outcome.case === 'fault' ? body.value.outcome.value : undefined;
      const error = errorOfFault(fault as never, '');
      expect(error).to.have.property('code', 'conflict');
      expect(JSON.stringify((error as unknown as { details: unknown }).details)).to.include('temperature');
      expect((await (await t.state.find('s')).read()).revision).to.equal(1);
    });

    it('answers what is wrong with a value', async () => {
      const body = await commit(set('temperature', 'hot'));
      expect(body.case === 'commit' && body.value.outcome.case === 'fault' && body.value.outcome.value.code).to.equal(
        'invalid',
      );
      const missing = await commit(set('temperature', 1), 'nowhere');
      expect(
        missing.case === 'commit' && missing.value.outcome.case === 'fault' && missing.value.outcome.value.code,
      ).to.equal('not_found');
    });
  });

  it('answers a pull with the session as it is', async () => {
    const session = await t.state.find('s');
    await session.commit({ declare: declare({ temperature: float({ default: 1 }) }) });
    const body = await wire.ask(workerMessage('pull', { $typeName: 'ophion.v1.Pull', sessionId: 's', minRevision: 1n }))
      .answer;
    const snapshot =
      body.case === 'pull' && body.value.outcome.case === 'snapshot' ? body.value.outcome.value : undefined;
    expect(snapshot?.revision).to.equal(1n);
    // A float stays a float, whole or not.
    expect(snapshot?.variables[0]?.value?.kind).to.deep.equal({ case: 'float', value: 1 });
  });

  it('is told as an event when it is a log record, with its session, call and trace', async () => {
    const told = new Promise<unknown>((resolve) => {
      t.app.system.events.onAll((event) => event.type === 'worker.log' && resolve(event));
    });
    const record = {
      level: 'warning',
      logger: 'my.tools',
      message: 'low',
      sessionId: 's',
      callId: 'c',
      traceparent: 'x',
    };
    wire.say(0, workerMessage('log', { $typeName: 'ophion.v1.LogRecord', ...record }));
    expect(await told).to.deep.include({ type: 'worker.log', stream, ...record });
  });

  it('answers which tools of the session may be called now', async () => {
    const list = async (sessionId: string) => {
      const body = await wire.ask(workerMessage('listTools', { $typeName: 'ophion.v1.ListSessionTools', sessionId }))
        .answer;
      const outcome = body.case === 'tools' ? body.value.outcome : undefined;
      if (outcome?.case === 'tools') return outcome.value.tools.map(({ name, description }) => [name, description]);
      return outcome?.case === 'fault' ? outcome.value.code : undefined;
    };
    expect(await list('s')).to.deep.equal([]);
    const tools = [
      { name: 'lookup', description: 'looks it up', handler: () => 1 },
      { name: 'secret', handler: () => 1, exposed: false },
    ];
    await t.stateNames.session('s').call('registerTools', { tools });
    expect(await list('s')).to.deep.equal([['lookup', 'looks it up']]);
    expect(await list('nowhere')).to.equal('not_found');
  });

  it('that cannot be read is answered with a fault, and harms nobody', async () => {
    const { answer } = wire.ask(new Uint8Array([0xff, 0xff, 0xff]));
    const error = await rejection(answer.then(answerOf));
    expect(error).to.have.property('code', 'protocol');
    await expose('lookup', () => 1);
    expect(await call('lookup')).to.equal(1);
  });
});
