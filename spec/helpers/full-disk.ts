/** The disk of durable vaults, as it is when it is full: from some transaction on none is taken. */
import { LmdbFile } from '../../actors/state/durable/lmdb-file.ts';
import { VaultError, type VaultErrorCode } from '../../actors/state/index.ts';

const { write } = LmdbFile.prototype;

/** Takes so many transactions more, of all vaults of this process, and then none until `freeDisk`. */
export function fillDisk(taken = 0, code: VaultErrorCode = 'vault_full'): void {
  let left = taken;
  LmdbFile.prototype.write = async function (rows) {
    left -= 1;
    if (left < 0) throw new VaultError(code, this.path, 'there is no room');
    return write.call(this, rows);
  };
}

export function freeDisk(): void {
  LmdbFile.prototype.write = write;
}

/** Call it in a `describe`: the disk is free again after each test. */
export function useFullDisk() {
  afterEach(freeDisk);
  return { fill: fillDisk, free: freeDisk };
}
