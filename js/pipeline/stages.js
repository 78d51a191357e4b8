/** Makes the stages of a pipeline ready to be joined: codecs fused, every pair's two sides as streams of ours. */
import { kFuse } from '../internal/symbols.js';
import { fromNative } from '../native.js';
import { hasBrand } from '../native-classes.js';
import { TransformStream } from '../transform-stream.js';
import { isCodec, isNodePair } from './ends.js';
import { streamOfNodeReadable, streamOfNodeWritable } from './node-streams.js';

/** `stages` as `{ part, place, index, size }` (parts count from 1, the source being 0), each run of neighbouring codecs replaced by the one pair that does the work of all. */
export function fuse(stages) {
  const fused = [];
  for (let index = 0; index < stages.length; ) {
    const place = `stage ${index + 1}`;
    let end = index + 1;
    if (isCodec(stages[index])) {
      while (end < stages.length && isCodec(stages[end])) end += 1;
      fused.push({ part: stages[index][kFuse](stages.slice(index + 1, end)), place, index: index + 1, size: end - index });
    } else {
      fused.push({ part: stages[index], place, index: index + 1, size: 1 });
    }
    index = end;
  }
  return fused;
}

/** A stage that is no function, as `{ readable, writable, isTransform }` with both streams ours. */
export function openPair(stage) {
  if (isNodePair(stage)) {
    return { readable: streamOfNodeReadable(stage), writable: streamOfNodeWritable(stage), isTransform: false };
  }
  const { readable, writable } = fromNative(stage);
  return { readable, writable, isTransform: isTransformStream(stage) };
}

const readableGetter = (Class) => Class && Object.getOwnPropertyDescriptor(Class.prototype, 'readable')?.get;
const nativeBrand = readableGetter(globalThis.TransformStream);
let ourBrand;

const isTransformStream = (value) =>
  hasBrand((ourBrand ??= readableGetter(TransformStream)), value) || hasBrand(nativeBrand, value);
