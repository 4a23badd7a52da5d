/** The tools that change something; each needs its scope and `--actions`, and leaves a record in the audit. */
import { actorPath } from '../cli/actor-path.ts';
import { planLines } from '../cli/commands/faults/lines.ts';
import { resultLines } from '../cli/result-lines.ts';
import type { FaultPlanRow } from '../protocol/index.ts';
import { type McpTool, type Property, tool } from './tool.ts';

const path: Property = { type: 'string', description: 'Path of the actor, or the end of it that no other has.' };

const lifecycle = (
  name: 'kill' | 'restart' | 'suspend' | 'resume',
  description: string,
  destructive: boolean,
): McpTool =>
  tool<{ path: string }>({
    name,
    description,
    properties: { path },
    required: ['path'],
    scope: 'operate',
    destructive,
    async run(session, args) {
      const at = await actorPath(session, args.path);
      await session.act({ do: name, path: at });
      return [`${name}: ${at} done`];
    },
  });

export const actionTools: readonly McpTool[] = [
  lifecycle('kill', 'Ends an actor at once; its supervisor does what it does about a crash.', true),
  lifecycle('restart', 'Ends an actor in order and starts it again, whatever its restart type.', true),
  lifecycle('suspend', 'Lets an actor handle nothing until it is resumed.', false),
  lifecycle('resume', 'Lets a suspended actor go on.', false),
  tool<{ path: string; message: unknown; as?: 'info' | 'cast' | 'call'; name?: string }>({
    name: 'send',
    description: 'Puts a message into the mailbox of an actor; as a call its reply is answered.',
    properties: {
      path,
      message: { description: 'The message, any JSON; of a call or cast its argument.' },
      as: { type: 'string', description: 'How it is sent. Default info.', enum: ['info', 'cast', 'call'] },
      name: { type: 'string', description: 'Of the call or cast.' },
    },
    required: ['path', 'message'],
    scope: 'operate',
    destructive: true,
    async run(session, args) {
      const { message, as: kind = 'info', name = '' } = args;
      const at = await actorPath(session, args.path);
      const as = kind === 'info' ? {} : { as: { kind, name } };
      const result = await session.act({ do: 'send', path: at, message, ...as });
      return kind === 'call' ? resultLines(result) : [`sent to ${at}`];
    },
  }),
  tool<{ session: string; name: string; value: unknown }>({
    name: 'set_variable',
    description: 'Sets a variable of a session; the next call sees it.',
    properties: {
      session: { type: 'string', description: 'Id of the session.' },
      name: { type: 'string', description: 'Of the variable.' },
      value: { description: 'Any JSON that fits its type.' },
    },
    required: ['session', 'name', 'value'],
    scope: 'write',
    destructive: true,
    async run(session, args) {
      await session.act({ do: 'setVariable', ...args });
      return [`${args.name} is ${JSON.stringify(args.value)}`];
    },
  }),
  tool<{ plan: string; for_ms?: number }>({
    name: 'start_faults',
    description:
      'Arms a fault plan; it ends by itself. The tool faults has the catalogue, with the plan of each fault in the short form.',
    properties: {
      plan: {
        type: 'string',
        description:
          "One line: point, where and when in braces, then the task, such as 'actor.receive{path=app/jobs/*,nth=3}=throw(boom)'; several rules by semicolons.",
      },
      for_ms: { type: 'integer', description: 'Ends after so many milliseconds, at most 3600000. Default 60000.' },
    },
    required: ['plan'],
    scope: 'operate',
    destructive: true,
    async run(session, { plan, for_ms: expiresMs }) {
      const action = { do: 'faultsStart', plan, ...(expiresMs === undefined ? {} : { expiresMs }) } as const;
      return planLines([(await session.act(action)) as FaultPlanRow], session);
    },
  }),
  tool<{ id?: string }>({
    name: 'stop_faults',
    description: 'Ends a fault plan, or all of them, whoever armed them, and heals everything that they did.',
    properties: { id: { type: 'string', description: 'The plan. Default: all.' } },
    scope: 'operate',
    async run(session, args) {
      const { stopped } = (await session.act({ do: 'faultsStop', ...args })) as { readonly stopped: number };
      return [stopped === 0 ? 'no plan was armed' : `stopped ${stopped}`];
    },
  }),
];
