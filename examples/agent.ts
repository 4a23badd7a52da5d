/**
 * An agent in Python whose tools are TypeScript functions: DSPy's ReAct decides, TypeScript looks up. The agent knows the tool by
 * its schema, and the local model is held to that while it writes: so even one this small asks for nothing that is not there.
 */
import { z } from 'zod';
import { declare, integer, openContext, startSupervisor, tool } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

await using app = await startSupervisor({ children: { ophion: demoSystem() } });
await using context = await openContext(app.children.ophion, {
  variables: declare({ max_tokens: integer({ min: 1, max: 512, default: 120 }) }),
});

const stock = { apples: 7, pears: 12, plums: 31 } as const;
const asked: string[] = [];
await context.expose({
  search: tool(
    {
      description: 'How many pieces of a fruit there are.',
      input: z.object({ fruit: z.enum(['apples', 'pears', 'plums']) }),
      output: z.number(),
    },
    ({ fruit }) => {
      asked.push(fruit);
      return stock[fruit];
    },
  ),
});

const clerk = context.program('clerk', {
  dspy: 'ReAct',
  signature: 'question -> answer',
  options: { max_iters: 2 },
  tools: ['search'],
  bind: { max_tokens: 'max_tokens' },
});

const { answer } = await clerk.run({ question: 'How many plums are in stock?' }, { timeoutMs: 120_000 });
console.log(`it asked for ${asked.join(', ')}, and answered: ${answer}`);
must(asked.length > 0, 'the agent has asked nothing');
