/** What an entry of the catalogue is: a maker of rules, which says what it is, how it ends and where it can be had. */
import type { Rule, Task, When, Where } from '../../plan/plan.ts';

/** What can be said of any entry. */
export interface EntryOptions {
  readonly id?: string;
  /** Whose path, or, of a connection, its peer; a glob. Default: everybody's. */
  readonly path?: string;
  /** The type of a message, or the name of a store's operation; a glob. */
  readonly message?: string;
  readonly session?: string;
  readonly direction?: 'in' | 'out';
  readonly when?: When;
  readonly until?: Rule['until'];
}

export interface CatalogueEntry<O extends object = object> {
  (options?: EntryOptions & O): Rule;
  readonly is: string;
  /** What makes it end, and what there is then. */
  readonly heals: string;
  /** Where it can be had. */
  readonly worlds: readonly FaultWorld[];
  /** How to cause it without a plan, at the real thing. */
  readonly real?: string;
}

/** A simulation, or a live system. */
export type FaultWorld = 'simulated' | 'live';

const bothWorlds: readonly FaultWorld[] = ['simulated', 'live'];

export type Make<O> = (options: O) => {
  readonly point: string;
  readonly task: Task;
  readonly when?: When;
  readonly where?: Where;
};

export function entry<O extends object = object>(
  is: string,
  heals: string,
  make: Make<O>,
  worlds: readonly FaultWorld[] = bothWorlds,
  real?: string,
): CatalogueEntry<O> {
  const rule = (options: EntryOptions & O = {} as EntryOptions & O): Rule => {
    const { point, task, when, where } = make(options);
    const { id, path, message, session, direction, until } = options;
    const place = defined({ ...where, path, message: message ?? where?.message, session, direction });
    const time = { ...when, ...options.when };
    return {
      ...(id === undefined ? {} : { id }),
      point,
      ...(Object.keys(place).length === 0 ? {} : { where: place }),
      ...(Object.keys(time).length === 0 ? {} : { when: time }),
      what: [task],
      ...(until === undefined ? {} : { until }),
    };
  };
  return Object.assign(rule, { is, heals, worlds, ...(real === undefined ? {} : { real }) });
}

const defined = (object: object): Where =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Where;
