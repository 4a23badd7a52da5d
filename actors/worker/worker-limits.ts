/**
 * What one worker process may use at most. The process sets the limits itself, before it imports anything of the user,
 * so all that it starts has them, too: each such process for itself. What a limit cannot hold is refused, never ignored.
 */
import { SpecError } from '../core/index.ts';
import { between, checkNumbers, type Rules } from './option-rules.ts';

export interface WorkerLimits {
  /**
   * Memory that a process may ask for and write to (Linux, RLIMIT_DATA): heap and private mappings, 8 MiB for each
   * thread's stack, but no shared files and no mere reservations. A worker itself takes about 120 MiB of it. What is
   * more is refused: MemoryError in Python, which is the error of that call alone. Default: no limit.
   */
  readonly memoryBytes?: number;
  /**
   * Processor time of the process in its whole life, in seconds (RLIMIT_CPU). Then it says where it is and ends by
   * SIGXCPU: the worker is lost and starts anew. Default: no limit.
   */
  readonly cpuSeconds?: number;
  /** Open files and sockets (RLIMIT_NOFILE), at least 64; more are refused: OSError in Python. Default: the host's. */
  readonly openFiles?: number;
  /** The size of a core dump, which shows all that was in memory; 0 for none (RLIMIT_CORE). Default: the host's. */
  readonly coreBytes?: number;
  /** The processors that it runs on, by number (Linux). Default: the host's. */
  readonly cpus?: readonly number[];
  /** How much it gives way to others: added to the host's own, 1 to 19. Default: 0. */
  readonly niceness?: number;
}

const leastMemoryBytes = 64 * 2 ** 20;
const maxCpu = 4_095;
const rules: Rules = {
  'limits.memoryBytes': between(leastMemoryBytes, 2 ** 50),
  'limits.cpuSeconds': between(1, 2 ** 31),
  'limits.openFiles': between(64, 2 ** 20),
  'limits.coreBytes': between(0, 2 ** 50),
  'limits.niceness': between(0, 19),
};
const known = ['memoryBytes', 'cpuSeconds', 'openFiles', 'coreBytes', 'cpus', 'niceness'] as const;

/** What the systems that have no such limit are; elsewhere each works. */
const missing: Readonly<Record<string, readonly (keyof WorkerLimits)[]>> = {
  // There the system takes a limit of memory and does not keep it.
  darwin: ['memoryBytes', 'cpus'],
  freebsd: ['cpus'],
  openbsd: ['cpus'],
  win32: known,
};

/** Throws a SpecError that names the limit: one that is wrong, not known, or that this platform does not have. */
export function checkLimits(value: unknown, target: string, platform: string = process.platform): WorkerLimits {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SpecError(target, 'invalid_limits: must be an object', typeof value);
  const limits = value as WorkerLimits;
  for (const name of Object.keys(limits) as (keyof WorkerLimits)[]) {
    if (!known.includes(name))
      throw new SpecError(target, `unknown_limits.${name}: there are ${known.join(', ')}`, limits[name]);
    if (limits[name] !== undefined && missing[platform]?.includes(name) === true)
      throw new SpecError(target, `unsupported_limits.${name}: ${platform} has no such limit`, limits[name]);
  }
  checkNumbers({ limits }, rules, target);
  const { cpus } = limits;
  const isCpu = (cpu: unknown) => Number.isInteger(cpu) && (cpu as number) >= 0 && (cpu as number) <= maxCpu;
  if (cpus !== undefined && !(Array.isArray(cpus) && cpus.length > 0 && cpus.every(isCpu)))
    throw new SpecError(target, `invalid_limits.cpus: must be a list of numbers of processors, 0 to ${maxCpu}`, cpus);
  return limits;
}

/** As the boot line has them. */
export function limitsOnTheWire(limits: WorkerLimits): Readonly<Record<string, unknown>> {
  return {
    memory_bytes: limits.memoryBytes,
    cpu_seconds: limits.cpuSeconds,
    open_files: limits.openFiles,
    core_bytes: limits.coreBytes,
    cpus: limits.cpus,
    niceness: limits.niceness,
  };
}
