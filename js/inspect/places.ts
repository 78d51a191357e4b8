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

/** Frames of a runtime: Node's, Deno's, Bun's, and those that have no file. */
const HOST = /[\s(](?:node|ext|deno|bun|internal):|\(native\)/;

/** Where a call comes from. */
interface Place {
  /** The page's own frames, the innermost first. Undefined where there are none. */
  readonly lines: string | undefined;
  /** Whether the runtime has called, on behalf of the page. */
  readonly isByHost: boolean;
}

const NOWHERE: Place = { lines: undefined, isByHost: false };

/** Where this call comes from; nowhere unless places are kept. */
export const lookHere = (): Place => (keeps ? placeIn(framesHere()) : NOWHERE);

/**
 * The page's own frames of this call, the innermost first; undefined unless places are kept. With `isCalled` undefined
 * as well where the page has only awaited what led here, and has not called it.
 */
export function placeHere(isCalled = false): string | undefined {
  const { lines } = lookHere();
  return isCalled && lines?.split('\n').every((line) => line.startsWith('at async ')) ? undefined : lines;
}

/** What gives the place of this call, as `placeHere()` does, to who asks later: most that is made is never asked for, and to write a stack down is what costs most. */
export function placeLater(): () => string | undefined {
  const error = keeps ? caught() : undefined;
  return () => placeIn(framesOf(error)).lines;
}

function placeIn(stack: readonly string[]): Place {
  const frames = stack.map((line) => line.trim()).filter((line) => /:\d+:\d+\)?$/.test(line) && !isOurs(line));
  const lines = frames.filter((frame) => !HOST.test(frame)).join('\n');
  return { lines: lines || undefined, isByHost: frames[0] !== undefined && HOST.test(frames[0]) };
}

function isOurs(frame: string): boolean {
  if (!ours) return false;
  const address = addressOf(frame);
  return address !== undefined && (address.startsWith(ours) || address.startsWith(ours.replace(/chunks[\\/]$/, '')));
}
