/** What a run does when its process does not end: it says what holds it open, and ends it with a failure. */
import { formatLeft } from '../leaks/left.ts';
import type { LeakRecorder } from '../leaks/recorder.ts';

const idle: ReadonlySet<string> = new Set(['temp', 'file', 'listener', 'redis']);

/** Ends a process that does not end by itself, and says why it does not. */
export function watchdog(recorder: LeakRecorder, hangMs: number): void {
  const bite = async () => {
    // Files and listeners hold nothing open.
    const left = (await recorder.look()).filter(({ kind }) => !idle.has(kind));
    const known = left.length > 0 ? formatLeft(left) : '  nothing that was made after the plug-in was loaded';
    const all = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(
      `\nthe tests are over, and after ${hangMs} ms something still holds the process open:\n${known}\n` +
        `all that Node knows of: ${all}\n`,
    );
  };
  const end = () => {
    // Mocha sets its own exit code when the process exits; this one comes after it.
    process.on('exit', () => {
      process.exitCode = 1;
    });
    process.exit(1);
  };
  // Were it to hold the process open itself, it would always bite.
  setTimeout(() => void bite().then(end, end), hangMs).unref();
}
