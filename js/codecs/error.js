/** What a codec's streams fail with when its input is wrong. */
export class CodecError extends Error {
  constructor(message, { codec, code, offset, cause }) {
    super(message, cause === undefined ? undefined : { cause });
    this.codec = codec;
    this.code = code;
    this.offset = offset;
  }
}
// On the prototype, as the engine's own error classes have it.
Object.defineProperty(CodecError.prototype, 'name', { value: 'CodecError', configurable: true, writable: true });
