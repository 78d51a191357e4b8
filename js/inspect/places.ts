/** Where in the page's code something was made: kept only when asked for, because a stack costs more than a stream. */

let keeps = false;

/** Keeps places from now on, or no more. */
export const keepPlaces = (yes = true): void => void (keeps = yes);

export const keepsPlaces = (): boolean => keeps;

/** Frames of a stack. */
const DEEPEST = 30;

/** The frames of this copy of the package begin with the address of its folder. */
const ours = /^[^?#]*[/\\]/.exec(ownFrame())?.[0];

function ownFrame(): string {
  const frame = framesHere().find((line) => /:\d+:\d+/.test(line));
  return addressOf(frame ?? '') ?? '';
}

/**
 * The lines of the stack. None where the page makes something else of stacks (`Error.prepareStackTrace`), or allows no change of how deep they
 * are: whatever it does, the call that made a stream goes on.
 */
function framesHere(): string[] {
  const limited = Error as { stackTraceLimit?: number };
  try {
    const limit = limited.stackTraceLimit;
    if (limit !== undefined) limited.stackTraceLimit = DEEPEST;
    try {
      const { stack } = new Error() as { stack?: unknown };
      return typeof stack === 'string' ? stack.split('\n') : [];
    } finally {
      if (limit !== undefined) limited.stackTraceLimit = limit;
    }
  } catch {
    return [];
  }
}

/** The file of a frame, in the form of V8 (`at name (file:1:2)`) or of the others (`name@file:1:2`). */
function addressOf(frame: string): string | undefined {
  return /(?:\(|@|at )?([^\s(@]+):\d+:\d+\)?$/.exec(frame.trim())?.[1];
}

/**
 * The page's own frames of this call, the innermost first; undefined unless places are kept. With `isCalled` undefined
 * as well where the page has only awaited what led here, and has not called it.
 */
export function placeHere(isCalled = false): string | undefined {
  if (!keeps) return undefined;
  const frames = framesHere().filter((line) => /:\d+:\d+\)?$/.test(line.trim()));
  const theirs = frames.filter((frame) => !isOurs(frame) && !/\bnode:|\(native\)/.test(frame));
  if (isCalled && !theirs.some((frame) => !/^\s*at async /.test(frame))) return undefined;
  return theirs.map((frame) => frame.trim()).join('\n') || undefined;
}

function isOurs(frame: string): boolean {
  if (!ours) return false;
  const address = addressOf(frame);
  return address !== undefined && (address.startsWith(ours) || address.startsWith(ours.replace(/chunks[\\/]$/, '')));
}
