/**
 * tidegate: the classes of the WHATWG Streams Standard on a core of its own, pipelines over them, and bridges to the
 * native streams.
 *
 * @see https://streams.spec.whatwg.org/
 * @module
 */
import './streams/keep-alive.js';

export { batches } from './pipeline/batches.js';
export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  type QueuingStrategy,
  type QueuingStrategyInit,
  type QueuingStrategySize,
} from './streams/strategies.js';
export { finished } from './pipeline/finished.js';
export { fromNative, toNative } from './native/convert.js';
export { pipeThrough, pipeTo } from './native/pipe.js';
export { buffer, type BufferOptions, type BufferStage } from './buffer/buffer.js';
export type { BufferDisk } from './buffer/disk.js';
export type { BufferStats } from './buffer/queue.js';
export { map, type MapContext, type MapOptions } from './operators/map.js';
export { flatten, rateLimit, type RateLimitOptions } from './operators/paced.js';
export { batch, chunk, filter, skip, take, tap, type BatchOptions } from './operators/simple.js';
export {
  csvStringify,
  jsonStringify,
  ndjsonStringify,
  type CsvField,
  type CsvRow,
  type CsvStringifyOptions,
  type JsonMember,
  type JsonStringifyOptions,
  type NdjsonStringifyOptions,
} from './operators/stringify.js';
export { tee, type TeeOptions } from './operators/tee.js';
export { pipeline, type Pipeline } from './pipeline/pipeline.js';
export { compose } from './pipeline/compose.js';
export { failureOf, type PipelineFailure } from './pipeline/failures.js';
export { stage } from './pipeline/functions.js';
export { toArray, toBlob, toBytes, toJSON, toText, type CollectOptions } from './sinks/collect.js';
export { channel, type Channel, type ChannelCounts, type ChannelOptions, type Overflow } from './channel/channel.js';
export { fromEvents, type AnyEventSource, type FromEventsOptions } from './sources/from-events.js';
export { fromWebSocket, type FromWebSocketOptions } from './sources/from-web-socket.js';
export { acknowledged, fromQueue, type MessageQueue, type QueueMessage } from './sources/from-queue.js';
export {
  fromMessagePort,
  toMessagePort,
  type FromMessagePortOptions,
  type MessagePortLike,
  type ToMessagePortOptions,
} from './transfer/message-port.js';
export { SocketError, type WebSocketApi, type WebSocketLike, type WebSocketStreamLike } from './channel/sockets.js';
export { toWebSocket, type ToWebSocketOptions } from './sinks/to-web-socket.js';
export { ReadableByteStreamController } from './streams/readable-byte-stream-controller.js';
export {
  ReadableStream,
  type ReadableStreamAsyncIterator,
  type ReadableStreamGetReaderOptions,
  type ReadableStreamIteratorOptions,
  type ReadableStreamReader,
  type StreamPipeOptions,
  type UnderlyingByteSource,
  type UnderlyingDefaultSource,
  type UnderlyingSource,
} from './streams/readable-stream.js';
export {
  ReadableStreamBYOBReader,
  type ReadableStreamBYOBReaderReadOptions,
  type ReadableStreamReadResult,
} from './streams/readable-stream-byob-reader.js';
export { ReadableStreamBYOBRequest } from './streams/readable-stream-byob-request.js';
export { ReadableStreamDefaultController } from './streams/readable-stream-default-controller.js';
export {
  ReadableStreamDefaultReader,
  type ReadableStreamGenericReader,
} from './streams/readable-stream-default-reader.js';
export {
  receive,
  transfer,
  type ReceiveOptions,
  type StreamHandle,
  type TransferOptions,
} from './transfer/transfer.js';
export { fromCursor, type AnyCursor, type FromCursorOptions } from './sources/from-cursor.js';
export { fromEventSource, type FromEventSourceOptions } from './sources/from-event-source.js';
export { FetchError, fromFetch, type FromFetchOptions } from './sources/from-fetch.js';
export { openUrl, type OpenUrlOptions, type UrlFile } from './sources/open-url.js';
export { fromFile, type FromFileOptions } from './sources/from-file.js';
export {
  fromIndexedDB,
  type FromIndexedDBOptions,
  type IndexedDatabase,
  type IndexedKey,
} from './sources/from-indexed-db.js';
export { drain, forEach, type ForEachContext, type ForEachOptions } from './sinks/for-each.js';
export { serveDownloads } from './sinks/serve-downloads.js';
export { toDownload, type DownloadWay, type ToDownloadOptions } from './sinks/to-download.js';
export { toFetch, type PartRequest, type ToFetchOptions, type UploadPart } from './sinks/to-fetch.js';
export { toFile, type FileHandleLike, type ToFileOptions } from './sinks/to-file.js';
export { toIndexedDB, type ToIndexedDBOptions } from './sinks/to-indexed-db.js';
export { toResponse } from './sinks/to-response.js';
export { TransformStream, type Transformer } from './streams/transform-stream.js';
export { TransformStreamDefaultController } from './streams/transform-stream-default-controller.js';
export { WritableStream, type UnderlyingSink } from './streams/writable-stream.js';
export { WritableStreamDefaultController } from './streams/writable-stream-default-controller.js';
export { WritableStreamDefaultWriter } from './streams/writable-stream-default-writer.js';

export type { OnDiscard } from './machines/discard.js';
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
export type { PipelineOptions } from './pipeline/options.js';
export type { WorkerPool } from './bridge/stages.js';
export type { PipelinePartProgress, PipelineProgress } from './pipeline/progress.js';
export type { Bytes } from './runtime/buffers.js';
export type { BytesOrText } from './sinks/bytes.js';
export type { ServerSentEvent } from './sources/event-parser.js';
export type { AnyPair, AnyReadable, AnyWritable, Operator, PairStage, UseToNative } from './streams/any.js';
export type { ErrorCrossing } from './transfer/wire.js';
export type { TransferChunks } from './transfer/writable-end.js';
