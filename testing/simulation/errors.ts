/** How a simulation fails by itself, besides by what its scenario throws. */

/** Base of what the simulation says. */
export class SimulationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Nothing can happen any more, and the scenario still waits. */
export class SimulationStuck extends SimulationError {}

/** It went on for too long: too many turns, or too much simulated time. */
export class SimulationLimit extends SimulationError {}

/** The scenario is over, and something of it is still there. */
export class LeftBehind extends SimulationError {
  readonly left: readonly string[];

  constructor(left: readonly string[]) {
    super(`left behind: ${left.join(', ')}`);
    this.left = left;
  }
}

/** A promise was rejected, and nobody had anything to do with it; `cause` is what it was rejected with. */
export class StrayRejection extends SimulationError {
  constructor(reason: unknown) {
    super(`a promise was rejected, and nobody heard of it: ${String(reason)}`, { cause: reason });
  }
}

/** Two runs of one seed differ: something in it does not go through the runtime. */
export class NotDeterministic extends SimulationError {
  /** The number of the first record that differs. */
  readonly record: number;

  constructor(record: number, first: string, second: string) {
    super(
      `two runs of one seed differ, first in record ${record}:\n  first run   ${first}\n  second run  ${second}\n` +
        'Something does not go through the runtime: Date, Math.random, a timer or promise of the outside, or state that' +
        ' the scenario keeps from one run to the next',
    );
    this.record = record;
  }
}
