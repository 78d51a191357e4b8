/** How many bytes a chunk is, and a source will be, where that can be told. */
import { isBlob, isBody } from '../bridge/kinds.js';

const DEEPEST = 3;

/**
 * The bytes of a buffer, view or Blob; of a string its length, of a number 8; the sum over an array or plain object, to
 * a depth of three. Anything else counts as 0.
 */
export function sizeOfChunk(chunk: unknown, depth = 0): number {
  if (typeof chunk === 'string') return chunk.length;
  if (typeof chunk === 'number') return 8;
  if (chunk === null || typeof chunk !== 'object') return 0;
  const size = (chunk as { byteLength?: unknown }).byteLength ?? (chunk as { size?: unknown }).size;
  if (typeof size === 'number') return size;
  if (depth === DEEPEST) return 0;
  const values: unknown[] = Array.isArray(chunk) ? chunk : isPlain(chunk) ? Object.values(chunk) : [];
  return values.reduce<number>((sum, value) => sum + sizeOfChunk(value, depth + 1), 0);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

type Total = number | null | undefined;

/** The totals of streams whose makers know them, or will. */
const totals = new WeakMap<object, Total>();

/**
 * Says that `stream` will give `total` bytes; null: that this is known only later, undefined: that it is not known. May
 * be called again.
 */
export const tellTotal = (stream: object, total: Total): void => void totals.set(stream, total);

/**
 * The bytes that `source` will give; null where that is known only later, undefined where it is not known, as of a body
 * that is decoded on its way.
 */
export function totalOf(source: unknown): Total {
  if (isBlob(source)) return source.size;
  if (totals.has(source as object)) return totals.get(source as object);
  const headers = isBody(source) ? source.headers : undefined;
  if (headers === undefined || headers.has('content-encoding')) return undefined;
  const length = headers.get('content-length');
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}
