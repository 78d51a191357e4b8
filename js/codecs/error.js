/** What a codec's streams fail with when its input is wrong. */
export class CodecError extends Error {
  /**
   * @param {string} message
   * @param {{ codec: string, code: string, offset: number, cause?: unknown }} details
   */
  constructor(message, details) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.codec = details.codec;
    this.code = details.code;
    this.offset = details.offset;
  }
}
// On the prototype, as the engine's own error classes have it.
Object.defineProperty(CodecError.prototype, 'name', { value: 'CodecError', configurable: true, writable: true });
// No minifier changes it.
Object.defineProperty(CodecError, 'name', { value: 'CodecError', configurable: true });
