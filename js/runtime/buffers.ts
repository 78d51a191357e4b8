/**
 * Reads buffers and views through the engine's own getters, so that neither a subclass nor a patched prototype can
 * misrepresent them to a stream.
 */
import { getter, isolate, reflectApply, uncurryThis } from './intrinsics.js';

const BufferConstructor = ArrayBuffer;
const DataViewConstructor = DataView;
const ByteArray = Uint8Array;
const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
const clone = globalThis.structuredClone;

/**
 * The chunks of a body or a file: a `Uint8Array` over an `ArrayBuffer`. Before TypeScript 5.7 this is plain
 * `Uint8Array`.
 */
export type Bytes = ReturnType<(typeof Uint8Array)['of']>;

type AnyBuffer = ArrayBuffer | SharedArrayBuffer;

const isView: (value: unknown) => value is ArrayBufferView = ArrayBuffer.isView;
const typedArrayName = getter<ArrayBufferView, string | undefined>(typedArray, Symbol.toStringTag);
const typedArrayBuffer = getter<ArrayBufferView, ArrayBuffer>(typedArray, 'buffer');
const typedArrayOffset = getter<ArrayBufferView, number>(typedArray, 'byteOffset');
const typedArrayByteLength = getter<ArrayBufferView, number>(typedArray, 'byteLength');
const dataViewBuffer = getter<ArrayBufferView, ArrayBuffer>(DataView.prototype, 'buffer');
const dataViewOffset = getter<ArrayBufferView, number>(DataView.prototype, 'byteOffset');
const dataViewByteLength = getter<ArrayBufferView, number>(DataView.prototype, 'byteLength');
const arrayBufferByteLength = getter<AnyBuffer, number>(ArrayBuffer.prototype, 'byteLength');
const arrayBufferDetached: ((buffer: AnyBuffer) => boolean) | undefined = getter(ArrayBuffer.prototype, 'detached');
const arrayBufferResizable: ((buffer: AnyBuffer) => boolean) | undefined = getter(ArrayBuffer.prototype, 'resizable');
const setBytes: (to: Uint8Array, from: Uint8Array) => void = uncurryThis((typedArray as Uint8Array).set);
const sliceTyped: (array: ArrayBufferView) => ArrayBufferView = uncurryThis((typedArray as Uint8Array).slice as never);
const keysOf: (array: ArrayBufferView) => unknown = uncurryThis((typedArray as Uint8Array).keys as never);
const sliceBuffer = uncurryThis(ArrayBuffer.prototype.slice);

/** The constructor of a kind of view, and the bytes of one element. */
export interface ViewType {
  View: new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView<ArrayBuffer>;
  elementSize: number;
}

/** Its constructor and the bytes of one element, by the name of the view type. */
const VIEW_TYPES = { __proto__: null } as unknown as Record<string, ViewType>;
for (const key of [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]) {
  const View = (globalThis as unknown as Record<string, Uint8ArrayConstructor | undefined>)[key];
  if (View !== undefined) VIEW_TYPES[key] = { View, elementSize: View.BYTES_PER_ELEMENT };
}
const DATA_VIEW: ViewType = { View: DataViewConstructor, elementSize: 1 };

/** The properties of a view, read once. The view of a detached buffer is empty. */
export class ViewParts {
  declare type: ViewType;
  declare buffer: ArrayBuffer;
  declare bufferByteLength: number;
  declare byteOffset: number;
  declare byteLength: number;

  constructor(type: ViewType, buffer: ArrayBuffer, bufferByteLength: number, byteOffset: number, byteLength: number) {
    this.type = type;
    this.buffer = buffer;
    this.bufferByteLength = bufferByteLength;
    this.byteOffset = byteOffset;
    this.byteLength = byteLength;
  }
}

isolate(ViewParts);

/** Web IDL's ArrayBufferView, neither shared nor resizable. */
export function convertView(value: unknown, context: string): ViewParts {
  if (!isView(value)) throw new TypeError(`${context}: must be a typed array or a DataView`);
  const name = typedArrayName(value);
  const isTyped = name !== undefined;
  const buffer = isTyped ? typedArrayBuffer(value) : dataViewBuffer(value);
  let bufferByteLength;
  try {
    bufferByteLength = arrayBufferByteLength(buffer);
  } catch {
    throw new TypeError(`${context}: must not be a view of a SharedArrayBuffer`);
  }
  if (arrayBufferResizable !== undefined && arrayBufferResizable(buffer)) {
    throw new TypeError(`${context}: must not be a view of a resizable ArrayBuffer`);
  }
  const type = isTyped ? VIEW_TYPES[name]! : DATA_VIEW;
  // A DataView's getters throw where its buffer is detached.
  if (bufferByteLength === 0) return new ViewParts(type, buffer, 0, 0, 0);
  const byteOffset = isTyped ? typedArrayOffset(value) : dataViewOffset(value);
  const byteLength = isTyped ? typedArrayByteLength(value) : dataViewByteLength(value);
  return new ViewParts(type, buffer, bufferByteLength, byteOffset, byteLength);
}

/** The buffer of a Uint8Array. */
export const bufferOf: (bytes: Uint8Array) => ArrayBuffer = typedArrayBuffer;
/** Where a Uint8Array begins in its buffer, in bytes. */
export const byteOffsetOf = typedArrayOffset;
/** A Uint8Array's length in bytes. */
export const byteLengthOf = typedArrayByteLength;

/** https://tc39.es/ecma262/#sec-isdetachedbuffer */
export function isDetachedBuffer(buffer: AnyBuffer): boolean {
  if (arrayBufferByteLength(buffer) > 0) return false;
  if (arrayBufferDetached !== undefined) return arrayBufferDetached(buffer);
  try {
    new ByteArray(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Whether `chunk`, a buffer or a view, is empty because its bytes were transferred. */
export function isDetached(chunk: AnyBuffer | ArrayBufferView): boolean {
  const buffer = isView(chunk) ? chunk.buffer : chunk;
  return buffer.byteLength === 0 && buffer instanceof BufferConstructor && isDetachedBuffer(buffer);
}

export const detachedMessage = (what: string): string =>
  `${what} is detached: its buffer was transferred before, by postMessage(), a byte stream or a BYOB read, and its bytes went with it; ` +
  'give the other one a copy, chunk.slice()';

/** Whether `chunk` is empty because its resizable buffer has shrunk below it. `keys` throws on such a typed array. */
function isOutOfBounds(chunk: AnyBuffer | ArrayBufferView): boolean {
  if (!isView(chunk) || typedArrayName(chunk) === undefined || typedArrayByteLength(chunk) > 0) return false;
  try {
    keysOf(chunk);
    return false;
  } catch {
    return true;
  }
}

/**
 * Throws where `chunk`, a buffer or a view, is empty because its bytes were transferred, or cut off by a resize. `what`
 * begins the sentence that says so.
 */
export function refuseDetached(chunk: AnyBuffer | ArrayBufferView, what: string): void {
  if (isDetached(chunk)) throw new TypeError(detachedMessage(what));
  if (isOutOfBounds(chunk))
    throw new TypeError(
      `${what} has lost its bytes: its resizable buffer was resized below its end; give a copy, chunk.slice()`,
    );
}

/** Node 20 copies a WebAssembly memory's buffer instead of refusing it. */
function transferByClone(buffer: ArrayBuffer): ArrayBuffer {
  let moved: ArrayBuffer;
  try {
    moved = reflectApply(clone, globalThis, [buffer, { transfer: [buffer] }]) as ArrayBuffer;
  } catch (error) {
    throw new TypeError('This ArrayBuffer cannot be transferred', { cause: error });
  }
  if (arrayBufferByteLength(buffer) > 0) throw new TypeError('This ArrayBuffer cannot be transferred');
  return moved;
}

/**
 * https://streams.spec.whatwg.org/#transfer-array-buffer: the bytes in a new buffer, the old one detached. Throws a
 * TypeError where that cannot be, as with a WebAssembly memory's.
 */
export const transferArrayBuffer: (buffer: ArrayBuffer) => ArrayBuffer =
  ArrayBuffer.prototype.transfer === undefined ? transferByClone : uncurryThis(ArrayBuffer.prototype.transfer);

/** A new buffer of `length` bytes, all 0. Throws a RangeError where that is too much. */
export function allocateBuffer(length: number): ArrayBuffer {
  return new BufferConstructor(length);
}

/** Bytes of a buffer as a Uint8Array over it. */
export function bytesOf(buffer: ArrayBuffer, byteOffset: number, length: number): Uint8Array<ArrayBuffer> {
  return new ByteArray(buffer, byteOffset, length);
}

/** A copy of bytes of a buffer. Throws a RangeError where there is no memory for it. */
export function cloneBytes(buffer: ArrayBuffer, byteOffset: number, length: number): Uint8Array<ArrayBuffer> {
  const copy = new ByteArray(length);
  setBytes(copy, new ByteArray(buffer, byteOffset, length));
  return copy;
}

/** The unread part of `entry`, a Uint8Array: what follows its first `from` bytes. */
export function rest(entry: Uint8Array, from: number): Uint8Array<ArrayBuffer> {
  return new ByteArray(typedArrayBuffer(entry), typedArrayOffset(entry) + from, typedArrayByteLength(entry) - from);
}

/** Copies `length` bytes at `from` of `entry`, a Uint8Array, to `byteOffset` of `buffer`. */
export function copyBytes(
  buffer: ArrayBuffer,
  byteOffset: number,
  entry: Uint8Array,
  from: number,
  length: number,
): void {
  const source =
    length === typedArrayByteLength(entry)
      ? entry
      : new ByteArray(typedArrayBuffer(entry), typedArrayOffset(entry) + from, length);
  setBytes(new ByteArray(buffer, byteOffset, length), source);
}

/**
 * `value`, or, if it is a view of less than `share` of its buffer, a copy in a buffer of its own: a clone copies the
 * whole buffer, and keeping the view keeps the whole buffer. Views of shared memory stay as they are.
 */
export function unshared(value: unknown, share = 1): unknown {
  if (!isView(value)) return value;
  const isTyped = typedArrayName(value) !== undefined;
  const buffer = isTyped ? typedArrayBuffer(value) : dataViewBuffer(value);
  let size;
  try {
    size = arrayBufferByteLength(buffer);
  } catch {
    return value;
  }
  if (size === 0) return value; // also of a detached buffer, whose DataView's getters throw
  const length = isTyped ? typedArrayByteLength(value) : dataViewByteLength(value);
  if (length >= size * share) return value;
  if (isTyped) return sliceTyped(value);
  const from = dataViewOffset(value);
  return new DataViewConstructor(sliceBuffer(buffer, from, from + length));
}
