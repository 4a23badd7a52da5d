/**
 * Runs the steps of a demo and prints them: for a person as short paragraphs, with `--json` as one JSON object a
 * line. A step that fails ends the run.
 */

export type Facts = Readonly<Record<string, unknown>>;

export class Report {
  readonly #json: boolean;
  readonly #interrupted: Promise<never>;
  readonly #startMs = performance.now();
  #number = 0;
  ok = true;

  /** A step that runs when `signal` aborts fails. */
  constructor(json: boolean, signal: AbortSignal) {
    this.#json = json;
    this.#interrupted = new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
    });
    this.#interrupted.catch(() => {});
  }

  /** Runs one step; what it answers are the facts to print. A failure is printed and thrown again. */
  async step(name: string, title: string, work: () => Promise<Facts>): Promise<void> {
    this.#number += 1;
    if (!this.#json) process.stdout.write(`\n${this.#number}. ${title}\n`);
    const startMs = performance.now();
    try {
      const facts = await Promise.race([work(), this.#interrupted]);
      this.#print(name, true, { ...facts, ms: Math.round(performance.now() - startMs) });
    } catch (error) {
      this.failed(name, error);
      throw error;
    }
  }

  /** Prints that something failed, and why. */
  failed(name: string, error: unknown): void {
    this.ok = false;
    this.#print(name, false, { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }

  /** The last line. */
  summary(facts: Facts): void {
    if (!this.#json) process.stdout.write('\nSummary\n');
    this.#print('summary', this.ok, { ...facts, ms: Math.round(performance.now() - this.#startMs) });
  }

  /** Text for people; not part of the JSON lines. */
  say(text: string): void {
    if (!this.#json) process.stdout.write(`${text}\n`);
  }

  #print(step: string, ok: boolean, facts: Facts): void {
    if (this.#json) {
      process.stdout.write(`${JSON.stringify({ step, ok, ...facts })}\n`);
      return;
    }
    for (const [name, value] of Object.entries(facts)) {
      process.stdout.write(`   ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
    }
    if (!ok) process.stdout.write('   failed\n');
  }
}

/** Fails a step. */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}
