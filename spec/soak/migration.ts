/**
 * Moves a session local to bridged to durable and back, again and again, while others write and watch it; half of the
 * moves are disturbed, by crashes that they come through and by failures after which the session has to be where it was.
 * In the end each commit that was answered is there once, and each watch was told all of them. The small run is a test;
 * `npm run soak -- state` runs the full one.
 */
import { StateError } from '../../actors/core/index.ts';
import type { StateProvider, StateSession } from '../../actors/state/index.ts';
import { RandomStream } from '../../testing/index.ts';
import { fillDisk, freeDisk } from '../helpers/full-disk.ts';
import { type ClientCounts, Clients } from './migration/clients.ts';
import { circle, type Place, Places } from './migration/places.ts';
import { Traveller } from './migration/traveller.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface MigrationOptions {
  /** How often the session goes round. The full run: 250 times, of four moves each. */
  readonly circles: HowLong;
  readonly seed?: number;
  readonly say?: Say;
}

export interface MigrationReport extends Report {
  readonly moves: number;
  /** How often each disturbance was met, and what the moves that failed were told. */
  readonly disturbed: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly watched: number;
  /** How often one with an old handle found that the session had gone. */
  readonly stale: number;
  /** How long a move takes: shortest, middle, longest. */
  readonly took: string;
}

const counts: ClientCounts = { setters: 3, adders: 2, stale: 3, watchers: 3 };
/** The first two a move comes through, whatever it meets; the others it cannot. */
const disturbances = [
  'crash there',
  'crash here',
  'taken',
  'aborted',
  'swap fails',
  'disk full',
  'target stops',
] as const;
type Disturbance = (typeof disturbances)[number];
/** From here on they need a disk. */
const firstOfDisk = disturbances.indexOf('disk full');
const id = 'traveller';

export async function migrate(options: MigrationOptions): Promise<MigrationReport> {
  const { circles, seed = 1, say = () => {} } = options;
  const random = new RandomStream(seed);
  const places = await Places.start();
  const first = await places.at('local').open(id);
  await first.commit({ declare: Clients.declarations(counts) });
  const before = await first.read();
  const traveller = new Traveller(first);
  const clients = new Clients(traveller, counts);
  const [disturbed, refused] = [new Map<string, number>(), new Map<string, number>()];
  const tookMs: number[] = [];
  const wrong: string[] = [];
  let moves = 0;
  try {
    for (const lap of laps(circles)) {
      for (const [from, to] of circle.slice(1).map((place, i) => [circle[i] as Place, place] as const)) {
        await breath(random);
        const disturbance = disturbanceOf(to, random);
        if (disturbance !== undefined) {
          count(disturbed, disturbance);
          const error = await disturb(disturbance, places, traveller, { from, to, random });
          if (error === undefined) {
            moves += 1;
            continue;
          }
          count(refused, error.code ?? error.message);
          if (traveller.session.kind !== places.at(from).kind)
            wrong.push(`it is ${traveller.session.kind} after a move from ${from} that failed: ${disturbance}`);
          const left = await leftAt(places.at(to));
          if (left !== undefined) count(refused, left);
          if (left === 'a session') wrong.push(`a session is left at ${to} after a move that failed: ${disturbance}`);
        }
        const begunMs = performance.now();
        await traveller.move(places.at(to));
        tookMs.push(performance.now() - begunMs);
        moves += 1;
      }
      say(`circle ${lapOf(lap, circles)}: ${clients.told.length} commits answered`);
    }
    await clients.finish();
    const after = await traveller.session.read();
    if (after.epoch !== before.epoch || after.sessionId !== before.sessionId)
      wrong.push(`it is ${after.sessionId} of epoch ${after.epoch}, and was ${before.sessionId} of ${before.epoch}`);
  } finally {
    await places.stop();
  }
  return {
    moves,
    disturbed: Object.fromEntries(disturbed),
    refused: Object.fromEntries(refused),
    acknowledged: clients.told.length,
    watched: clients.log.size * counts.watchers,
    stale: clients.gone,
    took: spread(tookMs),
    wrong: [...wrong, ...traveller.wrong, ...clients.wrong],
  };
}

/** Half of the moves are disturbed. */
function disturbanceOf(to: Place, random: RandomStream): Disturbance | undefined {
  const possible = disturbances.slice(0, to === 'durable' ? disturbances.length : firstOfDisk);
  return possible[random.below(possible.length * 2)];
}

interface Way {
  readonly from: Place;
  readonly to: Place;
  readonly random: RandomStream;
}

/** Moves it meanwhile; resolves to what the move was refused with, if it was. */
async function disturb(
  what: Disturbance,
  places: Places,
  traveller: Traveller,
  { from, to, random }: Way,
): Promise<(Error & { readonly code?: string }) | undefined> {
  const target = places.at(to);
  const who = (['vault', 'store', 'sessions', 'observers'] as const)[random.below(4)] ?? 'vault';
  switch (what) {
    case 'crash there':
    case 'crash here': {
      const moving = refusalOf(traveller.move(target));
      for (let turns = random.below(6); turns > 0; turns -= 1) await turn();
      places.crash(what === 'crash there' ? to : from, who);
      return moving;
    }
    case 'taken': {
      const other = await target.open(id);
      const refusal = await refusalOf(traveller.move(target));
      await other.close();
      return refusal;
    }
    case 'aborted': {
      const aborting = new AbortController();
      const moving = refusalOf(traveller.move(target, { signal: aborting.signal }));
      for (let turns = random.below(6); turns > 0; turns -= 1) await turn();
      aborting.abort(new Error('aborted'));
      return moving;
    }
    case 'swap fails':
      return refusalOf(traveller.move(target, { swap: () => Promise.reject(new Error('swap fails')) }));
    case 'disk full': {
      fillDisk(random.below(2));
      const refusal = await refusalOf(traveller.move(target));
      freeDisk();
      return refusal;
    }
    case 'target stops': {
      let stopping: Promise<void> | undefined;
      const swap = (): Promise<void> => {
        stopping ??= places.stopDisk();
        return stopping;
      };
      const refusal = await refusalOf(traveller.move(target, { swap }));
      await places.startDisk();
      return refusal;
    }
    default: {
      const never: never = what;
      throw new TypeError(String(never));
    }
  }
}

/** What a move that failed has left at its target: a copy that could not be freed takes no commits, and is freed here. */
async function leftAt(target: StateProvider): Promise<'a copy' | 'a session' | undefined> {
  let left: StateSession;
  try {
    left = await target.find(id);
  } catch (error) {
    if (error instanceof StateError && ['not_found', 'expired'].includes(error.code)) return undefined;
    throw error;
  }
  try {
    return (await takesCommits(left)) ? 'a session' : 'a copy';
  } finally {
    await left.close();
  }
}

/** A copy answers that it is not to be had. Whatever else refuses a commit, such as a full disk or a lost answer, passes. */
async function takesCommits(left: StateSession): Promise<boolean> {
  for (;;) {
    const refused = await refusalOf(left.commit({ set: { sum: -1 } }, { timeoutMs: 50 }));
    if (refused === undefined) return true;
    if (refused.code === 'unavailable') return false;
    if (refused.code !== 'call_timeout' && refused.code !== 'read_only') throw refused;
  }
}

async function refusalOf(moving: Promise<unknown>): Promise<(Error & { readonly code?: string }) | undefined> {
  try {
    await moving;
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function count(into: Map<string, number>, what: string): void {
  into.set(what, (into.get(what) ?? 0) + 1);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Some turns of the event loop, for others to write. */
async function breath(random: RandomStream): Promise<void> {
  for (let turns = 5 + random.below(40); turns > 0; turns -= 1) await turn();
}
