/** Tells tidegate's own streams from everything else, by brand. */
import { readableImpl } from '../readable-stream.js';
import { writableImpl } from '../writable-stream.js';

/** Whether `value` is tidegate's `ReadableStream`. */
export const isOurReadable = (value) => readableImpl(value) !== undefined;

/** Whether `value` is tidegate's `WritableStream`. */
export const isOurWritable = (value) => writableImpl(value) !== undefined;
