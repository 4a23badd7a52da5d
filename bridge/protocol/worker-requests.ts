/**
 * What a worker can ask of the host beside calls: commits, snapshots, what was, locks, lists of tools, a watch; and how
 * each kind of request is answered on the wire, a failure too.
 */
import type { StateProvider } from '../../actors/state/index.ts';
import { encodeMap } from './codec.ts';
import { faultOf } from './error-codes.ts';
import type {
  CommitReply,
  HistoryReply,
  ListSessionTools,
  LockEnd,
  LockList,
  LockVariable,
  Pull,
  PullReply,
  ToolList,
  WatchEnd,
} from './gen/bridge_pb.js';
import type { ToolCall, ToolResult } from './gen/tools_pb.js';
import type { Fault } from './gen/values_pb.js';
import type {
  CommitVariablesRequest,
  ListLocksRequest,
  ReadHistoryRequest,
  ReadVariablesRequest,
  WatchVariablesRequest,
} from './gen/variables_pb.js';
import type { SessionTools } from './local-tools.ts';
import { describedTool, hostMessage, toolResult, type WorkerBody } from './messages.ts';
import { decodePlan, encodeCommit, encodeSnapshot } from './state-messages.ts';
import { listLocks, readHistory, readSnapshot } from './state-requests.ts';

/** What a worker can ask. */
export type WorkerRequest =
  | { readonly case: 'call'; readonly value: ToolCall }
  | { readonly case: 'commit'; readonly value: CommitVariablesRequest }
  | { readonly case: 'pull'; readonly value: Pull }
  | { readonly case: 'listTools'; readonly value: ListSessionTools }
  | { readonly case: 'read'; readonly value: ReadVariablesRequest }
  | { readonly case: 'readHistory'; readonly value: ReadHistoryRequest }
  | { readonly case: 'listLocks'; readonly value: ListLocksRequest }
  | { readonly case: 'watch'; readonly value: WatchVariablesRequest }
  | { readonly case: 'lock'; readonly value: LockVariable };

/** One that is answered at once, from what there is. */
export type PlainRequest = Exclude<WorkerRequest, { case: 'call' | 'watch' | 'lock' }>;

export const isPlain = (request: WorkerRequest): request is PlainRequest =>
  request.case !== 'call' && request.case !== 'watch' && request.case !== 'lock';

const requests: ReadonlySet<WorkerRequest['case']> = new Set([
  'call',
  'commit',
  'pull',
  'listTools',
  'read',
  'readHistory',
  'listLocks',
  'watch',
  'lock',
]);

/** Whether it is one of them. */
export function isRequest(body: WorkerBody): body is WorkerRequest & WorkerBody {
  return requests.has(body.case as WorkerRequest['case']);
}

export interface Asker {
  readonly provider: StateProvider;
  readonly tools: SessionTools;
  /** The worker's stream: who reads, and the writer of its commits. */
  readonly stream: string;
  /** Names the request, so that a commit happens at most once. */
  readonly key: string;
}

/** The answer, as bytes. Rejects with what the state answers; always within the time that the state takes for itself. */
export async function plainAnswer(request: PlainRequest, asker: Asker): Promise<Uint8Array> {
  const { provider, tools, stream, key } = asker;
  const { sessionId } = request.value;
  const find = () => provider.find(sessionId, { as: stream });
  switch (request.case) {
    case 'commit': {
      const plan = decodePlan(request.value.plan, stream);
      const session = await find();
      const commit = await session.commit({ idempotencyKey: key, ...plan });
      return hostMessage('commit', commitReply({ case: 'commit', value: encodeCommit(commit) }));
    }
    case 'pull': {
      const session = await find();
      const snapshot = await session.read();
      return hostMessage('pull', pullReply({ case: 'snapshot', value: encodeSnapshot(snapshot) }));
    }
    case 'read': {
      const snapshot = await readSnapshot(await find(), request.value);
      return hostMessage('pull', pullReply({ case: 'snapshot', value: encodeSnapshot(snapshot) }));
    }
    case 'readHistory': {
      const history = await readHistory(await find(), request.value);
      return hostMessage('history', historyReply({ case: 'history', value: history }));
    }
    case 'listLocks': {
      const locks = await listLocks(await find());
      return hostMessage('locks', lockList({ case: 'locks', value: locks }));
    }
    case 'listTools': {
      const exposed = (await tools.list(sessionId)).filter((tool) => tool.exposed);
      const catalog = { $typeName: 'ophion.v1.Catalog' as const, tools: exposed.map(describedTool), more: false };
      return hostMessage('tools', toolList({ case: 'tools', value: catalog }));
    }
    default: {
      const never: never = request;
      throw new TypeError(String(never));
    }
  }
}

/** The answer that says why there is none. */
export function failureAnswer(request: WorkerRequest, error: unknown): Uint8Array {
  const value = faultOf(error);
  switch (request.case) {
    case 'call':
      return hostMessage('result', resultOf({ case: 'fault', value }));
    case 'commit':
      return hostMessage('commit', commitReply({ case: 'fault', value }));
    case 'pull':
    case 'read':
      return hostMessage('pull', pullReply({ case: 'fault', value }));
    case 'readHistory':
      return hostMessage('history', historyReply({ case: 'fault', value }));
    case 'listLocks':
      return hostMessage('locks', lockList({ case: 'fault', value }));
    case 'lock':
      return hostMessage('lockEnd', lockEnd(value));
    case 'listTools':
      return hostMessage('tools', toolList({ case: 'fault', value }));
    case 'watch':
      return hostMessage('watchEnd', watchEnd(value));
    default: {
      const never: never = request;
      return never;
    }
  }
}

/** The result of a TypeScript tool, which reports no facts. */
export function resultOf(outcome: ToolResult['outcome']): ToolResult {
  return toolResult(outcome, { facts: encodeMap({}, 'facts') });
}

/** Why a watch has ended; without a fault: the session was closed. */
export const watchEnd = (fault?: Fault): WatchEnd => ({
  $typeName: 'ophion.v1.WatchEnd',
  ...(fault === undefined ? {} : { fault }),
});

/** Why a lock is not held any more; without a fault: it was released. */
export const lockEnd = (fault?: Fault): LockEnd => ({
  $typeName: 'ophion.v1.LockEnd',
  ...(fault === undefined ? {} : { fault }),
});

const commitReply = (outcome: CommitReply['outcome']): CommitReply => ({ $typeName: 'ophion.v1.CommitReply', outcome });
const pullReply = (outcome: PullReply['outcome']): PullReply => ({ $typeName: 'ophion.v1.PullReply', outcome });
const historyReply = (outcome: HistoryReply['outcome']): HistoryReply => ({
  $typeName: 'ophion.v1.HistoryReply',
  outcome,
});
const lockList = (outcome: LockList['outcome']): LockList => ({ $typeName: 'ophion.v1.LockList', outcome });
const toolList = (outcome: ToolList['outcome']): ToolList => ({ $typeName: 'ophion.v1.ToolList', outcome });
