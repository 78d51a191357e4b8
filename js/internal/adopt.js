/**
 * How pipeTo() and pipeThrough() take the engine's own streams; js/native.js fills it in, so that the classes
 * need not import the conversions that need them.
 */
export const adopt = {
  /** `isReadable(value)`: true for the engine's ReadableStream, else undefined. */
  isReadable: undefined,
  /** `writable(value)`: the internals of one of our streams that writes to the engine's, or undefined. */
  writable: undefined,
};
