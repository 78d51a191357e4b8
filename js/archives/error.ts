/** What is wrong with an archive. */
export type ArchiveErrorCode =
  | 'not-tar'
  | 'not-zip'
  | 'truncated'
  | 'corrupt'
  | 'checksum-mismatch'
  | 'crc-mismatch'
  | 'size-mismatch'
  | 'trailing-data'
  | 'overlapping-entries'
  | 'ambiguous-entry'
  | 'unsafe-path'
  | 'encrypted'
  | 'unsupported'
  | 'too-many-entries'
  | 'entry-too-large'
  | 'ratio-too-high'
  | 'header-too-large'
  | 'entry-passed'
  | 'no-ranges'
  | 'changed';

/**
 * The error of an archive that cannot be read, or of an entry that cannot be written. The message names the function, the
 * entry and the byte, where there are any.
 */
export class ArchiveError extends Error {
  declare readonly name: 'ArchiveError';
  /** What was wrong. */
  declare readonly code: ArchiveErrorCode;
  /** The name of the entry, where the error is that of one. */
  declare readonly entry: string | undefined;
  /** The byte offset of the fault in the archive, where it is known. */
  declare readonly offset: number | undefined;

  constructor(
    message: string,
    details: {
      code: ArchiveErrorCode;
      entry?: string | undefined;
      offset?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.entry = details.entry;
    this.offset = details.offset;
  }
}
// On the prototype, as the engine's own error classes have it.
Object.defineProperty(ArchiveError.prototype, 'name', { value: 'ArchiveError', configurable: true, writable: true });
// No minifier changes it.
Object.defineProperty(ArchiveError, 'name', { value: 'ArchiveError', configurable: true });

/** What `trailing-data` says. */
export const TRAILING = "data follows the end of the archive; trailing: 'ignore' drops it";

/** Makes the errors of one function: `fail('truncated', 'the archive ends within a header', { offset })`. */
export type Fail = (
  code: ArchiveErrorCode,
  what: string,
  details?: { entry?: string | undefined; offset?: number | undefined; cause?: unknown },
) => ArchiveError;

/** @param caller the function that the messages name */
export const failsOf =
  (caller: string): Fail =>
  (code, what, details = {}) => {
    const at = details.offset === undefined ? '' : ` (at byte ${details.offset})`;
    return new ArchiveError(`${caller}(): ${what}${at}`, { code, ...details });
  };
