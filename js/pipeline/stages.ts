/** Makes the stages of a pipeline ready to be joined: codecs fused, every pair's two sides as streams of ours. */
import { kFuse, kStages } from '../values/symbols.js';
import { fromNative } from '../native/convert.js';
import { hasBrand } from '../bridge/native-classes.js';
import { TransformStream } from '../streams/transform-stream.js';
import { isCodec, isNodePair } from '../bridge/kinds.js';
import { streamOfNodeReadable, streamOfNodeWritable } from './node-streams.js';
import type { PairLike } from '../bridge/shapes.js';
import type { CodecStage, ComposedStage, Slice, WorkerPool } from '../bridge/stages.js';
import type { OpenPair, Stage } from './parts.js';

/** What does the work of a stage, or of several codecs that are neighbours. */
export interface FusedStage {
  readonly part: unknown;
  /** Its place in words, for errors. */
  readonly place: string;
  readonly index: number;
}

/**
 * `stages`, each run of neighbouring codecs replaced by the one pair that does the work of all. `slice` is the run's;
 * with `worker` codecs run in a worker.
 */
export function fuse(
  stages: readonly Stage[],
  slice: Slice | undefined,
  worker: boolean | WorkerPool | undefined,
): FusedStage[] {
  const fused: FusedStage[] = [];
  for (let n = 0; n < stages.length;) {
    const { stage, index } = stages[n]!;
    let end = n + 1;
    let part = stage;
    if (isCodec(stage)) {
      while (end < stages.length && isCodec(stages[end]!.stage)) end += 1;
      part = stage[kFuse](
        stages.slice(n + 1, end).map(({ stage: follower }) => follower as CodecStage),
        slice,
        worker,
      );
    }
    fused.push({ part, place: `stage ${index}`, index });
    n = end;
  }
  return fused;
}

/** Opens a stage that is no function. */
export function openPair(stage: unknown): OpenPair {
  if (isNodePair(stage)) {
    return { readable: streamOfNodeReadable(stage), writable: streamOfNodeWritable(stage), isTransform: false };
  }
  const { readable, writable } = fromNative(stage as PairLike);
  const isComposed = (stage as Partial<ComposedStage>)[kStages] !== undefined;
  return { readable, writable, isTransform: isTransformStream(stage) || isComposed, isComposed };
}

const readableGetter = (Class: { readonly prototype: object } | undefined) =>
  Class && Object.getOwnPropertyDescriptor(Class.prototype, 'readable')?.get;
const nativeBrand = readableGetter(globalThis.TransformStream);
let ourBrand: ReturnType<typeof readableGetter>;

const isTransformStream = (value: unknown): boolean =>
  hasBrand((ourBrand ??= readableGetter(TransformStream)), value) || hasBrand(nativeBrand, value);
