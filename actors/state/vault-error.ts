/** Why a durable vault did not start. What a running one cannot keep is a StateError (see `refusal`). */
import { ActorError, StateError } from '../core/index.ts';

export type VaultErrorCode =
  /** Its path is no folder, or none can be made there. */
  | 'vault_path'
  /** The folder or a file in it cannot be written. */
  | 'vault_read_only'
  /** The file is damaged, or not a vault's. Nothing was changed. */
  | 'vault_corrupt'
  /** Another host that lives has it open. */
  | 'vault_in_use'
  /** A newer release wrote it. */
  | 'vault_too_new'
  /** The disk has no room. */
  | 'vault_full'
  /** The npm package `lmdb` is not there, or has nothing for this platform. */
  | 'vault_missing'
  /** Anything else that the system said; it is the cause. */
  | 'vault_failed';

export class VaultError extends ActorError {
  declare readonly code: VaultErrorCode;
  /** The folder. */
  readonly path: string;

  constructor(code: VaultErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(code, `vault ${path}: ${message}`, options);
    this.path = path;
  }
}

/** A commit that the vault cannot keep: nothing was applied, what is there can be read, and the next one may succeed. */
export function refusal(fault: VaultError): StateError {
  return new StateError('read_only', `${fault.message}; nothing was applied`, {
    cause: fault,
    details: { reason: fault.code, path: fault.path },
  });
}
