/** The commands of `ophion` that look into a running system; bin/ophion.mjs loads them when one is asked for. */
import { Command, CommanderError } from 'commander';
import { Cli } from './cli.ts';
import { audit } from './commands/audit.ts';
import { bridge } from './commands/bridge.ts';
import { calls } from './commands/calls.ts';
import { crashes } from './commands/crashes.ts';
import { devtools } from './commands/devtools.ts';
import { diff } from './commands/diff.ts';
import { doctor } from './commands/doctor.ts';
import { exportFile } from './commands/export.ts';
import { exportTest } from './commands/export-test.ts';
import { faults } from './commands/faults/faults.ts';
import { lifecycle } from './commands/lifecycle.ts';
import { logs } from './commands/logs.ts';
import { mcp } from './commands/mcp.ts';
import { metrics } from './commands/metrics.ts';
import { moments } from './commands/moments.ts';
import { open } from './commands/open.ts';
import { ps } from './commands/ps.ts';
import { repl } from './commands/repl.ts';
import { send } from './commands/send.ts';
import { sessions } from './commands/sessions.ts';
import { set } from './commands/set.ts';
import { show } from './commands/show.ts';
import { status } from './commands/status.ts';
import { systems } from './commands/systems.ts';
import { top } from './commands/top.ts';
import { trace } from './commands/trace.ts';
import { tree } from './commands/tree.ts';
import { vars } from './commands/vars.ts';
import { watch } from './commands/watch.ts';
import { whatIf } from './commands/what-if.ts';
import { why } from './commands/why.ts';
import { workers } from './commands/workers.ts';
import { CommandError, exitCodeOf, exitCodes } from './exit-codes.ts';
import { type Io, processIo } from './io.ts';
import type { Manifest } from './manifest.ts';

export interface MainOptions {
  readonly manifest: Manifest;
  /** Commands that the caller runs by itself, for the help. */
  readonly others: readonly { readonly name: string; readonly summary: string }[];
  readonly io?: Io;
}

/** Runs one command. Resolves to its exit code. */
export async function main(
  args: readonly string[],
  { manifest, others, io = processIo() }: MainOptions,
): Promise<number> {
  const program = programOf(new Cli(io, manifest), others);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    const { message } = error as Error;
    if (message !== '') io.err(`ophion: ${message}`);
    return error instanceof CommandError && io.signal.reason === 'reader_gone' ? exitCodes.ok : code;
  }
}

export function programOf(cli: Cli, others: MainOptions['others'] = []): Command {
  const { io, manifest } = cli;
  const program = new Command('ophion')
    .description('Looks into running systems of actors, and sets up the Python half.')
    .version(manifest.version)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      getOutHelpWidth: () => io.columns ?? 120,
      getErrHelpWidth: () => io.columns ?? 120,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', helpEnd);
  const groups: readonly (readonly [string, readonly Command[]])[] = [
    ['Look:', [tree, ps, top, status, show, diff, why, crashes, logs].map((make) => make(cli))],
    ['Follow:', [watch, trace].map((make) => make(cli))],
    ['State and workers:', [sessions, vars, workers, bridge, calls].map((make) => make(cli))],
    ['Act:', [...lifecycle(cli), send(cli), set(cli), faults(cli), whatIf(cli), audit(cli)]],
    ['Keep:', [exportFile, open, exportTest, metrics, moments].map((make) => make(cli))],
    ['More:', [systems, devtools, repl, mcp, doctor].map((make) => make(cli))],
  ];
  for (const [heading, commands] of groups) {
    for (const command of commands) program.addCommand(command.helpGroup(heading));
  }
  for (const { name, summary } of others) {
    program.addCommand(new Command(name).description(summary).helpGroup('Set up:'));
  }
  for (const command of [program, ...allBelow(program)]) {
    command
      .copyInheritedSettings(program)
      .showHelpAfterError(`(ophion ${command === program ? '' : `${command.name()} `}--help)`);
  }
  return program;
}

const allBelow = (command: Command): Command[] => command.commands.flatMap((one) => [one, ...allBelow(one)]);

const helpEnd = `
A system is found when it runs as this user with its dev tools on; --name or --pid says which of several, --url and
--token (or OPHION_TOKEN) one on another port. Each command has --json.
Exit codes: 0 done, 1 refused or failed, 2 usage, 3 no such system or actor, 4 several systems, 130 Ctrl-C.`;
