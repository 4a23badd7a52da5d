/** What a tool of the MCP server is, and the check of its arguments. */
import type { Session } from '../cli/session.ts';
import type { Scope } from '../protocol/index.ts';
import { RpcFailure, rpcCodes } from './json-rpc.ts';

export interface Property {
  readonly type?: 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly enum?: readonly string[];
}

export interface McpTool {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  /** What it needs besides looking; offered only with it. */
  readonly scope?: Scope;
  /** Ends or changes something for good. */
  readonly destructive?: boolean;
  run(session: Session, args: Readonly<Record<string, never>>): Promise<readonly string[]>;
}

/** A tool whose arguments are of this shape, which is checked before it runs. */
export const tool = <A>(
  made: Omit<McpTool, 'run'> & { run(session: Session, args: A): Promise<readonly string[]> },
): McpTool => made as McpTool;

/** As `tools/list` has it. */
export const described = ({ name, description, properties, required = [], scope, destructive = false }: McpTool) => ({
  name,
  description,
  inputSchema: { type: 'object', properties, required, additionalProperties: false },
  annotations: { readOnlyHint: scope === undefined, destructiveHint: destructive, openWorldHint: false },
});

/** Throws RpcFailure for what does not fit. */
export function checkArguments({ name, properties, required = [] }: McpTool, args: Readonly<Record<string, unknown>>) {
  const wrong = (why: string): never => {
    throw new RpcFailure(rpcCodes.params, `${name}: ${why}`);
  };
  for (const key of required) if (args[key] === undefined) wrong(`${key} is missing`);
  for (const [key, value] of Object.entries(args)) {
    const property = properties[key] ?? wrong(`there is no argument ${key}`);
    const { type, enum: allowed } = property;
    const fits = type === undefined || (type === 'integer' ? Number.isSafeInteger(value) : typeof value === type);
    if (!fits) wrong(`${key} must be of type ${type}`);
    if (allowed !== undefined && !allowed.includes(value as string))
      wrong(`${key} must be one of ${allowed.join(', ')}`);
  }
}
