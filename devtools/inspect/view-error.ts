/** Why a view cannot be shown, or an action not be done; its code goes over the wire. */
export type ViewErrorCode = 'not_found' | 'invalid' | 'denied' | 'disabled' | 'too_many';

export class ViewError extends Error {
  override readonly name = 'ViewError';
  readonly code: ViewErrorCode;

  constructor(code: ViewErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
