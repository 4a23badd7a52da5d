/** A command on a terminal of 80 x 24, by tmux: what stands on the screen, and keys. Needs tmux. */
import { spawnSync } from 'node:child_process';
import { changesUntil } from './changes-until.ts';

export interface Terminal {
  screen(): string;
  /** Resolves when this is on the screen. */
  shows(text: string | RegExp): Promise<void>;
  /** Names of keys, or texts. */
  keys(...pressed: readonly string[]): void;
  /** Resolves when the command has ended. */
  ended(): Promise<void>;
  /** Closes it after the work, also when that fails. */
  used(work: () => Promise<void>): Promise<void>;
  close(): void;
}

export function terminal(name: string, command: string, env: NodeJS.ProcessEnv): Terminal {
  const socket = `ophion-${name}-${process.pid}`;
  const tmux = (...args: readonly string[]) =>
    // Also on a machine that says of itself that it is a CI.
    spawnSync('tmux', ['-L', socket, ...args], { env: { ...env, TERM: 'xterm', CI: 'true' }, encoding: 'utf8' });
  const { status, stderr } = tmux('new-session', '-d', '-s', name, '-x', '80', '-y', '24', command);
  if (status !== 0) throw new Error(`tmux: ${stderr}`);
  const screen = () => tmux('capture-pane', '-p', '-t', name).stdout;
  const close = () => void tmux('kill-server');
  return {
    screen,
    shows: (text) =>
      changesUntil(async () => (typeof text === 'string' ? screen().includes(text) : text.test(screen()))).catch(
        (error) => {
          throw new Error(`${(error as Error).message}; ${String(text)} is not on\n${screen()}`);
        },
      ),
    keys: (...pressed) => void tmux('send-keys', '-t', name, ...pressed),
    ended: () => changesUntil(async () => tmux('list-sessions').status !== 0),
    async used(work) {
      try {
        await work();
      } finally {
        close();
      }
    },
    close,
  };
}
