/** The TypeScript tools of a session: names to who offers them. What runs them is the bridge's business. */
import { type Pid, StateError } from '../core/index.ts';
import { invalid } from './invalid.ts';
import type { SessionEntry, SessionTool } from './tables.ts';
import { show } from './value.ts';

/** A tool to be offered. */
export interface ToolOffer {
  readonly name: string;
  readonly description?: string;
  /** Whether Python may call it. Default true. */
  readonly exposed?: boolean;
  /** Whether it answers item by item. Default false. */
  readonly stream?: boolean;
  /** JSON Schema of its arguments, and of its answer or items, as text. Default: empty, not known. */
  readonly inputSchema?: string;
  readonly outputSchema?: string;
  /** Given back by `findTool`, unread. */
  readonly handler: unknown;
}

/** How many tools a session may have. */
export const toolsMax = 1_000;
const descriptionLengthMax = 10_000;
const toolName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The rule for names of tools, the same in Python. Throws StateError `invalid`. */
export function checkToolName(name: unknown, details: Readonly<Record<string, unknown>> = {}): void {
  if (typeof name === 'string' && toolName.test(name)) return;
  throw invalid(
    `tool ${show(name)}: a name is 1 to 64 letters, digits, '_', '.' and '-', and begins with a letter or digit`,
    details,
  );
}

/** The offer, when it is a good one. Throws StateError `invalid`. */
export function toolOffer(offer: ToolOffer): ToolOffer {
  const { name, description = '' } = offer;
  checkToolName(name);
  if (typeof description !== 'string' || description.length > descriptionLengthMax) {
    throw invalid(`tool '${name}': a description is a string of at most ${descriptionLengthMax} characters`);
  }
  return offer;
}

/** The session's tools and these: all of them, or a StateError and none. */
export function addTools(
  entry: SessionEntry,
  owner: Pid | undefined,
  offers: readonly ToolOffer[],
): ReadonlyMap<string, SessionTool> {
  const tools = new Map(entry.tools);
  if (new Set(offers.map(({ name }) => name)).size < offers.length) throw invalid('tools: a name is there twice');
  for (const offer of offers) {
    const { name, description = '', exposed = true, stream = false, inputSchema = '', outputSchema = '' } = offer;
    toolOffer(offer);
    const known = tools.get(name);
    // A restarted owner offers its tools again under a new pid.
    if (known !== undefined && known.owner?.path !== owner?.path) {
      throw new StateError('already_exists', `tool '${name}': is offered by ${known.owner ?? 'the session'} already`, {
        details: { tool: name },
      });
    }
    // What comes late from an incarnation that has ended meanwhile.
    if (known?.owner !== undefined && owner !== undefined && known.owner.incarnation > owner.incarnation) continue;
    const { handler } = offer;
    tools.set(name, Object.freeze({ name, description, owner, exposed, stream, inputSchema, outputSchema, handler }));
  }
  if (tools.size > toolsMax) {
    throw new StateError('quota', `session '${entry.id}': may have ${toolsMax} tools`, { details: { max: toolsMax } });
  }
  return tools;
}

/** Keeps the tools that are wanted; answers how many went. */
export function keepTools(entry: SessionEntry, wanted: (tool: SessionTool) => boolean): number {
  if (entry.tools === undefined) return 0;
  const kept = [...entry.tools].filter(([, tool]) => wanted(tool));
  const gone = entry.tools.size - kept.length;
  if (gone > 0) entry.tools = kept.length === 0 ? undefined : new Map(kept);
  return gone;
}
