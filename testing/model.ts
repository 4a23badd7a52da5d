/** What a concurrent object is supposed to do when nobody is in anybody's way: the measure of a history. */

/** Answered by a step that the object could not have taken. */
export const illegal: unique symbol = Symbol('illegal');
/** Stands for a result that nobody saw: a step then takes whatever result it would have had. */
export const unseen: unique symbol = Symbol('unseen');
export type Illegal = typeof illegal;
export type Unseen = typeof unseen;

export interface Model<State, Op, Result> {
  /** For messages: `register`. */
  readonly name: string;
  init(): State;
  /** The state after an operation with this result; `illegal` when it could not have had it. Changes nothing. */
  step(state: State, op: Op, result: Result | Unseen): State | Illegal;
  /** Whether two states are the same. Default: deep equality. */
  equal?(a: State, b: State): boolean;
  /** The same for equal states: makes finding them quicker. Default: made of the state's JSON. */
  hash?(state: State): string | number;
  /**
   * Whether an operation with this result leaves every state as it is, such as a read, or a compare-and-set that did
   * not write. There is then only one place to try it, which makes the search much quicker. Default: none does.
   */
  isRead?(op: Op, result: Result | Unseen): boolean;
  /**
   * Which parts of the object an operation touches. Operations that share no part, directly or through others, are
   * judged apart from each other, which is what makes long histories quick. Default: all touch the same.
   */
  partition?(op: Op): string | readonly string[];
  /** One operation in a drawing. Default: its `type`, its other fields, and the result. */
  describe?(op: Op, result: Result | Unseen): string;
  /** A state in a drawing. Default: JSON. */
  describeState?(state: State): string;
}
