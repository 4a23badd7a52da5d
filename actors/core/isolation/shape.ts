/**
 * What of a logic another thread has to know: of which kind it is, and which of its calls and casts take an argument
 * (a ref needs that to tell an argument from options).
 */
import { type ActorLogicDefinition, definition, type Logic } from '../behavior.ts';
import type { PlainServer } from '../server.ts';

export interface Shape {
  readonly kind: ActorLogicDefinition['kind'];
  /** Of a server: `call add`, `cast reset`. */
  readonly takes: readonly string[];
}

/** A logic that runs elsewhere: its shape is known once it has run. */
export interface ShapedLogic {
  readonly shape: Shape | undefined;
}

export function shapeOf(logic: Logic<never>): Shape | undefined {
  if ('shape' in logic) return (logic as unknown as ShapedLogic).shape;
  const { kind, plain } = logic[definition] as ActorLogicDefinition & { readonly plain?: PlainServer };
  if (kind !== 'server') return { kind, takes: [] };
  const takes = (['call', 'cast'] as const).flatMap((how) =>
    Object.entries(plain?.[how] ?? {}).flatMap(([name, handler]) => (handler.length > 1 ? [`${how} ${name}`] : [])),
  );
  return { kind, takes };
}

/** Whether what stands behind the name of a call or cast is an argument. Not known, it is one. */
export const takesArgument = (shape: Shape | undefined, how: 'call' | 'cast', name: string): boolean =>
  shape === undefined || shape.kind !== 'server' || shape.takes.includes(`${how} ${name}`);
