// OS processes of the set-up: who is alive (by pid and start time, since pids are used again),
// and running one tool in its own process group so that an interruption ends all of it.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const tailLines = 40;
const graceMs = 3_000;

/**
 * When a process was started, in whatever unit the system has; undefined when it is not there.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function startTimeOf(pid) {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command's name may hold spaces and brackets: count the fields after the last one.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  const { stdout, status } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && stdout.trim() ? stdout.trim() : undefined;
}

/** @typedef {{ pid: number, startedAt: string }} ProcessIdentity */

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function identityOf(pid) {
  const startedAt = startTimeOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** @param {ProcessIdentity | undefined} identity */
export function isAlive(identity) {
  return identity !== undefined && startTimeOf(identity.pid) === identity.startedAt;
}

/**
 * Ends the process group that a tool leads; nothing happens when it is gone.
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
export function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: it has ended already.
  }
}

/**
 * Runs one tool to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.cwd
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal ends the tool's whole process group
 * @param {(line: string) => void} [options.onLine] each line of its output
 * @param {(line: string) => boolean} [options.keep] which lines may be shown when it fails; default all
 * @param {((child: ProcessIdentity | undefined) => void) | undefined} [options.onChild] told when it starts, and undefined when it ended
 * @returns {Promise<{ code: number | null, tail: string[] }>} code null: it could not be started or died by a signal
 */
export function runTool(command, args, { cwd, env, signal, onLine, keep = () => true, onChild }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    /** @type {string[]} */
    const tail = [];
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) onChild?.(identityOf(child.pid));

    /** @param {string} text */
    const take = (text) => {
      if (!text.trim()) return;
      onLine?.(text);
      if (!keep(text)) return;
      tail.push(text);
      if (tail.length > tailLines) tail.shift();
    };
    eachLine(child.stdout, take);
    eachLine(child.stderr, take);

    /** @type {NodeJS.Timeout | undefined} */
    let hard;
    const stop = () => {
      if (child.pid === undefined) return;
      const { pid } = child;
      killGroup(pid, 'SIGTERM');
      hard = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => tail.push(error.message));
    child.on('close', (code) => {
      clearTimeout(hard);
      signal.removeEventListener('abort', stop);
      onChild?.(undefined);
      if (signal.aborted) reject(signal.reason);
      else resolve({ code, tail });
    });
  });
}

/**
 * @param {import('node:stream').Readable} stream
 * @param {(line: string) => void} take
 */
function eachLine(stream, take) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream.on('end', () => take(rest));
}
