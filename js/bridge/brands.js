/**
 * Tells tidegate's own streams from everything else, by brand. The public classes fill the brands in, so that what asks for one need not
 * import a class.
 */

/** `readableImpl(value)`: what belongs to a ReadableStream; undefined where `value` is none. */
export let readableImpl = (_value) => undefined;

/** `writableImpl(value)`: what belongs to a WritableStream; undefined where `value` is none. */
export let writableImpl = (_value) => undefined;

export const setReadableBrand = (brand) => void (readableImpl = brand);

export const setWritableBrand = (brand) => void (writableImpl = brand);

/** Whether `value` is tidegate's `ReadableStream`. */
export const isOurReadable = (value) => readableImpl(value) !== undefined;

/** Whether `value` is tidegate's `WritableStream`. */
export const isOurWritable = (value) => writableImpl(value) !== undefined;

/** The reason of an abort of `stream`, one of ours, that waits for a write under way; undefined where there is none. */
export const abortReasonOf = (stream) => writableImpl(stream).abortReason;
