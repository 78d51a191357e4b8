/** https://streams.spec.whatwg.org/#ts-class */
import { convertOnDiscard, dropper } from '../machines/discard.js';
import { functionBind } from '../runtime/intrinsics.js';
import { TransformImpl } from '../machines/transform.js';
import {
  convertCallback,
  convertObject,
  convertQueuingStrategy,
  defineInterface,
  extractHighWaterMark,
  illegalInvocation,
  INTERNAL,
} from '../runtime/webidl.js';
import { ReadableStream } from './readable-stream.js';
import { countSize } from './strategies.js';
import { TransformStreamDefaultController } from './transform-stream-default-controller.js';
import { WritableStream } from './writable-stream.js';
import type { Callback, Strategy } from '../runtime/webidl.js';
import type { OnDiscard } from '../machines/discard.js';

interface Algorithms {
  cancel?: Callback | undefined;
  flush?: Callback | undefined;
  start?: Callback | undefined;
  transform?: Callback | undefined;
  onDiscard?: OnDiscard | undefined;
}

/** The dictionary Transformer, members in the order of their names; then `onDiscard`, which is not the standard's. */
function convertTransformer(transformer: Record<string, unknown> | undefined): Algorithms {
  if (transformer === undefined) return {};
  const cancel = convertCallback(transformer.cancel, 'transformer: cancel');
  const flush = convertCallback(transformer.flush, 'transformer: flush');
  const { readableType } = transformer;
  const start = convertCallback(transformer.start, 'transformer: start');
  const transform = convertCallback(transformer.transform, 'transformer: transform');
  const { writableType } = transformer;
  if (readableType !== undefined) throw new RangeError('transformer: readableType is reserved and must be undefined');
  if (writableType !== undefined) throw new RangeError('transformer: writableType is reserved and must be undefined');
  return { cancel, flush, start, transform, onDiscard: convertOnDiscard(transformer.onDiscard, 'transformer') };
}

function completeStrategy(
  { highWaterMark, size }: Strategy,
  defaultMark: number,
): { highWaterMark: number; size: Callback | undefined } {
  return {
    highWaterMark: extractHighWaterMark(highWaterMark, defaultMark),
    size: size === (countSize as Callback) ? undefined : size,
  };
}

export class TransformStream<I = unknown, O = unknown> {
  #readable: ReadableStream<O>;
  #writable: WritableStream<I>;

  constructor(
    transformer: unknown = undefined,
    writableStrategy: unknown = undefined,
    readableStrategy: unknown = undefined,
  ) {
    if (transformer === INTERNAL) {
      ({ readable: this.#readable, writable: this.#writable } = writableStrategy as TransformStream<I, O>);
      return;
    }
    const object = convertObject(transformer, 'TransformStream: transformer');
    const writableInit = convertQueuingStrategy(writableStrategy, 'TransformStream: writableStrategy');
    const readableInit = convertQueuingStrategy(readableStrategy, 'TransformStream: readableStrategy');
    const { cancel, flush, start, transform, onDiscard } = convertTransformer(object);
    const readable = completeStrategy(readableInit, 0);
    const writable = completeStrategy(writableInit, 1);
    const impl = new TransformImpl(writable, readable);
    impl.readable.onDrop = impl.writable.onDrop = dropper(onDiscard);
    this.#readable = new ReadableStream(INTERNAL, impl.readable);
    this.#writable = new WritableStream(INTERNAL, impl.writable);
    impl.controller = new TransformStreamDefaultController(INTERNAL, impl);
    impl.transform = transform && functionBind(transform, object);
    impl.flush = flush && functionBind(flush, object);
    impl.cancel = cancel && functionBind(cancel, object);
    impl.afterStart(start && functionBind(start, object)(impl.controller));
  }

  get readable(): ReadableStream<O> {
    if (!(#readable in Object(this))) throw illegalInvocation('TransformStream.readable');
    return this.#readable;
  }

  get writable(): WritableStream<I> {
    if (!(#writable in Object(this))) throw illegalInvocation('TransformStream.writable');
    return this.#writable;
  }
}

defineInterface(TransformStream, 'TransformStream');
