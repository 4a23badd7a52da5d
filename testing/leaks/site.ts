/** Where something was made: a stack, of which the frame is told that its author wants to see. */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The library's own folders, in the sources and in what is built of them. */
const own = ['actors', 'supervisors', 'bridge', 'testing', 'devtools'].map((folder) => `${root}${folder}${sep}`);
const framesKept = 50;

export class Site {
  /** V8 makes the text when somebody asks for it. */
  readonly stack!: string;

  /** The stack above this function. */
  constructor(beneath: (...args: never[]) => unknown) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = framesKept;
    Error.captureStackTrace(this, beneath);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** Files and lines, innermost first, without those of Node. */
  get frames(): readonly string[] {
    return this.stack
      .split('\n')
      .map((line) => /[ (]((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line)?.[1])
      .filter((frame) => frame !== undefined)
      .map((frame) => (frame.startsWith('file://') ? pathOf(frame) : frame));
  }

  /** The first place that is neither Node's, nor this library's, nor a package's. */
  get place(): string | undefined {
    const frame = this.frames.find((one) => !isOwn(one) && !isPackage(one));
    return frame === undefined ? undefined : shown(frame);
  }

  /** As `place`; of what was made without any, the library's or the package's. */
  get nearest(): string | undefined {
    const frame = this.frames.at(-1);
    return this.place ?? (frame === undefined ? undefined : shown(frame));
  }

  /** Whether it is the test runner's own. */
  get isRunner(): boolean {
    return /[\\/]node_modules[\\/](mocha|workerpool|tsx|esbuild)[\\/]/.test(this.frames[0] ?? '');
  }

  /** Whether this library made it. */
  get isOwn(): boolean {
    return this.frames.some(isOwn);
  }

  /** Whether somebody else's package made it, and neither a test nor this library had asked for it. */
  get isForeign(): boolean {
    return this.frames.every((frame) => isPackage(frame) && !isOwn(frame));
  }
}

const isOwn = (frame: string) => own.some((folder) => frame.startsWith(folder));
const isPackage = (frame: string) => frame.includes(`${sep}node_modules${sep}`);

function pathOf(url: string): string {
  const [, address = url, place = ''] = /^(.*?)(:\d+:\d+)$/.exec(url) ?? [];
  try {
    return fileURLToPath(address.replace(/\?.*$/, '')) + place;
  } catch {
    return url;
  }
}

function shown(frame: string): string {
  const path = relative(process.cwd(), frame);
  return path.startsWith('..') ? frame : path;
}
