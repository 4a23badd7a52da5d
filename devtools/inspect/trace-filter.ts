/** Which messages a trace records: what its filter says before there is a record. */
import type { Pid } from '../../actors/core/index.ts';
import { globOf, type MessageFilter, type MessageRow, nameGlobOf } from '../protocol/index.ts';

export class TraceFilter {
  readonly asked: MessageFilter;
  readonly #fitsPath: ((path: string) => boolean) | undefined;
  readonly #fitsName: ((name: string) => boolean) | undefined;

  constructor(asked: MessageFilter = {}) {
    this.asked = asked;
    this.#fitsPath = asked.path === undefined ? undefined : globOf(asked.path);
    this.#fitsName = asked.name === undefined ? undefined : nameGlobOf(asked.name);
  }

  fits(sender: Pid | undefined, to: string, name: string): boolean {
    const { direction } = this.asked;
    if (this.#fitsName?.(name) === false) return false;
    const fits = this.#fitsPath;
    if (fits === undefined) return true;
    return (direction !== 'out' && fits(to)) || (direction !== 'in' && sender !== undefined && fits(sender.path));
  }

  fitsFacts({ session, traceId }: Pick<MessageRow, 'session' | 'traceId'>): boolean {
    const { asked } = this;
    if (asked.session !== undefined && asked.session !== session) return false;
    return asked.traceId === undefined || asked.traceId === traceId;
  }
}
