/** The codecs among a pipeline's stages; another copy of the package may have made them. */
import { kFuse } from '../values/symbols.js';
import type { Stage } from '../pipeline/parts.js';

interface Stats {
  readonly name: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queued: number;
  readonly held: number;
}

/** As much of a codec as is asked here. */
interface CodecLike {
  stats?(): readonly Stats[];
  readonly inWorker?: boolean;
}

/** A codec with its number among the arguments. */
export interface PlacedCodec {
  readonly index: number;
  readonly codec: CodecLike;
}

const isCodec = (stage: unknown): stage is CodecLike => typeof stage === 'object' && stage !== null && kFuse in stage;

export const statsOf = (codec: CodecLike): Stats | undefined => codec.stats?.()[0];

/** The bytes inside a codec. */
export function heldBy(codec: CodecLike): number {
  const stats = statsOf(codec);
  return stats === undefined ? 0 : stats.queued + stats.held;
}

/** Those of `stages` that run as the part `index`: it and the codecs after it, up to the part `next`. */
export function codecsOf(stages: readonly Stage[], index: number, next: number): PlacedCodec[] {
  return stages.flatMap(({ stage, index: n }) =>
    n >= index && n < next && isCodec(stage) ? [{ index: n, codec: stage }] : [],
  );
}
