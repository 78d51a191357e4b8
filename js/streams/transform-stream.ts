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
import type { Callback, Internal, Strategy } from '../runtime/webidl.js';
import type { DiscardFunction, OnDiscard } from '../machines/discard.js';
import type { QueuingStrategy } from './strategies.js';

interface Algorithms {
  cancel?: Callback | undefined;
  flush?: Callback | undefined;
  start?: Callback | undefined;
  transform?: Callback | undefined;
  onDiscard?: DiscardFunction | undefined;
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

/** https://streams.spec.whatwg.org/#dictdef-transformer */
export interface Transformer<I = any, O = any> {
  start?: ((controller: TransformStreamDefaultController<O>) => unknown) | undefined;
  /** Called with each chunk. Default: passes every chunk on unchanged. */
  transform?: ((chunk: I, controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>) | undefined;
  /** Called when the writable side has been closed and every chunk transformed. */
  flush?: ((controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>) | undefined;
  /** Called when the readable side is cancelled or the writable side is aborted. */
  // eslint-disable-next-line no-restricted-syntax -- whatever the caller of cancel() or abort() gave
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  readableType?: undefined;
  writableType?: undefined;
  /**
   * Not in the standard. Called with chunks that `transform` did not receive, and with chunks it enqueued that were not
   * read. Default: none.
   */
  onDiscard?: OnDiscard<I | O> | undefined;
}

/** https://streams.spec.whatwg.org/#ts-class */
export class TransformStream<I = any, O = any> {
  #readable: ReadableStream<O>;
  #writable: WritableStream<I>;

  /**
   * https://streams.spec.whatwg.org/#ts-constructor
   *
   * @param writableStrategy default: a high-water mark of 1 chunk
   * @param readableStrategy default: a high-water mark of 0 chunks
   */
  constructor(
    transformer?: Transformer<I, O>,
    writableStrategy?: QueuingStrategy<I>,
    readableStrategy?: QueuingStrategy<O>,
  );
  /** @internal */
  constructor(internal: typeof INTERNAL, streams: { readable: ReadableStream<O>; writable: WritableStream<I> });
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
    impl.controller = new (TransformStreamDefaultController as unknown as Internal<object, TransformImpl>)(
      INTERNAL,
      impl,
    );
    impl.transform = transform && functionBind(transform, object);
    impl.flush = flush && functionBind(flush, object);
    impl.cancel = cancel && functionBind(cancel, object);
    impl.afterStart(start && functionBind(start, object)(impl.controller));
  }

  /** https://streams.spec.whatwg.org/#ts-readable */
  get readable(): ReadableStream<O> {
    if (!(#readable in Object(this))) throw illegalInvocation('TransformStream.readable');
    return this.#readable;
  }

  /** https://streams.spec.whatwg.org/#ts-writable */
  get writable(): WritableStream<I> {
    if (!(#writable in Object(this))) throw illegalInvocation('TransformStream.writable');
    return this.#writable;
  }
}

defineInterface(TransformStream, 'TransformStream');
