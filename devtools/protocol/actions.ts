/** What a viewer may do besides looking. Each needs a scope, is off unless enabled, and leaves an audit record. */
import type { SandboxQuestion } from './sandbox-rows.ts';
import type { MessageFilter } from './views.ts';

/** `read`: look. `write`: variables. `call`: tools. `operate`: actors. */
export type Scope = 'read' | 'write' | 'call' | 'operate';

export type Action =
  | { readonly do: 'kill'; readonly path: string }
  /** Ends it in order; its supervisor starts it again, whatever its restart type. */
  | { readonly do: 'restart'; readonly path: string }
  | { readonly do: 'suspend'; readonly path: string }
  | { readonly do: 'resume'; readonly path: string }
  /** Puts a message into its mailbox: an info, a cast by name, or a call by name whose reply is the result. */
  | {
      readonly do: 'send';
      readonly path: string;
      readonly message: unknown;
      readonly as?: { readonly kind: 'cast' | 'call'; readonly name: string };
    }
  /** `sys.replaceState`. */
  | { readonly do: 'setState'; readonly path: string; readonly state: unknown }
  | { readonly do: 'setVariable'; readonly session: string; readonly name: string; readonly value: unknown }
  | {
      readonly do: 'callTool';
      readonly tool: string;
      readonly session?: string;
      readonly arguments: Readonly<Record<string, unknown>>;
    }
  /**
   * Arms a fault plan, given as text in the short form or as data; the result is its row. It ends by itself after
   * `expiresMs` (default: what the plan says, or 60,000; at most 3,600,000), whatever becomes of who started it.
   */
  | { readonly do: 'faultsStart'; readonly plan: unknown; readonly expiresMs?: number }
  /** Ends a plan, or all of them, whoever armed them, and heals everything: `{ stopped }`. */
  | { readonly do: 'faultsStop'; readonly id?: string }
  /** Heals a rule of a plan, or all its rules; it does nothing any more. */
  | { readonly do: 'faultsHeal'; readonly id: string; readonly rule?: string }
  /** Lets those go on that a `pause` holds: of a plan, or of all. */
  | { readonly do: 'faultsRelease'; readonly id?: string; readonly rule?: string }
  /** What would happen: the tree goes on in a simulated world, from the states that it has now; the result is a SandboxRun. */
  | ({ readonly do: 'sandbox' } & SandboxQuestion)
  /** Starts the message trace, or a new one; needs `read` alone, as the next three do. */
  | { readonly do: 'traceStart'; readonly filter?: MessageFilter; readonly max?: number; readonly forMs?: number }
  | { readonly do: 'traceStop' }
  /** Records the states of an actor for view `history`, or stops that. */
  | { readonly do: 'record'; readonly path: string; readonly on: boolean }
  /** Everything that is kept, as `*.trace.jsonl`; the result is its text. */
  | { readonly do: 'export' }
  /** OpenMetrics text. */
  | { readonly do: 'metrics' }
  /** The page's address with a fresh single-use code, for the browser of who asks: `{ url }`. */
  | { readonly do: 'code' };

export const scopeOf: Readonly<Record<Action['do'], Scope>> = {
  kill: 'operate',
  restart: 'operate',
  suspend: 'operate',
  resume: 'operate',
  send: 'operate',
  setState: 'operate',
  setVariable: 'write',
  callTool: 'call',
  faultsStart: 'operate',
  faultsStop: 'operate',
  faultsHeal: 'operate',
  faultsRelease: 'operate',
  sandbox: 'operate',
  traceStart: 'read',
  traceStop: 'read',
  record: 'read',
  export: 'read',
  metrics: 'read',
  code: 'read',
};
