/**
 * Which host has a vault open: a file beside its rows. A host of the same machine and container that lives keeps
 * others out; one that nobody here can judge, of another container or before a reboot, gives way, and finds out before
 * its next commit.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIdentity, identityOf, parseIdentity } from '../../../bridge/transport/index.ts';
import { VaultError } from '../vault-error.ts';

/** How often somebody else may be quicker at taking what a dead host has left. */
const attempts = 5;

export class Owner {
  readonly #folder: string;
  readonly #file: string;
  readonly #text: string;
  /** Of the file when it was read last, and was this host's. */
  #stamp = '';

  /** `token` tells two hosts in one process apart. */
  constructor(folder: string, token: string) {
    this.#folder = folder;
    this.#file = join(folder, 'owner');
    this.#text = `${formatIdentity(identityOf(process.pid))}\n${token}\n`;
  }

  /** Takes the folder. Throws VaultError `vault_in_use`, or what the system says. */
  claim(): void {
    let pid = '';
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      try {
        this.#write();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const identity = this.#read().split('\n', 1)[0] ?? '';
      pid = identity.split(' ', 1)[0] ?? '';
      if (lives(identity)) break;
      rmSync(this.#file, { force: true });
    }
    throw new VaultError('vault_in_use', this.#folder, `process ${pid} has it open; one host at a time can`);
  }

  /** Throws VaultError `vault_in_use` when another host has taken it. */
  check(): void {
    const stamp = this.#stampNow();
    // Read again only if somebody was there: this is asked before each transaction.
    if (stamp !== '' && stamp === this.#stamp) return;
    if (this.#read() !== this.#text) {
      throw new VaultError('vault_in_use', this.#folder, 'another host has taken it over; this one writes no more');
    }
    this.#stamp = stamp;
  }

  /** Which file stands there, as it was last changed; empty when there is none. */
  #stampNow(): string {
    const stat = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.ino} ${stat.ctimeNs} ${stat.mtimeNs} ${stat.size}`;
  }

  release(): void {
    // What cannot be removed is seen to be a dead host's.
    try {
      if (this.#read() === this.#text) rmSync(this.#file, { force: true });
    } catch {}
  }

  #write(): void {
    try {
      writeFileSync(this.#file, this.#text, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      // Made, and no room for what is to stand in it.
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') rmSync(this.#file, { force: true });
      throw error;
    }
  }

  #read(): string {
    try {
      return readFileSync(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }
}

/** Whether a host's process is known to live. */
function lives(identity: string): boolean {
  const noted = parseIdentity(identity);
  // Where nobody can tell when a process started, its number has to do.
  if (noted === undefined) return isThere(Number.parseInt(identity, 10));
  const now = identityOf(noted.pid);
  return now.where === noted.where && now.started === noted.started;
}

function isThere(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
