/**
 * What goes wrong, on every layer: entries of the fault catalogue, armed as a plan for a while, and what only a proxy or
 * a real server can do. Dealt by a seed, each once in a lap. No bit is flipped: where TCP does not see that, a message says
 * something else, and who is told it cannot know (`fuzz` has that).
 */
import { ActorRef } from '../../../index.ts';
import { catalogue, type RandomStream, rules, withFaults } from '../../../testing/index.ts';
import { sleep } from '../sleep.ts';
import type { AllHost } from './host.ts';

export interface Struck {
  readonly host: AllHost;
  readonly random: RandomStream;
  /** The sessions that are used just now. */
  readonly sessions: { readonly bridged: string; readonly redis: string };
}

/** Resolves when it is over, to whether it has hit anything. */
type Strike = (struck: Struck) => Promise<boolean>;

/** How long what lasts does, in milliseconds. */
const [leastMs, mostMs] = [50, 400];
/** How long a plan waits for somebody to come by. */
const comesByMs = 3_000;
const lookMs = 5;

const whileOf = ({ random }: Struck): number => leastMs + random.below(mostMs - leastMs);

/** Arms a plan until each of its rules has done something, and then for a while, or for no while. */
function planned(make: (struck: Struck) => ReturnType<typeof rules>, lasts: 'a while' | 'at once'): Strike {
  return (struck) =>
    withFaults(struck.host.system, make(struck), async (active) => {
      const done = () => active.status.every((rule) => rule.done > 0);
      const endMs = performance.now() + comesByMs;
      while (!done() && performance.now() < endMs) await sleep(lookMs);
      if (lasts === 'a while') await sleep(whileOf(struck));
      return done();
    });
}

type Actor = (struck: Struck) => ActorRef;

const actors = {
  vault: ({ host }) => host.ophion.state.vault,
  observers: ({ host }) => host.ophion.state.observers,
  store: ({ host }) => host.ophion.state.store,
  session: ({ host, sessions }) => host.ophion.state.session(sessions.bridged),
  'feed of Redis': ({ host }) => new ActorRef(host.system, `${host.ophion.path}/redis/feed-1`),
  links: ({ host }) => new ActorRef(host.system, `${host.ophion.path}/links`),
  'manager of the pool': ({ host }) => new ActorRef(host.system, `${host.pools.pool.path}/manager`),
  bridge: ({ host }) => host.ophion.bridge.bridge,
  tasks: ({ host }) => host.ophion.bridge.tasks,
} as const satisfies Readonly<Record<string, Actor>>;

/** Which message, at most, one throws at. */
const messagesMost = 3;
/** How often one is killed in a row, at most. */
const timesMost = 3;

const throws = (actor: Actor): Strike =>
  planned((struck) => {
    const { path } = actor(struck);
    return rules(catalogue.actor.throwOnNth({ path, nth: 1 + struck.random.below(messagesMost) }));
  }, 'at once');

/** Some times in a row, at a message; of one that hears nothing just now, as it is. */
function isKilled(actor: Actor): Strike {
  const atMessages = planned((struck) => {
    const { path } = actor(struck);
    return rules(catalogue.actor.kill({ path, until: { times: 1 + struck.random.below(timesMost) } }));
  }, 'at once');
  return async (struck) => (await atMessages(struck)) || endNow(actor(struck));
}

function endNow({ process }: ActorRef): boolean {
  process?.kill();
  return process !== undefined;
}

const isSlow = (actor: Actor): Strike =>
  planned((struck) => rules(catalogue.actor.slow({ path: actor(struck).path, ms: 20 })), 'a while');

const ofEach = (strike: (actor: Actor) => Strike, how: string): Readonly<Record<string, Strike>> =>
  Object.fromEntries(Object.entries(actors).map(([name, actor]) => [`${name} ${how}`, strike(actor)]));

/** Workers of the pool that may be hit. */
const path = '**/pools/pool/**';
const once = { until: { times: 1 } } as const;

const wire: Readonly<Record<string, Strike>> = {
  'wire slow': planned(() => rules(catalogue.wire.latency({ ms: 20 })), 'a while'),
  'wire stalled': planned(() => rules(catalogue.wire.stall({ when: { probability: 0.2 } })), 'a while'),
  'wire half-open': (struck) =>
    withFaults(struck.host.system, rules(catalogue.wire.halfOpen()), async (active) => {
      await sleep(whileOf(struck));
      // What a stream has lost, it has lost up to its end: what comes then is another one.
      (await struck.host.wire.proxy()).reset();
      return active.status.every(({ done }) => done > 0);
    }),
  'wire reset': planned(() => rules(catalogue.wire.reset()), 'at once'),
  'wire truncated': planned(({ random }) => rules(catalogue.wire.truncation({ bytes: random.below(500) })), 'at once'),
  'wire cut in a frame': async ({ host, random }) => {
    const proxy = await host.wire.proxy();
    const side = random.below(2) === 0 ? proxy.toServer : proxy.toClient;
    side.inject({ limit: { bytes: random.below(4_000), how: 'reset' } });
    const ended = () => proxy.accepted - proxy.connections.length;
    const before = ended();
    await Promise.race([proxy.until(() => ended() > before), sleep(comesByMs)]);
    const hit = ended() > before;
    await proxy.heal();
    return hit;
  },
  'wire refused': planned(
    ({ random }) => rules(catalogue.wire.refused({ until: { times: 1 + random.below(3) } }), catalogue.wire.reset()),
    'at once',
  ),
};

const processes: Readonly<Record<string, Strike>> = {
  'worker killed': planned(() => rules(catalogue.process.sigkill({ path })), 'at once'),
  'worker stopped': planned(() => rules(catalogue.process.sigstop({ path })), 'a while'),
  'worker not started': planned(
    () => rules(catalogue.process.spawnFails({ path, ...once }), catalogue.process.sigkill({ path })),
    'at once',
  ),
  'worker exits before it is ready': planned(
    () => rules(catalogue.process.exitCode({ path, ...once }), catalogue.process.sigkill({ path })),
    'at once',
  ),
};

const messages: Readonly<Record<string, Strike>> = {
  'messages delayed': planned(
    // Who asks for a commit waits for its answer. What one says to another otherwise stays in order, as OTP promises.
    () => rules(catalogue.message.delay({ message: 'commit', ms: 10, when: { probability: 0.2 } })),
    'a while',
  ),
  'timers late': planned(() => rules(catalogue.clock.timerLate({ ms: 50, when: { probability: 0.2 } })), 'a while'),
};

const provider: Readonly<Record<string, Strike>> = {
  'provider down': planned(() => rules(catalogue.store.down()), 'a while'),
  'provider slow': planned(() => rules(catalogue.store.slow({ ms: 30 })), 'a while'),
  'provider cut off': planned(() => rules(catalogue.store.cut()), 'a while'),
};

const hit = async (struck: Struck, begin: () => unknown, end: () => unknown): Promise<boolean> => {
  await begin();
  await sleep(whileOf(struck));
  await end();
  return true;
};

const server: Readonly<Record<string, Strike>> = {
  'Redis stopped': (struck) => {
    const { node } = struck.host.redis;
    return hit(
      struck,
      () => node.freeze(),
      () => node.thaw(),
    );
  },
  'Redis paused': async ({ host, random }) => {
    await host.redis.node.pause(leastMs + random.below(mostMs), 'all');
    // Waits until it is over.
    await host.redis.node.command('PING');
    return true;
  },
  'Redis killed': (struck) => {
    const { node } = struck.host.redis;
    return hit(
      struck,
      () => node.kill(),
      () => node.start(),
    );
  },
  'Redis kills connections': async ({ host }) => {
    await host.redis.node.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await host.redis.node.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    return true;
  },
  'Redis cut off': (struck) => {
    const { way } = struck.host;
    const side = struck.random.below(2) === 0 ? way.toServer : way.toClient;
    return hit(
      struck,
      () => side.inject({ stall: true }),
      () => {
        // What is under way is lost, its answer or it itself.
        way.reset();
        return way.heal();
      },
    );
  },
};

export const deck: Readonly<Record<string, Strike>> = {
  ...ofEach(throws, 'throws'),
  ...ofEach(isKilled, 'killed'),
  ...ofEach(isSlow, 'slow'),
  // Nobody sends it anything in all this.
  'context killed': async ({ host, sessions }) => endNow(host.ophion.contextRef(sessions.bridged)),
  ...messages,
  ...wire,
  ...processes,
  ...provider,
  ...server,
};

export const strikes: readonly string[] = Object.keys(deck);

/** These, shuffled. */
export function dealt(names: readonly string[], random: RandomStream): readonly string[] {
  const sorted = [...names];
  const shuffled: string[] = [];
  while (sorted.length > 0) shuffled.push(...sorted.splice(random.below(sorted.length), 1));
  return shuffled;
}
