/** What viewers may do, done: each by the door that code of the application has, and none into an actor that is asleep. */
import { ActorRef, call, exitReason, type Process, sys } from '../../actors/core/index.ts';
import { localState, type StateBackend, type StateHost } from '../../actors/state/index.ts';
import { bridgedState, bridgeNames, callTool } from '../../bridge/protocol/index.ts';
import { SupervisorRef, shapeOf, supervisionOf } from '../../supervisors/index.ts';
import type { Inspector } from '../inspect/inspector.ts';
import { ViewError } from '../inspect/view-error.ts';
import { type Action, parentOf } from '../protocol/index.ts';

/** How long an action may take, in milliseconds. */
const timeoutMs = 10_000;

type Do<K extends Action['do']> = Extract<Action, { readonly do: K }>;

function processAt(inspector: Inspector, path: string): Process {
  const process = typeof path === 'string' ? inspector.processAt(path) : undefined;
  if (process === undefined) throw new ViewError('not_found', `nobody lives at ${String(path)}`);
  return process;
}

const refOf = (process: Process): ActorRef => new ActorRef(process.system, process.pid);

/** Ends an actor in order, and sees to it that it comes back. */
async function restart(inspector: Inspector, path: string): Promise<void> {
  const { system } = inspector;
  const process = inspector.processAt(path);
  const place = process?.pid.path ?? path;
  const above = parentOf(place);
  const child = supervisionOf(system.lookup(above))?.child(place.slice(above.length + 1));
  if (child === undefined) throw new ViewError('not_found', `${path}: no supervisor can start it again`);
  if (child.restart !== 'temporary' && shapeOf(system.lookup(above)) !== undefined) {
    const supervisor = new SupervisorRef(system, above);
    await supervisor.terminateChild(child.id);
    await supervisor.restartChild(child.id);
    return;
  }
  if (child.restart !== 'permanent') {
    throw new ViewError('invalid', `${path}: is ${child.restart}, so its supervisor would not start it again`);
  }
  if (process !== undefined) await refOf(process).stop(exitReason.shutdown(), { timeoutMs });
}

async function setVariable(inspector: Inspector, { session, name, value }: Do<'setVariable'>, writer: string) {
  const { system, sessions } = inspector;
  const entry = sessions.find(session);
  const root = sessions.rootOf(session);
  if (entry === undefined || root === undefined)
    throw new ViewError('not_found', `session '${session}' is not open here`);
  const backend: StateBackend<StateHost> = entry.realm === 'local' ? localState() : bridgedState();
  const known = sessions.elsewhere(entry);
  const found = known?.session(entry) ?? (await backend.connect({ system, root }).find(session));
  const { revision } = await found.commit({ set: { [name]: value as never }, writer });
  return { revision };
}

async function callOne(inspector: Inspector, { tool, session, arguments: args }: Do<'callTool'>) {
  const { system, sessions } = inspector;
  const root = session === undefined ? sessions.tables[0]?.root : sessions.rootOf(session);
  if (root === undefined)
    throw new ViewError(
      'not_found',
      session === undefined ? 'no ophion() runs here' : `session '${session}' is not open here`,
    );
  const target = { system, bridge: bridgeNames(system, root).bridge };
  const { value, worker, revision } = await callTool(target, { tool, arguments: args, sessionId: session }, {}).outcome;
  return { value, worker, revision };
}

/** Sends, casts or calls; a call's reply is the result. */
function send(inspector: Inspector, { path, message, as }: Do<'send'>): unknown {
  const process = processAt(inspector, path);
  if (as === undefined) process.accept({ kind: 'info', message });
  else if (as.kind === 'cast') process.accept({ kind: 'cast', name: as.name, arg: message });
  else return call(refOf(process), as.name, message, { timeoutMs });
  return undefined;
}

/** Who does it: the writer of variables, and the viewer as the audit calls it. */
export interface Doer {
  readonly writer: string;
  readonly viewer: string;
}

/** Everything that changes something; what only looks is done by the host. */
export async function act(inspector: Inspector, action: Action, { writer, viewer }: Doer): Promise<unknown> {
  switch (action.do) {
    case 'kill':
      return processAt(inspector, action.path).kill();
    case 'restart':
      return restart(inspector, action.path);
    case 'suspend':
      return sys.suspend(refOf(processAt(inspector, action.path)), { timeoutMs });
    case 'resume':
      return sys.resume(refOf(processAt(inspector, action.path)), { timeoutMs });
    case 'send':
      return send(inspector, action);
    case 'setState': {
      const { state } = action;
      await sys.replaceState(refOf(processAt(inspector, action.path)), () => state, { timeoutMs });
      return undefined;
    }
    case 'setVariable':
      return setVariable(inspector, action, writer);
    case 'callTool':
      return callOne(inspector, action);
    case 'faultsStart':
      return inspector.faults.start(action.plan, action.expiresMs, viewer);
    case 'faultsStop':
      return inspector.faults.endPlans(action.id);
    case 'faultsHeal':
      return inspector.faults.heal(action.id, action.rule);
    case 'faultsRelease':
      return inspector.faults.release(action.id, action.rule);
    case 'sandbox':
      return inspector.sandbox.run(action);
    case 'traceStart':
      return inspector.trace.start(action.filter, {
        ...(action.max === undefined ? {} : { max: action.max }),
        ...(action.forMs === undefined ? {} : { forMs: action.forMs }),
      });
    case 'traceStop':
      return inspector.trace.stop('asked');
    case 'record':
      if (!inspector.record(action.path, action.on)) {
        throw new ViewError('too_many', 'so many actors are recorded already; stop one of them first');
      }
      return undefined;
    default:
      throw new ViewError('invalid', `'${action.do}' is not done here`);
  }
}

/** A plan in a few words; the details of the record have it. */
function formOf(plan: unknown): string {
  if (typeof plan === 'string') return plan.slice(0, 200);
  const { rules } = (plan ?? {}) as { readonly rules?: unknown };
  if (!Array.isArray(rules)) return '';
  return rules
    .map((rule: { readonly point?: unknown } | null) => String(rule?.point))
    .join(';')
    .slice(0, 200);
}

/** What an action is about, for its audit record. */
export function targetOf(action: Action): string {
  if (action.do === 'sandbox') return action.path ?? 'the whole tree';
  if ('path' in action) return action.path;
  if (action.do === 'setVariable') return `${action.session} ${action.name}`;
  if (action.do === 'faultsStart') return formOf(action.plan);
  if (action.do === 'faultsStop' || action.do === 'faultsHeal' || action.do === 'faultsRelease') {
    return [action.id ?? 'all', 'rule' in action ? action.rule : undefined]
      .filter((part) => part !== undefined)
      .join(' ');
  }
  return action.do === 'callTool' ? action.tool : '';
}
