/** Random fault plans for the exploration: a few rules each, at places where our system promises to survive them. */
import type { Plan, Rule, Task } from '../../testing/plan/plan.ts';
import type { RandomStream } from '../../testing/simulation/random.ts';
import { cut } from '../helpers/redis-model/link.ts';
import type { Input } from './input.ts';
import { pickFrom } from './tree.ts';

/** The random tree and those who ask in it; what is between supervisors and the state layer is not lossy. */
const tree = 'app/tree/**';
const clients = 'app/c*';

/** What may happen at a point, how often, and of whom. */
interface Place {
  readonly point: string;
  /** Default: anywhere. */
  readonly path?: string;
  readonly message?: string;
  readonly often: number;
  readonly tasks: readonly Task[];
  /** It heals after so long, in milliseconds; default: when all does. */
  readonly healsMs?: number;
}

type Draw = <const T>(items: readonly T[]) => T;

export function makePlan(random: RandomStream, { config }: Pick<Input, 'config'>): Plan {
  const pick = pickFrom(random);
  const some = (most: number, least: number, places: (pick: Draw) => readonly Place[]) =>
    Array.from({ length: least + random.below(most) }, () => ruleAt(pick(places(pick)), pick));
  const rules = some(8, 0, placesOfAll);
  return { rules: config.pool === undefined ? rules : [...rules, ...some(3, 1, placesOfWorkers)] };
}

function ruleAt({ point, path, message, often, tasks, healsMs }: Place, pick: Draw): Rule {
  const where = { ...(path === undefined ? {} : { path }), ...(message === undefined ? {} : { message }) };
  return {
    point,
    where,
    when: { probability: often },
    what: [pick(tasks)],
    ...(healsMs === undefined ? {} : { until: { ms: healsMs } }),
  };
}

function placesOfAll(pick: Draw): readonly Place[] {
  const often = pick([0.02, 0.1, 0.3]);
  const rare = pick([0.02, 0.1]);
  const ms = pick([1, 10, 100]);
  const part = pick(['vault', 'observers', 'store', 'sessions/*', 'redis/*', 'bridge', 'links', '*']);
  const around = pick(['many', 'many/*', 'names', 'topics', 'owner', 'tasks']);
  const ends: readonly Task[] = [{ do: 'throw', error: 'injected' }, { do: 'kill' }];
  const waits: readonly Task[] = [{ do: 'sleep', ms }, { do: 'hang' }, { do: 'pause' }];
  const atEnds: readonly Task[] = [{ do: 'throw' }, { do: 'kill' }, ...waits];
  const late: Task = { do: 'delay', ms };
  const cutOff: readonly Task[] = [
    { do: 'throw', error: cut },
    { do: 'sleep', ms },
  ];
  return [
    { point: 'actor.receive', path: tree, often, tasks: ends },
    { point: 'actor.receive', path: tree, often, tasks: waits },
    {
      point: 'actor.receive',
      path: tree,
      often: rare,
      tasks: [
        { do: 'throwValue', value: 'injected' },
        { do: 'return', value: 'injected' },
        { do: 'stop', reason: 'injected' },
        { do: 'stop' },
        { do: 'stall', ms },
      ],
    },
    // Only who asks notices: the news of an end is not lost.
    { point: 'actor.receive', path: tree, message: 'echo', often, tasks: [{ do: 'drop' }] },
    // A supervisor waits for its children's start and end, and so does who asks for them here.
    { point: 'actor.init', path: tree, often, tasks: atEnds, healsMs: 1_000 },
    { point: 'actor.terminate', path: tree, often, tasks: atEnds, healsMs: 1_000 },
    {
      point: 'message.send',
      path: tree,
      often,
      tasks: [{ do: 'drop' }, { do: 'dup' }, { do: 'deadLetter' }, { do: 'throw' }],
    },
    { point: 'message.send', path: tree, often, tasks: [late, { do: 'reorder' }] },
    { point: 'signal.send', path: tree, often, tasks: [late] },
    { point: 'signal.send', path: clients, often, tasks: [late] },
    { point: 'reply.send', path: tree, often, tasks: [{ do: 'drop' }, { do: 'dup' }, late] },
    { point: 'reply.send', path: tree, often: rare, tasks: [{ do: 'drop' }, { do: 'dup' }, late] },
    { point: 'actor.receive', path: `app/${around}`, often, tasks: [...ends, { do: 'sleep', ms }] },
    { point: 'actor.receive', path: 'app/tasks', often, tasks: ends },
    { point: 'actor.init', path: 'app/many/*', often, tasks: [{ do: 'throw' }, { do: 'sleep', ms }] },
    { point: 'clock.timer', often, tasks: [late, { do: 'delay', ms: -ms }] },
    { point: 'clock.timer', often: rare, tasks: [{ do: 'drop' }], healsMs: 1_000 },
    {
      point: 'clock.wall',
      often: 1,
      tasks: [
        { do: 'shift', ms: 3_600_000 },
        { do: 'shift', ms: -3_600_000 },
      ],
    },
    {
      point: 'clock.rate',
      often: 1,
      tasks: [
        { do: 'rate', factor: 0.5 },
        { do: 'rate', factor: 2 },
      ],
    },
    { point: 'store.command', often, tasks: [{ do: 'throw' }, { do: 'drop' }, ...waits] },
    { point: 'store.reply', often, tasks: [{ do: 'throw' }, { do: 'drop' }, ...waits] },
    { point: 'store.event', often, tasks: [{ do: 'sleep', ms }] },
    { point: 'redis.command', often: rare, tasks: cutOff },
    { point: 'redis.reply', often: rare, tasks: cutOff },
    // What an answer that is lost means is the question of that layer.
    { point: 'redis.reply', often: 0.1, tasks: [{ do: 'throw', error: cut }] },
    { point: 'redis.ears', often, tasks: [{ do: 'throw', error: cut }] },
    { point: 'actor.receive', path: `app/ophion/${part}`, often: 0.05, tasks: ends },
  ];
}

/** Of the processes of workers and their connections. */
function placesOfWorkers(pick: Draw): readonly Place[] {
  const rare = pick([0.02, 0.1]);
  const ms = pick([1, 10, 100]);
  const refused = pick(['ENOENT', 'EACCES', 'EAGAIN']);
  const late: Task = { do: 'delay', ms };
  return [
    {
      point: 'process.spawn',
      often: 0.3,
      tasks: [
        { do: 'throw', error: refused },
        { do: 'sleep', ms: 1_000 },
        { do: 'hang' },
        { do: 'exit', code: 3 },
        { do: 'pause' },
        { do: 'flood', what: 'stderr' },
      ],
    },
    {
      point: 'process.run',
      often: rare,
      tasks: [
        { do: 'kill', signal: pick(['SIGKILL', 'SIGTERM', 'SIGSTOP']) },
        { do: 'sleep', ms: 1_000 },
      ],
    },
    { point: 'process.signal', often: 1, tasks: [{ do: 'drop' }, late] },
    { point: 'process.output', often: 0.3, tasks: [{ do: 'drop' }, { do: 'corrupt' }] },
    { point: 'wire.connect', often: 0.3, tasks: [{ do: 'throw' }, { do: 'delay', ms: 500 }] },
    {
      point: 'wire.frame',
      often: rare,
      tasks: [
        late,
        { do: 'drop' },
        { do: 'kill' },
        { do: 'dup' },
        { do: 'reorder' },
        { do: 'hang' },
        { do: 'pause' },
        { do: 'skew', of: 'schema' },
        { do: 'skew', of: 'protocol' },
      ],
    },
    {
      point: 'wire.batch',
      often: rare,
      tasks: [
        { do: 'drop' },
        { do: 'dup' },
        { do: 'hang' },
        { do: 'pause' },
        { do: 'kill' },
        { do: 'truncate', bytes: 3 },
        { do: 'delay', ms: 50 },
        { do: 'jitter', ms: 50 },
        { do: 'throttle', bytesPerSecond: 2_000 },
      ],
    },
  ];
}
