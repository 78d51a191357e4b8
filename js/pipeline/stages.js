/** Makes the stages of a pipeline ready to be joined: codecs fused, every pair's two sides as streams of ours. */
import { kFuse, kStages } from '../values/symbols.js';
import { fromNative } from '../native/convert.js';
import { hasBrand } from '../bridge/native-classes.js';
import { TransformStream } from '../streams/transform-stream.js';
import { isCodec, isNodePair } from '../bridge/kinds.js';
import { streamOfNodeReadable, streamOfNodeWritable } from './node-streams.js';

/** `stages`, each `{ stage, index }`, as `{ part, place, index }`, each run of neighbouring codecs replaced by the one pair that does the work of all. `slice` is the run's. */
export function fuse(stages, slice) {
  const fused = [];
  for (let n = 0; n < stages.length;) {
    const { stage, index } = stages[n];
    let end = n + 1;
    let part = stage;
    if (isCodec(stage)) {
      while (end < stages.length && isCodec(stages[end].stage)) end += 1;
      part = stage[kFuse](
        stages.slice(n + 1, end).map(({ stage: follower }) => follower),
        slice,
      );
    }
    fused.push({ part, place: `stage ${index}`, index });
    n = end;
  }
  return fused;
}

/** A stage that is no function, as `{ readable, writable, isTransform, isComposed }` with both streams ours. */
export function openPair(stage) {
  if (isNodePair(stage)) {
    return { readable: streamOfNodeReadable(stage), writable: streamOfNodeWritable(stage), isTransform: false };
  }
  const { readable, writable } = fromNative(/** @type {import('../bridge/shapes.js').PairLike} */ (stage));
  const isComposed = stage[kStages] !== undefined;
  return { readable, writable, isTransform: isTransformStream(stage) || isComposed, isComposed };
}

const readableGetter = (Class) => Class && Object.getOwnPropertyDescriptor(Class.prototype, 'readable')?.get;
const nativeBrand = readableGetter(globalThis.TransformStream);
let ourBrand;

const isTransformStream = (value) =>
  hasBrand((ourBrand ??= readableGetter(TransformStream)), value) || hasBrand(nativeBrand, value);
