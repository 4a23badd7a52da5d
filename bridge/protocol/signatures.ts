/**
 * What typed tokens were made of, held against what a worker says that its tools are: types that are older or newer than
 * the code must not be found out by a call.
 */
import { ActorError } from '../../actors/core/index.ts';
import { decodeOffer } from './messages.ts';

/** A tool as TypeScript has it. */
export interface KnownTool {
  readonly name: string;
  /** Which pool runs it; undefined: it is not said. */
  readonly pool?: string | undefined;
  /** Undefined: it was written by hand. */
  readonly signature?: string | undefined;
}

/** The types of these tools are not those of the code that a worker has loaded. The cause of its WorkerStartError. */
export class StaleTypesError extends ActorError {
  readonly pool: string;
  /** Tools that take or answer something else. */
  readonly changed: readonly string[];
  /** Tools that are not there any more. */
  readonly missing: readonly string[];

  constructor(pool: string, changed: readonly string[], missing: readonly string[]) {
    const what = [
      ...(changed.length === 0 ? [] : [`${listed(changed)} changed`]),
      ...(missing.length === 0 ? [] : [`${listed(missing)} not there any more`]),
    ];
    super(
      'stale_types',
      `pool '${pool}': its tools are not those that the types were made of (${what.join('; ')}): run \`npx ophion types\` again`,
    );
    this.pool = pool;
    this.changed = changed;
    this.missing = missing;
  }
}

/**
 * Judges what workers of a pool offer. What is not there is told of the pool that a token names, or when there is only one
 * `pool`. A worker that offers more than fits its first word, some 500 tools, is judged by those.
 */
export function signatureJudge(
  pool: string,
  tools: readonly KnownTool[],
  isOnlyPool: boolean,
): (offer: Uint8Array) => StaleTypesError | undefined {
  const known = tools.filter((tool) => tool.signature !== undefined && (tool.pool ?? pool) === pool);
  return (offer) => {
    const { tools: offered, more } = decodeOffer(offer);
    const signatures = new Map(offered.map(({ name, signature }) => [name, signature]));
    const changed: string[] = [];
    const missing: string[] = [];
    for (const { name, pool: named, signature } of known) {
      const said = signatures.get(name);
      if (said === undefined) {
        if (!more && (named !== undefined || isOnlyPool)) missing.push(name);
      } else if (said !== signature) changed.push(name);
    }
    return changed.length + missing.length === 0 ? undefined : new StaleTypesError(pool, changed, missing);
  };
}

/** How many are named. */
const listedMax = 10;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, listedMax).map((name) => `'${name}'`);
  const rest = names.length - shown.length;
  const all = rest > 0 ? [...shown, `${rest} more`] : shown;
  return `${all.join(', ')} ${names.length === 1 ? 'is' : 'are'}`;
}
