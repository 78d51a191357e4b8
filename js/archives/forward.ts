/** Stages that read an archive forward: bytes in, entries out. */
import { compose } from '../pipeline/compose.js';
import { stage } from '../pipeline/functions.js';
import { requireBoolean, requireCallback, requireCount, requireKnown, requireOneOf } from '../values/require.js';
import { forward, type Found } from '../entries/forward.js';
import type { Input } from '../entries/input.js';
import type { Operator } from '../streams/any.js';
import type { Fail } from './error.js';

/** What the readers of all archives have in common. */
export interface ReadOptions {
  /** The most entries. One more fails with `too-many-entries`. Default: no bound; for `openZip()` 1,000,000. */
  maxEntries?: number | undefined;
  /**
   * The most bytes of an entry. If it says that it has more, `stream()` throws `entry-too-large`; if it turns out to have
   * more, its stream fails with that. Default: no bound.
   */
  maxEntryBytes?: number | undefined;
  /**
   * True accepts names that lead out of a folder: with `..`, a drive letter, a backslash or a NUL, absolute ones, and
   * links to such places. Default: false, they fail with `unsafe-path`.
   */
  allowUnsafePaths?: boolean | undefined;
  /**
   * What to do with bytes after the end: `error` fails with `trailing-data` (the default), `ignore` drops them. `openZip()` looks for the end
   * in the last 64 KiB.
   */
  trailing?: 'error' | 'ignore' | undefined;
}

/** Of the readers that go forward. */
export interface ForwardOptions<Entry> extends ReadOptions {
  /** Called with each entry. An entry for which it returns false is skipped, and nobody gets it. A promise fails with a `TypeError`. Default: all are wanted. */
  filter?: ((entry: Entry) => boolean) | undefined;
}

export const READ_OPTIONS = ['maxEntries', 'maxEntryBytes', 'allowUnsafePaths', 'trailing'];

/** The options, checked. */
export interface Limits {
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly allowUnsafePaths: boolean;
  readonly ignoresTrailing: boolean;
}

export function readLimits(caller: string, options: ReadOptions, most = Infinity): Limits {
  const { maxEntries = most, maxEntryBytes = Infinity, allowUnsafePaths = false, trailing = 'error' } = options;
  requireCount(maxEntries, `${caller}(): maxEntries`, 0, true);
  requireCount(maxEntryBytes, `${caller}(): maxEntryBytes`, 0, true);
  requireBoolean(allowUnsafePaths, `${caller}(): allowUnsafePaths`);
  requireOneOf(trailing, ['error', 'ignore'], `${caller}(): trailing`);
  return { maxEntries, maxEntryBytes, allowUnsafePaths, ignoresTrailing: trailing === 'ignore' };
}

/** What an archive is read from: bytes in whatever pieces. */
export type ArchiveInput = ArrayBuffer | ArrayBufferView;

/**
 * Makes the stage.
 *
 * @param start returns what reads the next header; undefined at the end of the archive, which has been checked. The content before it has been finished
 */
export function forwardStage<Entry extends { readonly name: string }>(
  caller: string,
  options: ForwardOptions<Entry>,
  known: readonly string[],
  fail: Fail,
  start: (input: Input, limits: Limits) => () => Promise<Found<Entry> | undefined>,
): Operator<ArchiveInput, Entry> {
  requireKnown(options, `${caller}()`, [...READ_OPTIONS, 'filter', ...known]);
  requireCallback(options.filter, `${caller}(): filter`);
  const limits = readLimits(caller, options);
  return compose(
    stage(
      forward(caller, options.filter, (input) => {
        const next = start(input, limits);
        let count = 0;
        return async () => {
          const found = await next();
          if (found !== undefined && count === limits.maxEntries)
            throw fail('too-many-entries', `the archive has more than ${count} entries (maxEntries)`, {
              entry: found.entry.name,
            });
          count += 1;
          return found;
        };
      }),
    ),
  );
}
