/** Settings of a system within declared ranges: drawn for each seed, and made small as everything else. */
import type { RandomStream } from '../simulation/random.ts';

/** Whole numbers from the first to the last, or one of several values. The first is the plainest. */
export type Setting = readonly [from: number, to: number] | { readonly oneOf: readonly [unknown, ...unknown[]] };

/** By name: `{ timeoutMs: [10, 1_000], restart: { oneOf: ['permanent', 'transient'] } }`. */
export type Settings = Readonly<Record<string, Setting>>;

/** What a run is given of these settings. */
export type ConfigOf<C extends Settings> = {
  readonly [Name in keyof C]: C[Name] extends { readonly oneOf: readonly (infer T)[] } ? T : number;
};

/** One of four is at an end of its range: that is where bugs are. Throws RangeError for a range that is none. */
export function drawConfig<C extends Settings>(settings: C, random: RandomStream): ConfigOf<C> {
  const drawn = Object.entries(settings).map(([name, setting]) => [name, draw(name, setting, random.split(name))]);
  return Object.fromEntries(drawn) as ConfigOf<C>;
}

function draw(name: string, setting: Setting, random: RandomStream): unknown {
  if ('oneOf' in setting) return setting.oneOf[random.below(setting.oneOf.length)];
  const [from, to] = setting;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to)
    throw new RangeError(`config.${name}: [${from}, ${to}] is no range of whole numbers`);
  const where = random.below(8);
  if (where < 2) return where === 0 ? from : to;
  return from + random.below(to - from + 1);
}

/** The same with less: all of them the plainest, then each, then numbers half way there. */
export function* simplerConfigs<C extends Settings>(settings: C, config: ConfigOf<C>): Iterable<ConfigOf<C>> {
  const values: Readonly<Record<string, unknown>> = config;
  const plainest = Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, first(one)]));
  const more = Object.keys(settings).filter((name) => !Object.is(values[name], plainest[name]));
  if (more.length > 1) yield plainest as ConfigOf<C>;
  for (const name of more) yield { ...config, [name]: plainest[name] };
  for (const name of more) {
    const setting = settings[name] as Setting;
    if ('oneOf' in setting) {
      for (const one of setting.oneOf.slice(1, setting.oneOf.indexOf(values[name]))) yield { ...config, [name]: one };
    } else {
      const [from] = setting;
      const now = values[name] as number;
      for (let less = (now - from) >> 1; less > 0; less >>= 1) yield { ...config, [name]: now - less };
    }
  }
}

const first = (setting: Setting): unknown => ('oneOf' in setting ? setting.oneOf[0] : setting[0]);
