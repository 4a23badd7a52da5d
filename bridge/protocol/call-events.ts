/**
 * What the steps of a call tell the system's listeners. Each looks first whether anybody listens: without a listener an
 * event costs one look-up and makes nothing.
 */
import type { ActorContext, ActorSystem } from '../../actors/core/index.ts';
import type { BridgeEvent } from './bridge-events.ts';
import type { CallPlan, Known, OpenCall } from './call-table.ts';

/** A caller has made a call. */
export function tellCalled(system: ActorSystem, callId: string, plan: CallPlan): void {
  if (!system.events.heard('tool.called')) return;
  const { tool, sessionId, stream, traceparent, parent } = plan;
  const event: BridgeEvent = { type: 'tool.called', tool, callId, sessionId, stream, traceparent, parent };
  system.emit(event);
}

export function tellQueued(ctx: ActorContext<never>, { id: callId, plan, attempt }: OpenCall, pool: string): void {
  if (!ctx.system.events.heard('tool.queued')) return;
  const event: BridgeEvent = { type: 'tool.queued', tool: plan.tool, callId, pool, attempt };
  ctx.emit(event);
}

export function tellGranted(ctx: ActorContext<never>, { id: callId, plan, worker, attempt }: OpenCall): void {
  if (!ctx.system.events.heard('tool.granted')) return;
  const event: BridgeEvent = { type: 'tool.granted', tool: plan.tool, callId, worker, attempt };
  ctx.emit(event);
}

export function tellDispatched(ctx: ActorContext<never>, { id: callId, plan, worker, attempt }: OpenCall): void {
  if (!ctx.system.events.heard('tool.dispatched')) return;
  const { tool, sessionId, traceparent } = plan;
  const event: BridgeEvent = { type: 'tool.dispatched', tool, callId, sessionId, worker, attempt, traceparent };
  ctx.emit(event);
}

export function tellItem(
  ctx: ActorContext<never>,
  { id: callId, plan, worker, items: index }: OpenCall,
  bytes: number,
): void {
  if (!ctx.system.events.heard('tool.item')) return;
  const event: BridgeEvent = { type: 'tool.item', tool: plan.tool, callId, worker, index, bytes };
  ctx.emit(event);
}

/** `error`: what the worker said of it, or that it cannot be read. */
export function tellAnswered(
  ctx: ActorContext<never>,
  call: OpenCall,
  error: string | undefined,
  handlerMs?: number,
): void {
  if (!ctx.system.events.heard('tool.answered')) return;
  const { id: callId, plan, worker, attempt } = call;
  const event: BridgeEvent = { type: 'tool.answered', tool: plan.tool, callId, worker, attempt, error, handlerMs };
  ctx.emit(event);
}

export function tellCommitted(
  ctx: ActorContext<never>,
  { id: callId, plan }: OpenCall,
  result: { readonly revision: number } | Error,
): void {
  if (!ctx.system.events.heard('tool.committed')) return;
  const { tool, sessionId } = plan;
  const ended =
    result instanceof Error ? { revision: 0, error: result } : { revision: result.revision, error: undefined };
  const event: BridgeEvent = { type: 'tool.committed', tool, callId, sessionId, ...ended };
  ctx.emit(event);
}

/** How a call ended for one who waited for it. */
export interface CallEnd {
  readonly callId: string;
  readonly plan: CallPlan;
  readonly worker: string;
  readonly attempts: number;
  readonly known: Known;
  readonly error: unknown;
}

export function tellSettled(system: ActorSystem, { callId, plan, worker, attempts, known, error }: CallEnd): void {
  if (!system.events.heard('tool.settled')) return;
  const { tool, sessionId, traceparent, startedMs } = plan;
  const ms = system.runtime.clock.monotonicMs() - startedMs;
  const of = { tool, callId, sessionId, worker, attempts };
  const event: BridgeEvent = { type: 'tool.settled', ...of, known, error, ms, traceparent };
  system.emit(event);
}

/** A run of a TypeScript tool. */
export interface LocalRun {
  readonly tool: string;
  readonly callId: string;
  readonly parentCallId: string;
  readonly sessionId: string;
  readonly worker: string;
  readonly traceparent: string;
  readonly parent: string;
}

/** Tells that a TypeScript tool begins; what it returns is called when it has ended; the first time counts. */
export function tellBegan(system: ActorSystem, run: LocalRun): (error?: unknown, items?: number) => void {
  if (!system.events.heard('tool.began') && !system.events.heard('tool.ended')) return untold;
  const { clock } = system.runtime;
  const startedMs = clock.monotonicMs();
  tell(system, { type: 'tool.began', ...run });
  const { tool, callId, traceparent } = run;
  let ended = false;
  return (error, items = 0) => {
    if (ended) return;
    ended = true;
    const ms = clock.monotonicMs() - startedMs;
    tell(system, { type: 'tool.ended', tool, callId, items, error, ms, traceparent });
  };
}

const tell = (system: ActorSystem, event: BridgeEvent): void => system.emit(event);

const untold = () => {};
