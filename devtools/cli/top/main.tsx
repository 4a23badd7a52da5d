/** `ophion top` on a terminal: starts the page, on the other screen of the terminal, and ends when it is left. */
import { render } from 'ink';
import type { Session } from '../session.ts';
import { App } from './app.tsx';

/** The other screen: what was there before comes back at the end. */
const enter = '\u001b[?1049h\u001b[H';
const leave = '\u001b[?1049l';

/** Resolves when it was left; throws when the connection is lost for good. */
export async function runTop(session: Session): Promise<void> {
  const { stdout } = process;
  stdout.write(enter);
  const page = render(<App session={session} />, { exitOnCtrlC: true, patchConsole: false });
  session.io.signal.addEventListener('abort', () => page.unmount());
  void session.connection.ended.then(() => page.unmount());
  try {
    await page.waitUntilExit();
  } finally {
    stdout.write(leave);
  }
  const ended = await Promise.race([session.connection.ended, Promise.resolve(undefined)]);
  if (ended !== undefined) throw ended;
}
