/**
 * What workers offer: the catalogs of their streams, by pool. Tools of a session are not here; the session has them.
 */
import { ProtocolError } from '../../actors/core/index.ts';
import { ConflictPolicy, type ToolDescription } from './gen/tools_pb.js';

/** What a tool says about running it twice. */
export interface ToolTraits {
  /** It does no harm. */
  readonly idempotent: boolean;
  /** It is to be done when its writes collide with somebody else's. */
  readonly rerun: boolean;
}

export const noTraits: ToolTraits = { idempotent: false, rerun: false };

/** A tool that the workers of a pool offer. */
export interface OfferedTool {
  readonly pool: string;
  readonly description: ToolDescription;
}

/** How many tools one worker may offer, as in Python's `_catalog.py`. */
const toolsMax = 10_000;

export class ToolRegistry {
  /** By stream. */
  readonly #catalogs = new Map<string, { readonly pool: string; readonly tools: Map<string, ToolDescription> }>();

  /** A stream is up. Said again after a restart of the bridge, when more than its first catalog may be known. */
  up(stream: string, pool: string, tools: readonly ToolDescription[]): void {
    if (this.#catalogs.has(stream)) return;
    this.#catalogs.set(stream, { pool, tools: new Map() });
    this.add(stream, tools);
  }

  /**
   * More of a stream's catalog: tools that are new, or better described. Throws ProtocolError when they are too many.
   */
  add(stream: string, tools: readonly ToolDescription[]): void {
    const catalog = this.#catalogs.get(stream);
    if (catalog === undefined) return;
    for (const tool of tools) {
      if (catalog.tools.size >= toolsMax && !catalog.tools.has(tool.name)) {
        throw new ProtocolError(`${stream}: offers more than ${toolsMax} tools; '${tool.name}' is left out`);
      }
      catalog.tools.set(tool.name, tool);
    }
  }

  down(stream: string): void {
    this.#catalogs.delete(stream);
  }

  /** True while the stream is up. */
  has(stream: string): boolean {
    return this.#catalogs.has(stream);
  }

  /** True when a worker of this pool is up. */
  serves(pool: string): boolean {
    for (const catalog of this.#catalogs.values()) if (catalog.pool === pool) return true;
    return false;
  }

  /** The pool whose workers offer this tool; undefined when none does now. The one named first wins. */
  poolOf(tool: string, pools: readonly string[]): string | undefined {
    let best: string | undefined;
    for (const { pool, tools } of this.#catalogs.values()) {
      if (!tools.has(tool)) continue;
      if (best === undefined || pools.indexOf(pool) < pools.indexOf(best)) best = pool;
    }
    return best;
  }

  /** What a worker says of its tool. */
  traits(stream: string, tool: string): ToolTraits {
    const description = this.#catalogs.get(stream)?.tools.get(tool);
    if (description === undefined) return noTraits;
    const { idempotent, onConflict } = description;
    return { idempotent, rerun: idempotent && onConflict === ConflictPolicy.RERUN };
  }

  /** Every tool of every pool, once. */
  all(): readonly OfferedTool[] {
    const found = new Map<string, OfferedTool>();
    for (const { pool, tools } of this.#catalogs.values()) {
      for (const [name, description] of tools) found.set(`${pool}/${name}`, { pool, description });
    }
    return [...found.values()];
  }
}
