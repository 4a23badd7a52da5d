import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  ActorRef,
  CallTimeoutError,
  declare,
  float,
  openContext,
  ophion,
  PoolError,
  python,
  pythonStream,
  pythonTool,
  SpecError,
  string,
  ToolError,
  WorkerLostError,
  WorkerStartError,
} from '../../index.ts';
import { nextRestart, rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const pool = (options: Partial<Parameters<typeof python>[0]> = {}) =>
  python({ module: 'e2e_tools', pythonPath: [fixtures], ...options });

const echo = pythonTool<{ value: unknown }, unknown>('echo');
const read = pythonTool<{ name: string }, { value: unknown; revision: number }>('read');
const write = pythonTool<{ name: string; value: unknown }, unknown>('write');
const ask = pythonTool<{ question: string }, { answer: string; confidence: number }>('ask');
const fail = pythonTool<{ message: string }, null>('fail');
const hang = pythonTool<Record<never, never>, null>('hang');
const count = pythonStream<{ to: number }, number>('count');
const endless = pythonStream<Record<never, never>, number>('endless');

describe('a context with real Python', function () {
  this.timeout(60_000);
  const system = useSystem(() => ophion({ pools: { default: pool({ size: 2 }) } }));
  const open = () =>
    openContext(system.current, {
      variables: declare({ temperature: float({ min: 0, max: 2, default: 0.7 }), model: string({ default: 'small' }) }),
    });

  it('calls a tool and gets back what it answered', async () => {
    await using context = await open();
    for (const value of [true, 1, 1.5, 'text', null, [1, ['a']], { a: { b: false } }]) {
      expect(await context.call(echo, { value })).to.deep.equal(value);
    }
  });

  it('shows Python the value that was set right before the call, and its revision', async () => {
    await using context = await open();
    for (let n = 1; n <= 20; n += 1) {
      const { revision } = await context.variables.set('temperature', n / 10);
      expect(await context.call(read, { name: 'temperature' })).to.deep.equal({ value: n / 10, revision });
    }
  });

  it('shows Python what the outer context has right before the call, and shadows what Python writes', async () => {
    await using outer = await open();
    await using context = await outer.scope();
    for (let n = 1; n <= 20; n += 1) {
      await outer.variables.set('temperature', n / 10);
      expect(await context.call(read, { name: 'temperature' })).to.deep.include({ value: n / 10 });
    }
    await context.call(write, { name: 'temperature', value: 0.3 });
    await outer.variables.batch({ temperature: 0.4, model: 'large' });
    expect(await context.call(read, { name: 'temperature' })).to.deep.include({ value: 0.3 });
    expect(await context.call(read, { name: 'model' })).to.deep.include({ value: 'large' });
    expect(await outer.variables.get('temperature')).to.equal(0.4);
  });

  it('sees what Python wrote, and Python reads its own write', async () => {
    await using context = await open();
    expect(await context.call(write, { name: 'model', value: 'large' })).to.equal('large');
    expect(await context.variables.get('model')).to.equal('large');
  });

  it('lets Python call an exposed TypeScript function, and dataclasses arrive as objects', async () => {
    await using context = await open();
    await context.expose({ lookup: async ({ id }: { id: string }) => `known: ${id}` });
    expect(await context.call(ask, { question: 'x' })).to.deep.equal({ answer: 'known: x', confidence: 0.5 });
  });

  it('refuses a TypeScript function that was not exposed', async () => {
    await using context = await open();
    const error = (await rejection(context.call(ask, { question: 'x' }))) as ToolError;
    expect(error.message).to.match(/lookup/);
  });

  it('hands on what a tool raised: type, message, traceback and cause', async () => {
    await using context = await open();
    const error = (await rejection(context.call(fail, { message: 'bad luck' }))) as ToolError;
    expect(error).to.be.instanceOf(ToolError);
    expect(error.message).to.include('bad luck');
    expect(error.remoteType).to.equal('ValueError');
    expect(error.remoteTraceback).to.match(/e2e_tools\.py.*in fail/s);
    expect(error.cause).to.have.property('remoteType', 'KeyError');
  });

  it('refuses, from Python too, an unknown variable and a value outside its constraint', async () => {
    await using context = await open();
    const unknown = (await rejection(context.call(read, { name: 'nope' }))) as Error;
    expect(unknown.message).to.include('nope');
    const outside = (await rejection(context.call(write, { name: 'temperature', value: 3 }))) as Error;
    expect(outside.message).to.match(/temperature.*2/);
    expect(await context.variables.get('temperature')).to.equal(0.7);
  });

  it('names a tool that nobody offers', async () => {
    await using context = await open();
    const error = (await rejection(context.call(pythonTool('nobody_has_it'), {}))) as Error;
    expect(error.message).to.include('nobody_has_it');
  });

  it('streams items in order, and leaving the loop ends the generator', async () => {
    await using context = await open();
    const seen: number[] = [];
    for await (const item of context.stream(count, { to: 500 })) seen.push(item);
    expect(seen).to.deep.equal(Array.from({ length: 500 }, (_, n) => n));
    let ended: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await context.expose({ ended: () => ended() });
    for await (const item of context.stream(endless, {})) if (item === 10) break;
    await end;
  });

  it('fails a call that is not idempotent with its worker, and serves the next from another process', async () => {
    await using context = await open();
    const before = (await system.current.pools.default.ready(2)).workers;
    const started = new Promise<void>((resolve) => void context.expose({ started: () => resolve() }));
    const dispatched = new Promise<string>((resolve) => {
      const stop = system.app.system.events.onAll((event) => {
        if (event.type !== 'tool.dispatched') return;
        stop();
        resolve((event as unknown as { worker: string }).worker);
      });
    });
    const inFlight = rejection(context.call(hang, {}));
    await started;
    const victim = await dispatched;
    const worker = before.find(({ pid }) => String(pid) === victim);
    process.kill(worker?.osPid as number, 'SIGKILL');
    const error = await inFlight;
    expect(error).to.be.instanceOf(WorkerLostError).with.property('outcome', 'unknown');
    expect(await context.call(echo, { value: 'still here' })).to.equal('still here');
    const after = (await system.current.pools.default.ready(2)).workers;
    expect(after.map(({ osPid }) => osPid)).to.not.include(worker?.osPid);
  });

  it('gives a call up at its deadline and replaces a worker that does not end it', async () => {
    await using context = await open();
    await context.expose({ started: () => null });
    const { workers } = await system.current.pools.default.ready(2);
    const refs = workers.map(({ pid }) => new ActorRef(system.app.system, pid.path));
    const restarted = Promise.race(refs.map((ref) => nextRestart(ref)));
    const error = await rejection(context.call(hang, {}, { timeoutMs: 500 }));
    expect(error).to.be.instanceOf(CallTimeoutError);
    expect((await restarted).before).to.be.oneOf(workers.map(({ pid }) => pid));
  });
});

describe('a pool that cannot start', function () {
  this.timeout(60_000);

  describe('since its module does not import', () => {
    const system = useSystem(() =>
      ophion({ pools: { default: pool({ module: 'no_such_module', backoffMs: 60_000 }) } }),
    );
    it('says so, with what Python printed', async () => {
      const error = (await rejection(system.current.pools.default.ready())) as WorkerStartError;
      expect(error).to.be.instanceOf(WorkerStartError);
      expect(error.message).to.match(/no_such_module/);
    });
  });

  it('is refused before anything starts when an option is wrong', () => {
    expect(() => pool({ size: 0 })).to.throw(SpecError, /size/);
    expect(() => pool({ module: '-c import os' })).to.throw(SpecError, /module/);
    expect(() => pool({ executable: '/no/such/python' })).to.throw(SpecError, /\/no\/such\/python.*install Python/);
  });
});

describe('a full pool', function () {
  this.timeout(60_000);
  const system = useSystem(() => ophion({ pools: { default: pool({ size: 1, queueMax: 1 }) } }));
  it('refuses what comes on top of its queue, with nothing started', async () => {
    await using context = await openContext(system.current);
    const started = new Promise<void>((resolve) => void context.expose({ started: () => resolve() }));
    const controller = new AbortController();
    const running = rejection(context.call(hang, {}, { signal: controller.signal }));
    await started;
    const queued = rejection(context.call(hang, {}, { signal: controller.signal }));
    const error = await rejection(context.call(hang, {}));
    expect(error).to.be.instanceOf(PoolError).with.property('code', 'queue_full');
    controller.abort(new Error('enough'));
    expect(await running).to.have.property('message', 'enough');
    expect(await queued).to.have.property('message', 'enough');
  });
});
