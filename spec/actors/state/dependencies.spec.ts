import { expect } from 'chai';
import fc from 'fast-check';
import { StateError } from '../../../actors/core/index.ts';
import { dependenciesOf, dependentsOf, sorted } from '../../../actors/state/index.ts';

interface Node {
  readonly name: string;
  readonly constraints: { readonly dependsOn: readonly string[] };
}
const names = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Any graph, with cycles and loops. */
const graph = fc
  .array(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }), {
    minLength: names.length,
    maxLength: names.length,
  })
  .map((edges) => edges.map((dependsOn, i): Node => ({ name: names[i] as string, constraints: { dependsOn } })));

/** All that a name depends on, by walking on for as often as there are names. */
function reach(nodes: readonly Node[], name: string): ReadonlySet<string> {
  const reached = new Set<string>();
  for (let round = 0; round <= nodes.length; round += 1) {
    for (const node of nodes) {
      if (node.name !== name && !reached.has(node.name)) continue;
      for (const dependency of dependenciesOf(node)) reached.add(dependency);
    }
  }
  return reached;
}

describe('the order of dependencies', () => {
  it('has each variable once, behind what it depends on, or is a cycle that is really there', () => {
    fc.assert(
      fc.property(graph, (nodes) => {
        const isCyclic = nodes.some(({ name }) => reach(nodes, name).has(name));
        try {
          const order = sorted(nodes).map(({ name }) => name);
          expect(isCyclic).to.equal(false);
          expect([...order].sort()).to.deep.equal(names);
          for (const node of nodes)
            for (const before of dependenciesOf(node))
              expect(order.indexOf(before)).to.be.below(order.indexOf(node.name));
        } catch (error) {
          if (!(error instanceof StateError)) throw error;
          expect(isCyclic).to.equal(true);
          const cycle = error.details.cycle as string[];
          expect(cycle.at(-1)).to.equal(cycle[0]);
          for (let i = 1; i < cycle.length; i += 1) {
            const node = nodes.find(({ name }) => name === cycle[i - 1]) as Node;
            expect(dependenciesOf(node)).to.include(cycle[i]);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('tells the dependents of a name: all that reach it, and nothing else', () => {
    fc.assert(
      fc.property(graph, fc.constantFrom(...names), (nodes, name) => {
        fc.pre(!nodes.some((node) => reach(nodes, node.name).has(node.name)));
        const dependents = dependentsOf(nodes, [name]).map((node) => node.name);
        const expected = names.filter((other) => reach(nodes, other).has(name));
        expect([...dependents].sort()).to.deep.equal(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
