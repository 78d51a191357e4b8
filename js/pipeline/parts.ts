/** What the parts of a pipeline owe one another: who they are, what they are called with, what they answer. */
import type { ReadRequest } from '../machines/parts.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

/** A part of a pipeline, as errors and reports name it. */
export interface Part {
  /**
   * 0 is the source, the stages count from 1, the sink is the last. Undefined of what is no part: an option's function.
   */
  readonly index: number | undefined;
  readonly name: string;
}

/** A part that is a source, a stage or a sink. */
export interface NumberedPart extends Part {
  readonly index: number;
}

/**
 * A lock for reading a stream, or an object that reads its source directly.
 *
 * 1. `read(request)` answers each request once and in their order, at once or later.
 * 2. `cancel(reason)` ends the stream; what is still asked for is answered with its end. Its promise is the stream's
 *    own cancel's.
 * 3. `release()` releases the lock and leaves the stream open. No method is called after it.
 */
export interface Reader {
  /** Tells of an end that no read asks for; undefined where the source's hooks tell. */
  readonly closed?: { get(): Promise<unknown> } | undefined;
  read(request: ReadRequest): void;
  cancel(reason: unknown): unknown;
  release(): void;
}

/** The source of a stream over an iterable or a function, which can be read without the stream. */
export interface DirectSource {
  /** Returns a lock that reads the source without the stream. After that the stream itself is never read. */
  lock(): Reader;
}

/** Callbacks of a source for its own end. It calls none of them after a cancel. */
export interface SourceHooks {
  /**
   * It has failed, with `error`. Called before its stream fails, so that the pipeline knows the first error when it
   * happens.
   */
  onError?: ((error: unknown) => void) | undefined;
  /** It has no more chunks. */
  onEnd?: (() => void) | undefined;
}

/** A stage, with the number of the argument that it was, from 1; those of a composition have its number. */
export interface Stage {
  readonly stage: unknown;
  readonly index: number;
}

/** A function of the page's that is called with each chunk, or once with all. */
export type Call = (chunks: unknown, options: { readonly signal: AbortSignal }) => unknown;

/** A stage that is opened: a function, or a pair of streams of ours. */
export type OpenStage =
  | (OpenFunction & { readonly [Key in keyof OpenPair]?: undefined })
  | (OpenPair & { readonly [Key in keyof OpenFunction]?: undefined });

export interface OpenFunction {
  readonly call: Call;
  /** Its place in words, for errors. */
  readonly place: string;
  readonly part: NumberedPart;
}

export interface OpenPair {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  /**
   * Whether an error of the writable side alone is an early end, not a failure, as of a transform stream that
   * terminates.
   */
  readonly isTransform: boolean;
  /** Whether it is one of `compose()`. */
  readonly isComposed?: boolean;
}

/** The sink, opened. */
export type OpenSink =
  | { readonly call: Call; readonly part: NumberedPart; readonly writable?: undefined }
  | { readonly writable: WritableStream; readonly part: NumberedPart; readonly call?: undefined };
