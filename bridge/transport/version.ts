/**
 * The version of this package. Its Python half travels in it and has the same one; a worker with another is refused by
 * name, since nobody has tried the two together.
 */
import { ActorError } from '../../actors/core/index.ts';

/** Equal to package.json and to `ophion.__version__`; a test keeps it so. */
export const libraryVersion = '0.1.0';

/** The two halves, TypeScript and Python, are of different releases. */
export class VersionMismatchError extends ActorError {
  readonly host: string;
  readonly worker: string;

  constructor(target: string, worker: string) {
    const said = worker === '' ? 'says no version' : `is ophion ${worker}`;
    const way = 'install the one that travels in the npm package: `npx ophion setup`';
    super('version_mismatch', `${target}: its Python half ${said}, the host is ophion ${libraryVersion}; ${way}`);
    this.host = libraryVersion;
    this.worker = worker;
  }
}

/** The numbers alone: `1.2.0-beta.1` is `1.2.0b1` in Python. */
const numbers = (version: string): string | undefined => /^\d+\.\d+\.\d+/.exec(version)?.[0];

/** True when a worker with this version may serve this host. */
export const isOwnVersion = (version: string): boolean => numbers(version) === numbers(libraryVersion);
