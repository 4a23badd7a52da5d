/** What stays in one worker: it is there for the session, it ends with it, and its loss has a name. */
import { expect } from 'chai';
import { declare, openContext, PoolError, pythonTool, string, ToolError } from '../../index.ts';
import { rejection } from '../../testing/index.ts';
import { startTools } from '../helpers/tool-system.ts';

const ask = pythonTool<{ question: string }, string>('ask');
const openChat = pythonTool<Record<never, never>, number>('open_chat');
const say = pythonTool<{ text: string }, string[]>('say');
const variables = declare({ model: string({ default: 'small' }) });

describe('session.local in a worker', function () {
  this.timeout(60_000);

  it('keeps an object from call to call, and lets go of it when the session is closed', async () => {
    await using t = await startTools({ module: 'local_tools', size: 1 });
    const context = await openContext(t.ophion, { variables });
    expect(await context.call(ask, { question: 'why?' })).to.equal('small: why?');
    // The object is what it was made of.
    await context.variables.set('model', 'large');
    expect(await context.call(ask, { question: 'why?' })).to.equal('small: why?');
    await using other = await openContext(t.ophion, { variables });
    await other.variables.set('model', 'other');
    expect(await other.call(ask, { question: 'why?' })).to.equal('other: why?');
    await context.close();
    await t.printed('closed small');
  });

  it('lets go of all when the worker ends in order', async () => {
    await using t = await startTools({ module: 'local_tools', size: 1 });
    await using context = await openContext(t.ophion, { variables });
    await context.call(ask, { question: 'why?' });
    await t.pool.recycle();
    await t.printed('closed small');
  });

  it('tells by name that what it kept is lost, with a hint; and with strict affinity the pool says so before', async () => {
    await using t = await startTools({ module: 'local_tools', size: 2 });
    await t.idle(2);
    for (const strict of [false, true]) {
      await using context = await openContext(t.ophion, { variables });
      const there = strict ? ({ affinityMode: 'strict_queue' } as const) : {};
      const opened = await context.call(openChat, {}, there);
      expect(await context.call(say, { text: 'a' }, there)).to.deep.equal([`opened by ${opened}`, 'a']);
      const { workers } = await t.pool.status();
      const lost = workers.find(({ osPid }) => osPid === opened);
      const ready = t.until('pool.worker_lost', strict ? 2 : 1);
      process.kill(opened, 'SIGKILL');
      await ready;
      expect(lost).to.not.equal(undefined);
      const error = (await rejection(context.call(say, { text: 'b' }, there))) as ToolError;
      if (strict) {
        expect(error).to.be.instanceOf(PoolError).with.property('code', 'affinity_lost');
        continue;
      }
      expect(error).to.be.instanceOf(ToolError);
      expect(error.remoteType).to.equal('LocalObjectLostError');
      expect(error.details).to.include({ code: 'affinity_lost', name: 'chat' });
      expect(error.message).to.include("call with affinityMode 'strict_queue'");
    }
  });
});
