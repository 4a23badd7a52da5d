import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  ActorRef,
  type AnyEvent,
  application,
  declare,
  grpcListen,
  integer,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  server,
  startApplications,
  startSupervisor,
  supervisor,
} from '../../index.ts';
import { eventTypes, isFresh } from '../../scripts/events.mjs';
import { rejection } from '../helpers/rejection.ts';
import { Signal } from '../helpers/signal.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
type None = Record<never, never>;
const outer = pythonTool<None, string>('outer');
const inner = pythonTool<None, string>('inner');
const writes = pythonTool<None, null>('writes');
const speaks = pythonTool<None, null>('speaks');
const letters = pythonStream<{ text: string }, string>('letters');

/** Those that the story below causes. */
const here = [
  'actor.started',
  'actor.exited',
  'actor.failed',
  'actor.crashed',
  'dead_letter',
  'supervisor.report',
  'child.restarted',
  'application.started',
  'application.exited',
  'worker.state',
  'worker.output',
  'worker.log',
  'worker.committed',
  'pool.worker_lost',
  'pool.refused',
  'links.listening',
  'links.joinable',
  'stream.up',
  'stream.down',
  'session.opened',
  'session.ended',
  'context.moved',
  'context.move_failed',
  'context.written',
  'tool.called',
  'tool.queued',
  'tool.granted',
  'tool.dispatched',
  'tool.item',
  'tool.answered',
  'tool.committed',
  'tool.settled',
  'tool.began',
  'tool.ended',
];

/** Those that are dear to cause, and the spec that sees them fire. */
const elsewhere: Readonly<Record<string, string>> = {
  'actor.not_started': 'actors/core/server.spec.ts',
  'actor.stalled': 'actors/core/javascript.spec.ts',
  stray_error: 'actors/core/javascript.spec.ts',
  'fault.started': 'devtools/host/faults.spec.ts',
  'fault.done': 'devtools/host/faults.spec.ts',
  'fault.healed': 'devtools/host/faults.spec.ts',
  'fault.ended': 'devtools/host/faults.spec.ts',
  'child.gave_up': 'supervisors/supervisor.spec.ts',
  'child.backing_off': 'supervisors/backoff.spec.ts',
  'supervisor.degraded': 'supervisors/backoff.spec.ts',
  'application.callback_failed': 'supervisors/applications.spec.ts',
  'worker.alive': 'e2e/worker.spec.ts',
  'logs.failed': 'actors/worker/log-files.spec.ts',
  'logs.resumed': 'actors/worker/log-files.spec.ts',
  'reload.watching': 'actors/worker/reload.spec.ts',
  'reload.unwatched': 'actors/worker/reload.spec.ts',
  'reload.began': 'actors/worker/reload.spec.ts',
  'reload.failed': 'actors/worker/reload.spec.ts',
  'reload.done': 'actors/worker/reload.spec.ts',
  'worker.leaked': 'actors/worker/worker.spec.ts',
  'pool.swept': 'e2e/sweep.spec.ts',
  'pool.worker_gave_up': 'actors/worker/pool.spec.ts',
  'pool.worker_leaving': 'actors/worker/pool-recycling.spec.ts',
  'pool.worker_left': 'actors/worker/pool-recycling.spec.ts',
  'pool.spare_promoted': 'actors/worker/pool-recycling.spec.ts',
  'pool.resized': 'actors/worker/pool-autoscale.spec.ts',
  'pool.affinity_lost': 'actors/worker/pool-affinity.spec.ts',
  'pool.breaker': 'actors/worker/pool-breaker.spec.ts',
  'connection.refused': 'e2e/remote-worker.spec.ts',
  'stream.lost': 'bridge/transport/links.spec.ts',
  'stream.resumed': 'bridge/transport/links.spec.ts',
  'stream.unknown_frame': 'bridge/transport/links.spec.ts',
  'tool.conflicted': 'bridge/protocol/result-commits.spec.ts',
  'tool.repeated': 'bridge/protocol/stream-full.spec.ts',
  'client.refused': 'bridge/protocol/public-limits.spec.ts',
  'bridge.dropped': 'bridge/protocol/tool-registry.spec.ts',
  'sessions.filling': 'actors/state/session-store.spec.ts',
  'variables.filling': 'actors/state/session-store.spec.ts',
  'context.inheritance_ended': 'actors/context/inheritance.spec.ts',
  'program.started': 'actors/context/program.spec.ts',
  'program.lm_called': 'e2e/programs.spec.ts',
  'program.step': 'e2e/programs.spec.ts',
  'program.ended': 'actors/context/program.spec.ts',
  'program.retried': 'e2e/programs.spec.ts',
};

describe('the list of events', () => {
  it('is that of the code', () => expect(isFresh(), 'run node scripts/events.mjs').to.equal(true));

  it('has no event that no test sees fire', () => {
    expect([...here, ...Object.keys(elsewhere)]).to.have.members(eventTypes());
    for (const [type, spec] of Object.entries(elsewhere)) {
      const text = readFileSync(join(import.meta.dirname, '..', spec), 'utf8');
      expect(text.includes(`'${type}'`), `${spec} sees ${type}`).to.equal(true);
    }
  });
});

describe('the events of a system', function () {
  this.timeout(60_000);
  const seen = new Set<string>();
  const told: AnyEvent[] = [];
  const changed = new Signal();

  /** The first child: it hears what the others do when they start. */
  const ear = server({
    init: (ctx) => {
      ctx.system.events.onAll((event) => {
        seen.add(event.type);
        told.push(event);
        changed.fire();
      });
      return 0;
    },
  });
  const fragile = server({
    init: () => 0,
    cast: {
      boom: () => {
        throw new Error('boom');
      },
    },
  });
  const runtime = nodeRuntime({ log: () => {} });
  const until = (type: string) => changed.until(() => seen.has(type));

  before(async () => {
    const pool = python({ module: 'traced_tools', pythonPath: [fixtures], size: 1, capacity: 2, queueMax: 1 });
    const listenForJoins = grpcListen({ on: 'tcp', host: '127.0.0.1', port: 0 });
    const app = await startSupervisor({
      runtime,
      children: { ear, ophion: ophion({ links: { listenForJoins }, pools: { default: pool } }), fragile },
    });
    try {
      const { ophion: host } = app.children;
      const context = await openContext(host, { variables: declare({ n: integer({ default: 0 }) }) });
      let release: () => void = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await context.expose({ relay: () => released });
      await context.call(inner, {});
      await context.call(writes, {});
      await context.variables.set('n', 1);
      await context.call(speaks, {});
      for await (const _ of context.stream(letters, { text: 'ab' }));
      // Two run, one waits, and there is no room for another.
      const calls = [1, 2, 3, 4].map(() => context.call(outer, {}));
      const ended = Promise.allSettled(calls);
      await until('pool.refused');
      release();
      await ended;
      const same = await openContext(host, { id: 'same' });
      await host.state.store.call('open', { id: 'same' });
      await rejection(same.ensureBridged());
      await context[Symbol.asyncDispose]();
      await same[Symbol.asyncDispose]();
      await until('session.ended');
      app.children.fragile.cast('boom');
      await app.children.fragile.monitor();
      new ActorRef(app.system, 'app/nobody').send('hello');
      const worker = told.find((event) => event.type === 'worker.state') as unknown as { worker: { path: string } };
      app.system.lookup(worker.worker.path)?.kill();
      await until('pool.worker_lost');
      await until('stream.down');
    } finally {
      await app.stop();
    }
    const apps = await startApplications([application({ name: 'a', tree: supervisor({ children: { ear } }) })], {
      runtime,
    });
    await apps.stop();
  });

  for (const type of here) it(`${type} fires`, () => expect(seen.has(type)).to.equal(true));
});
