/**
 * What depends on what among the variables of a session: a graph without cycles, written down in the variables
 * themselves (the constraint `dependsOn`). Pure; nothing is recomputed here.
 */
import { StateError } from '../core/index.ts';
import type { Variable } from './types.ts';

type Node = Pick<Variable, 'name' | 'constraints'>;

/** The names that a variable was declared to depend on. */
export function dependenciesOf({ constraints }: Pick<Node, 'constraints'>): readonly string[] {
  return (constraints as { readonly dependsOn?: readonly string[] }).dependsOn ?? none;
}

const none: readonly string[] = [];

/**
 * The variables, each behind what it depends on. Throws StateError `cycle`, which names the way around, or `not_found`
 * when one depends on a variable that is not there.
 */
export function sorted<V extends Node>(variables: readonly V[]): readonly V[] {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const order: V[] = [];
  const done = new Set<string>();
  // A chain may be as long as there are variables: no recursion.
  const path: { readonly variable: V; next: number }[] = [];
  const onPath = new Set<string>();
  const enter = (variable: V): void => {
    path.push({ variable, next: 0 });
    onPath.add(variable.name);
  };
  for (const root of variables) {
    if (done.has(root.name)) continue;
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const name = dependenciesOf(top.variable)[top.next];
      top.next += 1;
      if (name === undefined) {
        path.pop();
        onPath.delete(top.variable.name);
        done.add(top.variable.name);
        order.push(top.variable);
      } else if (onPath.has(name)) throw cycle([...path.map(({ variable }) => variable.name), name]);
      else if (!done.has(name)) {
        const dependency = byName.get(name);
        if (dependency === undefined) throw unknownDependency(top.variable.name, name);
        enter(dependency);
      }
    }
  }
  return order;
}

/** Throws what `sorted` throws; costs little where nothing depends on anything. */
export function checkDependencies(variables: readonly Node[]): void {
  if (variables.some((variable) => dependenciesOf(variable).length > 0)) sorted(variables);
}

/** The variables that depend on these names, also through others, each behind what it depends on. */
export function dependentsOf<V extends Node>(variables: readonly V[], names: readonly string[]): readonly V[] {
  const reached = new Set(names);
  return sorted(variables).filter((variable) => {
    const depends = dependenciesOf(variable).some((name) => reached.has(name));
    if (depends) reached.add(variable.name);
    return depends;
  });
}

function cycle(path: readonly string[]): StateError {
  const around = path.slice(path.indexOf(path.at(-1) as string));
  return new StateError('cycle', `variable '${around[0]}': depends on itself: ${around.join(' -> ')}`, {
    details: { variable: around[0], cycle: around },
  });
}

function unknownDependency(variable: string, dependency: string): StateError {
  return new StateError('not_found', `variable '${variable}': depends on '${dependency}', which is not there`, {
    details: { variable, dependency },
  });
}
