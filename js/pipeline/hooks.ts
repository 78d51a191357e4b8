/** Sources that want to know when the pipeline that began with them has ended, and not only when they have. */

type OnEnd = (error: unknown) => unknown;

const hooks = new WeakMap<object, OnEnd>();

/**
 * `onEnd(error)` is called, and its promise awaited, when a pipeline that began with `stream` is about to settle;
 * `error` is undefined where it went well.
 */
export const whenPipelineEnds = (stream: object, onEnd: OnEnd): void => void hooks.set(stream, onEnd);

/** Calls what is hooked to `stream`. Its failure changes nothing: the outcome is known. */
export async function tellPipelineEnd(stream: object, error: unknown): Promise<void> {
  try {
    await hooks.get(stream)?.(error);
  } catch {
    // The source has to see to it by itself.
  }
}
