/** Tells tidegate's own streams from everything else, by brand. */
import { ReadableStream } from '../readable-stream.js';
import { WritableStream } from '../writable-stream.js';
import { hasBrand } from '../native-classes.js';

let readableBrand;
let writableBrand;

const lockedGetter = (Class) => Object.getOwnPropertyDescriptor(Class.prototype, 'locked').get;

/** Whether `value` is tidegate's `ReadableStream`. */
export function isOurReadable(value) {
  return hasBrand((readableBrand ??= lockedGetter(ReadableStream)), value);
}

/** Whether `value` is tidegate's `WritableStream`. */
export function isOurWritable(value) {
  return hasBrand((writableBrand ??= lockedGetter(WritableStream)), value);
}
