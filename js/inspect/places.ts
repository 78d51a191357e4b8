/** Where in the page's code something was made: kept only when asked for, because a stack costs more than a stream. */

let keeps = false;

/** Keeps places from now on, or no more. */
export const keepPlaces = (yes: boolean): void => void (keeps = yes);

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
  return framesOf(caught());
}

/** An error with the stack of this call; undefined where the page lets none be made. */
function caught(): Error | undefined {
  const limited = Error as { stackTraceLimit?: number };
  try {
    const limit = limited.stackTraceLimit;
    if (limit !== undefined) limited.stackTraceLimit = DEEPEST;
    try {
      return new Error();
    } finally {
      if (limit !== undefined) limited.stackTraceLimit = limit;
    }
  } catch {
    return undefined;
  }
}

function framesOf(error: Error | undefined): string[] {
  try {
    const { stack } = (error ?? {}) as { stack?: unknown };
    return typeof stack === 'string' ? stack.split('\n') : [];
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
  return keeps ? placeIn(framesHere(), isCalled) : undefined;
}

/** What gives the place of this call, as `placeHere()` does, to who asks later: most that is made is never asked for, and to write a stack down is what costs most. */
export function placeLater(): () => string | undefined {
  const error = keeps ? caught() : undefined;
  return () => placeIn(framesOf(error), false);
}

function placeIn(lines: readonly string[], isCalled: boolean): string | undefined {
  const frames = lines.filter((line) => /:\d+:\d+\)?$/.test(line.trim()));
  const theirs = frames.filter((frame) => !isOurs(frame) && !/\bnode:|\(native\)/.test(frame));
  if (isCalled && !theirs.some((frame) => !/^\s*at async /.test(frame))) return undefined;
  return theirs.map((frame) => frame.trim()).join('\n') || undefined;
}

function isOurs(frame: string): boolean {
  if (!ours) return false;
  const address = addressOf(frame);
  return address !== undefined && (address.startsWith(ours) || address.startsWith(ours.replace(/chunks[\\/]$/, '')));
}
