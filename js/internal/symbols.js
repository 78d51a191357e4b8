/** Symbols by which parts of the package that do not import one another know each other. */

/**
 * A codec stage's method `[kFuse](followers)`: one `{ readable, writable }` pair that runs the stage and the codec
 * stages after it as one chain.
 */
export const kFuse = Symbol.for('tidegate.fuse');
