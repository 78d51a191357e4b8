/**
 * Recognises tidegate's own streams by their brand. The public classes set the brands, so that code that checks one
 * need not import a class.
 */
import type { ByteReadableImpl } from '../machines/byte-readable.js';
import type { ReadableImpl } from '../machines/readable.js';
import type { WritableImpl } from '../machines/writable.js';

/** Bytes need no closing, so a byte stream drops its chunks without telling anybody. */
type AnyReadableImpl = ReadableImpl | (ByteReadableImpl & { onDrop?: undefined });

type ReadableBrand = (value: unknown) => AnyReadableImpl | undefined;
type WritableBrand = (value: unknown) => WritableImpl | undefined;

/** `readableImpl(value)`: what belongs to a ReadableStream; undefined where `value` is none. */
export let readableImpl: ReadableBrand = (_value) => undefined;

/** `writableImpl(value)`: what belongs to a WritableStream; undefined where `value` is none. */
export let writableImpl: WritableBrand = (_value) => undefined;

export const setReadableBrand = (brand: ReadableBrand) => void (readableImpl = brand);

export const setWritableBrand = (brand: WritableBrand) => void (writableImpl = brand);

/** Whether `value` is tidegate's `ReadableStream`. */
export const isOurReadable = (value: unknown) => readableImpl(value) !== undefined;

/** Whether `value` is tidegate's `WritableStream`. */
export const isOurWritable = (value: unknown) => writableImpl(value) !== undefined;

/** The reason of an abort of `stream`, one of ours, that waits for a write under way; undefined where there is none. */
export const abortReasonOf = (stream: unknown): unknown => writableImpl(stream)!.abortReason;
