/** Why a view cannot be shown, or an action not be done; its code goes over the wire. */
export type ViewErrorCode = 'not_found' | 'invalid' | 'invalid_plan' | 'no_door' | 'denied' | 'disabled' | 'too_many';

export class ViewError extends Error {
  override readonly name = 'ViewError';
  readonly code: ViewErrorCode;
  /** Of a plan that is wrong: which of its fields. */
  readonly field: string | undefined;

  constructor(code: ViewErrorCode, message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}
