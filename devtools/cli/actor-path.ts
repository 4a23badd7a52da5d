/** Which actor a person means: its path, a pid, or the end of a path that only one has. */
import { ViewerError } from '../protocol/index.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';

/** Throws CommandError, exit code 3, when none fits, or more than one. */
export async function actorPath(session: Session, given: string): Promise<string> {
  const path = given.replace(/#\d+$/, '').replace(/^\/+|\/+$/g, '');
  try {
    await session.viewer.get({ view: 'actor', path });
    return path;
  } catch (error) {
    if (!(error instanceof ViewerError) || error.code !== 'not_found') throw error;
  }
  const last = path.slice(path.lastIndexOf('/') + 1);
  const { rows } = await session.rows<'actors'>({ view: 'actors', search: last }, 1_000);
  const ends = rows.map((row) => row.path).filter((one) => one.endsWith(`/${path}`));
  const [only, other] = ends;
  if (only !== undefined && other === undefined) return only;
  const near = ends.length > 0 ? ends : rows.map((row) => row.path).filter((one) => one.includes(path));
  const said = ends.length > 0 ? `${ends.length} actors are called ${path}` : `there is no actor ${path}`;
  const shown = near.slice(0, 5).map((one) => `\n  ${one}`);
  throw new CommandError(exitCodes.notFound, [said, shown.length === 0 ? '' : '; there are:', ...shown].join(''));
}
