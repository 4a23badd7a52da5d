/**
 * The Model Context Protocol over stdio: what the commands show, as tools for a coding agent. Thin: each tool asks the
 * same protocol as the commands, and answers the same texts.
 */
import type { Readable, Writable } from 'node:stream';
import type { Session } from '../cli/session.ts';
import { actionTools } from './action-tools.ts';
import { isRecord, JsonRpc, RpcFailure, rpcCodes } from './json-rpc.ts';
import { readTools } from './read-tools.ts';
import { checkArguments, described, type McpTool } from './tool.ts';

export interface McpOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Asked at the first need, and again when the session has ended. */
  readonly connect: () => Promise<Session>;
  /** Whether tools that change something are offered, as far as the connection may. */
  readonly actions: boolean;
  readonly version: string;
}

/** Newest first. */
const protocolVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
/** A text that a model can read; what is longer is cut, and says so. */
const textMax = 100_000;

/** Serves until the other side closes its end. */
export async function serveMcp(options: McpOptions): Promise<void> {
  const server = new McpServer(options);
  const rpc = new JsonRpc(options.input, options.output, {
    request: (method, params) => server.request(method, params),
    notified: () => {},
  });
  server.toolsChanged = () => rpc.notify('notifications/tools/list_changed');
  await rpc.ended;
  await server.close();
}

class McpServer {
  readonly #options: McpOptions;
  #session: Promise<Session> | undefined;
  #offered = '';
  toolsChanged: () => void = () => {};

  constructor(options: McpOptions) {
    this.#options = options;
  }

  async request(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    switch (method) {
      case 'initialize':
        return this.#initialize(params);
      case 'ping':
        return {};
      case 'tools/list':
        return { tools: (await this.#tools()).map(described) };
      case 'tools/call':
        return this.#call(params);
      default:
        throw new RpcFailure(rpcCodes.method, `there is no method ${method}`);
    }
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    session?.connection.close();
    await session?.connection.ended;
  }

  #initialize({ protocolVersion }: Readonly<Record<string, unknown>>) {
    const version = protocolVersions.find((one) => one === protocolVersion) ?? protocolVersions[0];
    return {
      protocolVersion: version,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'ophion', version: this.#options.version },
      instructions:
        'Looks into a running Ophion system. Begin with status and tree; why answers why an actor restarted, crashes has full reports.',
    };
  }

  /** What is offered now: without a system, what looks. */
  async #tools(): Promise<readonly McpTool[]> {
    const session = this.#options.actions ? await this.#connected().catch(() => undefined) : undefined;
    return this.#offer(session);
  }

  #offer(session: Session | undefined): readonly McpTool[] {
    const scopes = session?.viewer.hello?.scopes ?? [];
    const tools = [
      ...readTools,
      ...actionTools.filter(({ scope }) => this.#options.actions && scope !== undefined && scopes.includes(scope)),
    ];
    this.#offered = tools.map(({ name }) => name).join();
    return tools;
  }

  async #call({ name, arguments: args = {} }: Readonly<Record<string, unknown>>) {
    if (!isRecord(args)) throw new RpcFailure(rpcCodes.params, 'arguments must be an object');
    let session: Session;
    try {
      session = await this.#connected();
    } catch (error) {
      return failed(error);
    }
    const before = this.#offered;
    const tool = this.#offer(session).find((one) => one.name === name);
    if (before !== '' && before !== this.#offered) this.toolsChanged();
    if (tool === undefined) {
      const known = actionTools.some((one) => one.name === name);
      const why = known
        ? `${name} is not allowed: start with --actions, on a system that allows it`
        : `there is no tool ${name}`;
      throw new RpcFailure(rpcCodes.params, why);
    }
    checkArguments(tool, args);
    try {
      return { content: [{ type: 'text', text: bounded((await tool.run(session, args as never)).join('\n')) }] };
    } catch (error) {
      return failed(error);
    }
  }

  #connected(): Promise<Session> {
    this.#session ??= this.#options.connect().then(
      (session) => {
        void session.connection.ended.then(() => {
          this.#session = undefined;
        });
        return session;
      },
      (error: Error) => {
        this.#session = undefined;
        throw error;
      },
    );
    return this.#session;
  }
}

/** What went wrong is for the model to read, and to act upon. */
const failed = (error: unknown) => ({ content: [{ type: 'text', text: (error as Error).message }], isError: true });

const bounded = (text: string): string =>
  text.length <= textMax ? text : `${text.slice(0, textMax)}\n[cut off after ${textMax} of ${text.length} characters]`;
