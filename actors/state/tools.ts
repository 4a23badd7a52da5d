/** The TypeScript tools of a session: names to who offers them. What runs them is the bridge's business. */
import { type Pid, StateError } from '../core/index.ts';
import type { SessionEntry, SessionTool } from './tables.ts';
import { invalid, show } from './value.ts';

/** A tool to be offered. */
export interface ToolOffer {
  readonly name: string;
  readonly description?: string;
  /** Whether Python may call it. Default true. */
  readonly exposed?: boolean;
  /** Given back by `findTool`, unread. */
  readonly handler: unknown;
}

/** How many tools a session may have. */
const toolsMax = 1_000;
const nameLengthMax = 200;
const descriptionLengthMax = 10_000;

/** The session's tools and these: all of them, or a StateError and none. */
export function addTools(
  entry: SessionEntry,
  owner: Pid | undefined,
  offers: readonly ToolOffer[],
): ReadonlyMap<string, SessionTool> {
  const tools = new Map(entry.tools);
  if (new Set(offers.map(({ name }) => name)).size < offers.length) throw invalid('tools: a name is there twice');
  for (const { name, description = '', exposed = true, handler } of offers) {
    if (typeof name !== 'string' || name === '' || name.length > nameLengthMax) {
      throw invalid(`tool ${show(name)}: a name is 1 to ${nameLengthMax} characters`);
    }
    if (typeof description !== 'string' || description.length > descriptionLengthMax) {
      throw invalid(`tool '${name}': a description is a string of at most ${descriptionLengthMax} characters`);
    }
    const known = tools.get(name);
    // A restarted owner offers its tools again under a new pid.
    if (known !== undefined && known.owner?.path !== owner?.path) {
      throw new StateError('already_exists', `tool '${name}': is offered by ${known.owner ?? 'the session'} already`, {
        details: { tool: name },
      });
    }
    tools.set(name, Object.freeze({ name, description, owner, exposed, handler }));
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
