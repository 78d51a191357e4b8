/** What is wrong with a multipart body. */
export type MultipartErrorCode =
  | 'not-multipart'
  | 'truncated'
  | 'invalid-header'
  | 'header-too-large'
  | 'too-many-parts'
  | 'part-too-large'
  | 'body-too-large'
  | 'size-mismatch'
  | 'trailing-data'
  | 'unsupported'
  | 'part-passed';

/** The error of a multipart body that cannot be read, or of a part that cannot be written. */
export class MultipartError extends Error {
  declare readonly name: 'MultipartError';
  /** What was wrong. */
  declare readonly code: MultipartErrorCode;
  /** The name of the part, where the error is that of one. */
  declare readonly part: string | undefined;
  /** The byte offset of the fault in the body, where it is known. */
  declare readonly offset: number | undefined;

  constructor(
    message: string,
    details: { code: MultipartErrorCode; part?: string | undefined; offset?: number | undefined },
  ) {
    super(message);
    this.code = details.code;
    this.part = details.part;
    this.offset = details.offset;
  }
}
// On the prototype, as the engine's own error classes have it.
Object.defineProperty(MultipartError.prototype, 'name', {
  value: 'MultipartError',
  configurable: true,
  writable: true,
});
// No minifier changes it.
Object.defineProperty(MultipartError, 'name', { value: 'MultipartError', configurable: true });

/** The error of one of the two functions. */
export function fault(
  caller: 'multipart' | 'multipartParts',
  code: MultipartErrorCode,
  what: string,
  details: { part?: string | undefined; offset?: number | undefined } = {},
): MultipartError {
  const at = details.offset === undefined ? '' : ` (at byte ${details.offset})`;
  return new MultipartError(`${caller}(): ${what}${at}`, { code, ...details });
}
