/** `diagnose()`: announces mistakes that break backpressure, with the line that made them. */
import { describe } from '../values/describe.js';
import { keepPlaces } from './places.js';
import { watchMistakes, type Found } from './mistakes.js';

/** What is wrong: docs/INSPECT.md has a line for each. */
export type MistakeKind =
  | 'write ignores ready'
  | 'enqueue past the mark'
  | 'lock never read'
  | 'tee branch left behind'
  | 'never consumed'
  | 'queue grows'
  | 'thread held'
  | 'rejection unhandled'
  | 'false ignored'
  | 'work not awaited';

/** A mistake that `diagnose()` has found. */
export interface Mistake {
  readonly kind: MistakeKind;
  /** What happens, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly fix: string;
  /** What it costs: the bytes that wait because of it, as far as they can be told. */
  readonly bytes: number;
  /** The line of the page's code. */
  readonly place: string;
  /** That line and its callers. */
  readonly stack: string;
}

export interface DiagnoseOptions {
  /** Called with each mistake. Default: none. */
  onMistake?: ((mistake: Mistake) => void) | undefined;
  /** Whether each mistake is a warning in the console. Default: true. */
  warn?: boolean | undefined;
  /** Milliseconds that one call of a stage may keep the thread. Default: 100. */
  holdFor?: number | undefined;
  /** Milliseconds that a lock may be held, while chunks wait, without a read. Default: 10,000. */
  unreadFor?: number | undefined;
  /** Milliseconds between two looks at queues and locks; a queue that grows at five in a row is a mistake. Default: 1000. */
  lookEvery?: number | undefined;
}

/** The name of the event that is dispatched on the global object for each mistake, with the mistake as its `detail`. */
const EVENT = 'tidegate-mistake';

/** Each place once, as long as the page lives. */
const told = new Set<string>();

/**
 * Watches for mistakes that break backpressure: from now on each is reported once per place, as a warning in the
 * console, to `onMistake`, and as an event `tidegate-mistake` of the global object, whose `detail` is the mistake.
 * Streams that were made before are not watched.
 *
 * It costs a stack for each stream and lock, and time for each chunk: it is for development. There it is on by itself,
 * where `process.env.NODE_ENV` is `'development'` when `tidegate/inspect` is imported. Calling it again replaces the
 * options.
 *
 * @returns a function that ends it
 * @throws {TypeError} when `onMistake` is no function
 * @throws {RangeError} when a time is not a number of at least 1
 */
export function diagnose({
  onMistake,
  warn = true,
  holdFor = 100,
  unreadFor = 10_000,
  lookEvery = 1000,
}: DiagnoseOptions = {}): () => void {
  if (onMistake !== undefined && typeof onMistake !== 'function')
    throw new TypeError(`diagnose(): onMistake must be a function; got ${describe(onMistake)}`);
  for (const [name, value] of Object.entries({ holdFor, unreadFor, lookEvery })) {
    if (!(typeof value === 'number' && value >= 1))
      throw new RangeError(`diagnose(): ${name} must be a number of at least 1; got ${String(value)}`);
  }
  keepPlaces(true);
  return watchMistakes({ holdFor, unreadFor, lookEvery }, (found) => tell(found, warn, onMistake));
}

function tell({ stack, part = '', ...rest }: Found, warn: boolean, onMistake: DiagnoseOptions['onMistake']): void {
  const [place] = stack.split('\n') as [string];
  const key = `${rest.kind} ${part} ${place}`;
  if (told.has(key)) return;
  told.add(key);
  const mistake: Mistake = { ...rest, place, stack };
  // Not within the call that was wrong: what is told may throw.
  Promise.resolve().then(() => {
    if (warn)
      globalThis.console?.warn(`tidegate: ${mistake.message} ${mistake.fix}\n    ${stack.replaceAll('\n', '\n    ')}`);
    const { CustomEvent, dispatchEvent } = globalThis as Partial<typeof globalThis>;
    if (typeof CustomEvent === 'function' && typeof dispatchEvent === 'function')
      dispatchEvent.call(globalThis, new CustomEvent(EVENT, { detail: mistake }));
    onMistake?.(mistake);
  });
}
