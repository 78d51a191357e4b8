/** The classes of the standard, by their names. */
import { ByteLengthQueuingStrategy, CountQueuingStrategy } from './strategies.js';
import { ReadableByteStreamController } from './readable-byte-stream-controller.js';
import { ReadableStream } from './readable-stream.js';
import { ReadableStreamBYOBReader } from './readable-stream-byob-reader.js';
import { ReadableStreamBYOBRequest } from './readable-stream-byob-request.js';
import { ReadableStreamDefaultController } from './readable-stream-default-controller.js';
import { ReadableStreamDefaultReader } from './readable-stream-default-reader.js';
import { TransformStream } from './transform-stream.js';
import { TransformStreamDefaultController } from './transform-stream-default-controller.js';
import { WritableStream } from './writable-stream.js';
import { WritableStreamDefaultController } from './writable-stream-default-controller.js';
import { WritableStreamDefaultWriter } from './writable-stream-default-writer.js';

/** An object and not a namespace: a bundle of that would keep alive all that a page does not use. */
export const classes = {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
};
