/** `ophion doctor`: what is not as it must be here, and what to do about it. */
import type { Command } from 'commander';
import { type FoundSystem, listRunFiles, runFolder } from '../../client/index.ts';
import type { FaultPlanRow } from '../../protocol/index.ts';
import { oneLine } from '../../report/visible.ts';
import type { Cli } from '../cli.ts';
import { checkNode, checkPackages, checkPython, checkRunFolder, type Finding } from '../doctor-checks.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';

export const doctor = (cli: Cli): Command =>
  cli
    .plain('doctor', 'check what the commands and workers need, and say what to do')
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { io, manifest } = cli;
      const folder = runFolder(io.env);
      const findings = [
        checkNode(manifest),
        checkPackages(manifest),
        ...(await checkPython(manifest, io.env)),
        ...checkRunFolder(folder),
        ...(await checkSystems(cli, listRunFiles(folder).systems)),
      ];
      if (json) io.out(JSON.stringify(findings, null, 2));
      else for (const finding of findings) for (const line of lines(finding, cli)) io.out(line);
      if (findings.some(({ ok }) => ok === false)) throw new CommandError(exitCodes.failed, '');
    });

async function checkSystems(cli: Cli, systems: readonly FoundSystem[]): Promise<Finding[]> {
  if (systems.length === 0) {
    return [{ what: 'system', ok: null, said: 'none runs here with its dev tools on', todo: null }];
  }
  return (await Promise.all(systems.map((system) => checkSystem(cli, system)))).flat();
}

async function checkSystem(cli: Cli, { name, osPid }: FoundSystem): Promise<Finding[]> {
  const what = `system ${name}`;
  try {
    const session = await cli.connect({ name, pid: osPid });
    await using _ = session.connection;
    const { health, well } = (await session.viewer.get({ view: 'overview' })).head;
    const todo = well ? null : `ophion status --name ${name}, then ophion crashes --name ${name}`;
    const found: Finding = { what, ok: well, said: `process ${osPid}: ${health}`, todo };
    const { rows } = await session.viewer.get({ view: 'faults', brief: true });
    return rows.length === 0
      ? [found]
      : [
          found,
          armed(
            name,
            rows.map(([, row]) => row),
          ),
        ];
  } catch (error) {
    return [{ what, ok: false, said: (error as Error).message, todo: 'stop its process, or start it again' }];
  }
}

/** What goes wrong there is meant to. */
function armed(name: string, plans: readonly FaultPlanRow[]): Finding {
  const said = plans.map(({ id, by, form }) => `${id} by ${oneLine(by)}: ${oneLine(form)}`).join('; ');
  return { what: `faults in ${name}`, ok: null, said: `armed: ${said}`, todo: `ophion faults stop --name ${name}` };
}

function lines({ what, ok, said, todo }: Finding, { io }: Cli): string[] {
  const { paint } = io;
  const sign = ok === null ? paint.dim('-') : ok ? paint.green('✓') : paint.red('✗');
  return [`${sign} ${what}: ${said}`, ...(todo === null ? [] : [`    ${paint.yellow(todo)}`])];
}
