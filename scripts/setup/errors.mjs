// The one error of a set-up step: what failed, why (as the tool said it) and what to do.

export class SetupError extends Error {
  /**
   * @param {string} message what failed, in one line
   * @param {{ why?: string[], todo?: string[] }} [details] the last lines of output; the ways out
   */
  constructor(message, { why = [], todo = [] } = {}) {
    super(message);
    this.name = 'SetupError';
    this.why = why;
    this.todo = todo;
  }
}

/** What the set-up throws when a signal ended it; the process then ends by that signal's exit code. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`set-up was interrupted by ${signal}; run it again and it goes on`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}

const unreachable =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|name resolution|NewConnectionError|Max retries exceeded|Network is unreachable|Connection refused|ConnectTimeoutError|ProxyError/i;

/**
 * The ways out that a tool's output points at; the general one when it points at none.
 * @param {string[]} output
 * @param {string} general
 * @returns {string[]}
 */
export function waysOut(output, general) {
  const text = output.join('\n');
  if (unreachable.test(text)) {
    return [
      'the package registry could not be reached: the first set-up needs a network (or a mirror configured for npm and pip)',
      'then run `npm run setup`: it goes on where it stopped',
    ];
  }
  if (/ENOSPC|No space left on device/i.test(text))
    return ['the disk is full: make room (about 1 GB), then run `npm run setup`'];
  if (/EACCES|EPERM|Permission denied/i.test(text)) {
    return ['the checkout is not writable for this user: fix its permissions, then run `npm run setup`'];
  }
  return [general];
}
