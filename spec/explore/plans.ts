/** Random fault plans for the exploration: a few rules each, at places where our system promises to survive them. */
import type { Plan, Rule, Task } from '../../testing/plan/plan.ts';
import type { RandomStream } from '../../testing/simulation/random.ts';
import { cut } from '../helpers/redis-model/link.ts';
import type { Input } from './input.ts';

/** The random tree and those who ask in it; what is between supervisors and the state layer is not lossy. */
const tree = 'app/tree/**';

export function makePlan(random: RandomStream, { config }: Pick<Input, 'config'>): Plan {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)] as T;
  const probability = () => pick([0.02, 0.1, 0.3]);
  const rare = () => pick([0.02, 0.1]);
  const ms = () => pick([1, 10, 100]);
  const makers: readonly (() => Rule)[] = [
    () => rule('actor.receive', tree, probability(), pick<Task>([{ do: 'throw', error: 'injected' }, { do: 'kill' }])),
    () => rule('actor.receive', tree, probability(), pick<Task>([{ do: 'sleep', ms: ms() }, { do: 'hang' }])),
    () => rule('actor.init', tree, probability(), pick<Task>([{ do: 'throw' }, { do: 'sleep', ms: ms() }])),
    () => rule('actor.terminate', tree, probability(), pick<Task>([{ do: 'throw' }, { do: 'sleep', ms: ms() }])),
    () => rule('message.send', tree, probability(), pick<Task>([{ do: 'drop' }, { do: 'dup' }])),
    () => rule('message.send', tree, probability(), pick<Task>([{ do: 'delay', ms: ms() }, { do: 'reorder' }])),
    () => rule('signal.send', tree, probability(), { do: 'delay', ms: ms() }),
    () =>
      rule('reply.send', tree, probability(), pick<Task>([{ do: 'drop' }, { do: 'dup' }, { do: 'delay', ms: ms() }])),
    () =>
      rule(
        'actor.receive',
        `app/${pick(['many', 'many/*', 'names', 'topics', 'owner'])}`,
        probability(),
        pick<Task>([{ do: 'throw', error: 'injected' }, { do: 'kill' }, { do: 'sleep', ms: ms() }]),
      ),
    () => rule('actor.init', 'app/many/*', probability(), pick<Task>([{ do: 'throw' }, { do: 'sleep', ms: ms() }])),
    () =>
      rule(
        'clock.timer',
        undefined,
        probability(),
        pick<Task>([
          { do: 'delay', ms: ms() },
          { do: 'delay', ms: -ms() },
        ]),
      ),
    () =>
      rule(
        'clock.wall',
        undefined,
        1,
        pick<Task>([
          { do: 'shift', ms: 3_600_000 },
          { do: 'shift', ms: -3_600_000 },
        ]),
      ),
    () => rule('clock.rate', undefined, 1, { do: 'rate', factor: pick([0.5, 2]) }),
    () =>
      rule('reply.send', tree, probability(), pick<Task>([{ do: 'drop' }, { do: 'dup' }, { do: 'delay', ms: ms() }])),
    () => rule('signal.send', 'app/c*', probability(), { do: 'delay', ms: ms() }),
    () => rule('store.event', undefined, probability(), { do: 'sleep', ms: ms() }),
    () => rule('store.event', undefined, 0.3, { do: 'sleep', ms: ms() }),
    () =>
      rule(
        'redis.command',
        undefined,
        rare(),
        pick<Task>([
          { do: 'throw', error: cut },
          { do: 'sleep', ms: ms() },
        ]),
      ),
    () =>
      rule(
        'redis.reply',
        undefined,
        rare(),
        pick<Task>([
          { do: 'throw', error: cut },
          { do: 'sleep', ms: ms() },
        ]),
      ),
    // What an answer that is lost means is the question of that layer.
    () => rule('redis.reply', undefined, 0.1, { do: 'throw', error: cut }),
    () => rule('redis.ears', undefined, probability(), { do: 'throw', error: cut }),
    () => rule('store.command', undefined, probability(), pick<Task>([{ do: 'throw' }, { do: 'sleep', ms: ms() }])),
    () => rule('store.reply', undefined, probability(), pick<Task>([{ do: 'throw' }, { do: 'drop' }])),
    () =>
      rule(
        'actor.receive',
        `app/ophion/${pick(['vault', 'observers', 'store', 'sessions/*', 'redis/*', 'bridge', 'links', '*'])}`,
        0.05,
        { do: 'kill' },
      ),
    () =>
      rule(
        'actor.receive',
        `app/ophion/${pick(['vault', 'observers', 'store', 'sessions/*', 'redis/*', 'bridge', 'links', '*'])}`,
        0.1,
        { do: 'throw' },
      ),
  ];
  const rules = Array.from({ length: random.below(5) }, () => pick(makers)());
  return { rules: config.pool === undefined ? rules : [...rules, ...workerRules(random)] };
}

/** Of the processes of workers and their connections. */
function workerRules(random: RandomStream): readonly Rule[] {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)] as T;
  const rare = () => pick([0.02, 0.1]);
  const ms = () => pick([1, 10, 100]);
  const makers: readonly (() => Rule)[] = [
    () =>
      rule(
        'process.spawn',
        undefined,
        0.3,
        pick<Task>([
          { do: 'throw', error: pick(['ENOENT', 'EACCES', 'EAGAIN']) },
          { do: 'sleep', ms: 1_000 },
          { do: 'hang' },
          { do: 'exit', code: 3 },
        ]),
      ),
    () => rule('process.run', undefined, rare(), { do: 'kill', signal: pick(['SIGKILL', 'SIGTERM', 'SIGSTOP']) }),
    () => rule('process.signal', undefined, 1, pick<Task>([{ do: 'drop' }, { do: 'delay', ms: ms() }])),
    () =>
      rule('wire.frame', undefined, rare(), pick<Task>([{ do: 'delay', ms: ms() }, { do: 'drop' }, { do: 'kill' }])),
    () => rule('process.output', undefined, 0.3, pick<Task>([{ do: 'drop' }, { do: 'corrupt' }])),
    () => rule('wire.connect', undefined, 0.3, pick<Task>([{ do: 'throw' }, { do: 'delay', ms: 500 }])),
    () =>
      rule(
        'wire.batch',
        undefined,
        rare(),
        pick<Task>([
          ...([{ do: 'drop' }, { do: 'hang' }, { do: 'kill' }, { do: 'truncate', bytes: 3 }] as const),
          { do: 'delay', ms: 50 },
        ]),
      ),
  ];
  return Array.from({ length: 1 + random.below(3) }, () => pick(makers)());
}

function rule(point: string, path: string | undefined, probability: number, task: Task): Rule {
  return { point, ...(path === undefined ? {} : { where: { path } }), when: { probability }, what: [task] };
}
