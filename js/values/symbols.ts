/** Symbols by which parts of the package recognise each other without an import. */

/**
 * A codec stage's method `[kFuse](followers)`: one `{ readable, writable }` pair that runs the stage and the codec
 * stages after it as one chain.
 */
export const kFuse: unique symbol = Symbol.for('tidegate.fuse');

/**
 * A composition's method `[kStages]()`: the stages it consists of, or undefined where it is a pair of streams already,
 * because somebody has asked for one of them.
 */
export const kStages: unique symbol = Symbol.for('tidegate.stages');
