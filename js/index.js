/** The public face of `tidegate`. */
import './internal/keep-alive.js';

export { batches } from './batches.js';
export { ByteLengthQueuingStrategy, CountQueuingStrategy } from './strategies.js';
export { fromNative, toNative } from './native.js';
export { pipeThrough, pipeTo } from './native-pipe.js';
export { map } from './operators/map.js';
export { flatten, rateLimit } from './operators/paced.js';
export { batch, chunk, filter, skip, take, tap } from './operators/simple.js';
export { tee } from './operators/tee.js';
export { pipeline } from './pipeline.js';
export { toArray, toBlob, toBytes, toJSON, toText } from './pipeline/collect.js';
export { channel } from './push/channel.js';
export { fromEvents } from './push/from-events.js';
export { ReadableByteStreamController } from './readable-byte-stream-controller.js';
export { ReadableStream } from './readable-stream.js';
export { ReadableStreamBYOBReader } from './readable-stream-byob-reader.js';
export { ReadableStreamBYOBRequest } from './readable-stream-byob-request.js';
export { ReadableStreamDefaultController } from './readable-stream-default-controller.js';
export { ReadableStreamDefaultReader } from './readable-stream-default-reader.js';
export { receive, transfer } from './transfer.js';
export { fromCursor } from './sources/from-cursor.js';
export { FetchError, fromFetch } from './sources/from-fetch.js';
export { TransformStream } from './transform-stream.js';
export { TransformStreamDefaultController } from './transform-stream-default-controller.js';
export { WritableStream } from './writable-stream.js';
export { WritableStreamDefaultController } from './writable-stream-default-controller.js';
export { WritableStreamDefaultWriter } from './writable-stream-default-writer.js';
