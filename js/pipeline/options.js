/** The options of `pipeline()`. */
import { convertOnDiscard } from '../machines/discard.js';
import { describe } from '../values/describe.js';

const READERS = {
  signal: signalOf,
  preventClose: Boolean,
  preventAbort: Boolean,
  preventCancel: Boolean,
  onProgress: functionOf,
  progressInterval: (value, name) => numberOf(value, name, 0),
  total: (value, name) => numberOf(value, name, 0),
  memoryLimit: (value, name) => numberOf(value, name, 1),
  size: functionOf,
  onDiscard: (value) => convertOnDiscard(value, 'pipeline(): options'),
  yieldAfter: (value, name) => numberOf(value, name, 0),
};

/** Milliseconds after which a pipeline gives the thread back: three quarters of a frame. */
const YIELD_AFTER = 12;

/** The `yieldAfter` of options that have been read; undefined for never. */
export const yieldAfterOf = ({ yieldAfter = YIELD_AFTER }) => (yieldAfter === Infinity ? undefined : yieldAfter);

/** Whether every key of `value` is that of an option. */
export const hasOnlyOptions = (value) => Object.keys(value).every((key) => Object.hasOwn(READERS, key));

/** @throws {TypeError | RangeError} saying which option is wrong, and how */
export function readOptions(caller, options) {
  const read = {};
  for (const name of Object.keys(READERS)) {
    const value = options[name];
    read[name] = value === undefined ? undefined : READERS[name](value, name, caller);
  }
  return read;
}

function signalOf(signal, name, caller) {
  if (
    signal !== null &&
    typeof signal === 'object' &&
    'aborted' in signal &&
    typeof signal.addEventListener === 'function'
  )
    return signal;
  throw new TypeError(`${caller}(): options.signal is not an AbortSignal; got ${describe(signal)}`);
}

function functionOf(value, name) {
  if (typeof value === 'function') return value;
  throw new TypeError(`pipeline(): options.${name} is not a function; got ${describe(value)}`);
}

function numberOf(value, name, least) {
  if (typeof value === 'number' && value >= least) return value;
  throw new RangeError(
    `pipeline(): options.${name} must be a number of at least ${least}; got ${typeof value === 'number' ? value : describe(value)}`,
  );
}
