// What js/streams/any and js/pipeline/accepted declare.
export type { AnyPair, AnyReadable, AnyWritable, Operator, PairStage } from './streams/any.js';
export type { Bytes } from './runtime/buffers.js';
export type {
  AnySink,
  AnyStage,
  ChunkOf,
  MarkedStage,
  NodeReadableLike,
  NodeWritableLike,
  PipelineChunks,
  PipelineFunctionOptions,
  PipelineGenerator,
  PipelineInput,
  PipelineMap,
  PipelineResult,
  PipelineSink,
  PipelineSource,
  PipelineStage,
  Refused,
  Yielding,
  Yields,
} from './pipeline/accepted.js';
