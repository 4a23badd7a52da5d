/** Why there is no connection. */
export type ConnectErrorCode =
  /** None runs here, or none that fits. */
  | 'no_system'
  /** Several fit; the message lists them. */
  | 'several_systems'
  /** The host refused the token, or this kind of client. */
  | 'refused'
  /** The host speaks another version of the protocol. */
  | 'version'
  /** It does not answer, or went away and did not come back. */
  | 'gone'
  /** What was asked for makes no sense: a URL that is none, a URL without a token. */
  | 'usage';

export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: ConnectErrorCode;

  constructor(code: ConnectErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
