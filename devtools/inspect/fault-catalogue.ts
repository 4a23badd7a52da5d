/** What can be injected, as rows: the catalogue and the points of `ophion/testing`, and the doors of a runtime. */
import type { ActorSystem } from '../../actors/core/index.ts';
import {
  activePlans,
  catalogue,
  codePointTasks,
  doorNames,
  faultPoints,
  formatPlan,
  openDoors,
  type Plan,
  passedPoints,
} from '../../testing/faults/index.ts';
import type { FaultDoor, FaultEntry, FaultPoint, FaultRule } from '../protocol/index.ts';

/** What an entry of the catalogue has, whatever else. */
interface Entry {
  (): FaultRule;
  readonly is: string;
  readonly heals: string;
  readonly worlds?: readonly string[];
}

/** The whole catalogue, by the order of its groups. */
export function entriesOf(): FaultEntry[] {
  return Object.entries(catalogue).flatMap(([group, entries]) =>
    Object.entries(entries as unknown as Readonly<Record<string, Entry>>).map(([name, entry]) => {
      const rule = entry();
      const form = formatPlan({ rules: [rule] } as unknown as Plan);
      return { name: `${group}.${name}`, is: entry.is, heals: entry.heals, worlds: entry.worlds ?? [], rule, form };
    }),
  );
}

/** The points of this library, and those of code that were passed or are in an armed plan. */
export function pointsOf(system: ActorSystem): FaultPoint[] {
  const doors: readonly string[] = doorNames;
  const known = faultPoints().map(({ point, is, tasks }) => {
    const beginning = point.slice(0, point.indexOf('.'));
    return { point, is, tasks, door: doors.includes(beginning) ? beginning : null };
  });
  const builtIn = new Set<string>(known.map(({ point }) => point));
  const planned = activePlans(system).flatMap(({ plan }) => plan.rules.map(({ point }) => point));
  const own = [...new Set([...passedPoints(system), ...planned])].filter((point) => !builtIn.has(point)).sort();
  return [...known, ...own.map((point) => ({ point, is: null, tasks: codePointTasks, door: null }))];
}

const made = 'start the system with the runtime of faultDoors(nodeRuntime()) of ophion/testing';

/** How plans get into a door. */
const todos: Readonly<Record<string, string>> = {
  clock: made,
  process: `${made}, and its pools with python({ launch: doors.launch(launch) })`,
  wire: `${made}, and ophion({ links: { listen: doors.listen(grpcListen()) } })`,
  store: `${made}, and give contexts doors.provider(provider) as their state`,
};

export function doorsOf(system: ActorSystem): FaultDoor[] {
  const open = openDoors(system);
  return doorNames.map((door) => {
    const isOpen = open.includes(door);
    return { door, open: isOpen, todo: isOpen ? null : (todos[door] ?? made) };
  });
}
