// What js/streams declares.
export { CountQueuingStrategy, ByteLengthQueuingStrategy } from './streams/strategies.js';
export type { QueuingStrategy, QueuingStrategySize, QueuingStrategyInit } from './streams/strategies.js';
export type { OnDiscard } from './machines/discard.js';
export type { UseToNative } from './streams/any.js';
export { ReadableStream } from './streams/readable-stream.js';
export type {
  ReadableStreamAsyncIterator,
  ReadableStreamGetReaderOptions,
  ReadableStreamIteratorOptions,
  ReadableStreamReader,
  StreamPipeOptions,
  UnderlyingByteSource,
  UnderlyingDefaultSource,
  UnderlyingSource,
} from './streams/readable-stream.js';
export { ReadableStreamDefaultReader } from './streams/readable-stream-default-reader.js';
export type { ReadableStreamGenericReader } from './streams/readable-stream-default-reader.js';
export { ReadableStreamBYOBReader } from './streams/readable-stream-byob-reader.js';
export type {
  ReadableStreamBYOBReaderReadOptions,
  ReadableStreamReadResult,
} from './streams/readable-stream-byob-reader.js';
export { ReadableStreamDefaultController } from './streams/readable-stream-default-controller.js';
export { ReadableByteStreamController } from './streams/readable-byte-stream-controller.js';
export { ReadableStreamBYOBRequest } from './streams/readable-stream-byob-request.js';
export { WritableStream } from './streams/writable-stream.js';
export type { UnderlyingSink } from './streams/writable-stream.js';
export { WritableStreamDefaultWriter } from './streams/writable-stream-default-writer.js';
export { WritableStreamDefaultController } from './streams/writable-stream-default-controller.js';
export { TransformStream } from './streams/transform-stream.js';
export type { Transformer } from './streams/transform-stream.js';
export { TransformStreamDefaultController } from './streams/transform-stream-default-controller.js';
