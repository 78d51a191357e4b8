/** The records of zip: local headers, those of the directory, and the ends of it. */
import {
  commentOf,
  dosTimeOf,
  extrasOf,
  fromZip64,
  hasZip64,
  IN_ZIP64,
  modifiedOf,
  nameOf,
  timeField,
  uint64,
  viewOf,
  zip64Field,
} from './fields.js';

export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END64 = 0x06064b50;
export const LOCATOR = 0x07064b50;
export const DESCRIPTOR = 0x08074b50;

/** The fixed parts of the records, in bytes. */
export const LOCAL_SIZE = 30;
export const CENTRAL_SIZE = 46;
export const END_SIZE = 22;
export const END64_SIZE = 56;
export const LOCATOR_SIZE = 20;

export const STORED = 0;
export const DEFLATED = 8;

/** What both headers of an entry say. */
export interface Header {
  readonly name: string;
  /** Bytes of the name as it stands there. */
  readonly nameLength: number;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly modified: Date | undefined;
  readonly isZip64: boolean;
}

/** What only the directory says. */
export interface CentralHeader extends Header {
  readonly comment: string;
  /** Where the local header is, from the start of the archive. */
  readonly offset: number;
  /** The mode of Unix, with its type; 0 if the archive has none. */
  readonly unixMode: number;
}

export const signatureOf = (bytes: Uint8Array): number => (bytes.length < 4 ? 0 : viewOf(bytes).getUint32(0, true));

/** The bytes of a local header, of which the fixed part is there. */
export const localLength = (bytes: Uint8Array): number => {
  const view = viewOf(bytes);
  return LOCAL_SIZE + view.getUint16(26, true) + view.getUint16(28, true);
};

/** The bytes of a header of the directory, of which the fixed part is there. */
export const centralLength = (bytes: Uint8Array): number => {
  const view = viewOf(bytes);
  return CENTRAL_SIZE + view.getUint16(28, true) + view.getUint16(30, true) + view.getUint16(32, true);
};

/** Reads a whole local header. Undefined if a size is not there, or is not exact. */
export function parseLocal(bytes: Uint8Array): Header | undefined {
  const view = viewOf(bytes);
  const nameLength = view.getUint16(26, true);
  const extras = extrasOf(bytes.subarray(LOCAL_SIZE + nameLength, localLength(bytes)));
  const raw = bytes.subarray(LOCAL_SIZE, LOCAL_SIZE + nameLength);
  const sizes = fromZip64(extras, [view.getUint32(22, true), view.getUint32(18, true)]);
  if (sizes === undefined) return undefined;
  const flags = view.getUint16(6, true);
  return {
    name: nameOf(raw, flags, extras),
    nameLength,
    flags,
    method: view.getUint16(8, true),
    modified: modifiedOf(view.getUint16(10, true), view.getUint16(12, true), extras),
    crc32: view.getUint32(14, true),
    size: sizes[0]!,
    compressedSize: sizes[1]!,
    isZip64: hasZip64(extras),
  };
}

const UNIX = [3, 19];

/** Reads a whole header of the directory. Undefined as above. */
export function parseCentral(bytes: Uint8Array): CentralHeader | undefined {
  const view = viewOf(bytes);
  const nameLength = view.getUint16(28, true);
  const extraEnd = CENTRAL_SIZE + nameLength + view.getUint16(30, true);
  const extras = extrasOf(bytes.subarray(CENTRAL_SIZE + nameLength, extraEnd));
  const values = fromZip64(extras, [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)]);
  if (values === undefined) return undefined;
  const flags = view.getUint16(8, true);
  const [size, compressedSize, offset] = values as [number, number, number];
  return {
    name: nameOf(bytes.subarray(CENTRAL_SIZE, CENTRAL_SIZE + nameLength), flags, extras),
    nameLength,
    flags,
    method: view.getUint16(10, true),
    modified: modifiedOf(view.getUint16(12, true), view.getUint16(14, true), extras),
    crc32: view.getUint32(16, true),
    size,
    compressedSize,
    isZip64: hasZip64(extras),
    comment: commentOf(bytes.subarray(extraEnd, centralLength(bytes)), flags, extras),
    offset,
    unixMode: UNIX.includes(bytes[5]!) ? view.getUint16(40, true) : 0,
  };
}

/** What the end of the directory says; undefined where that is in the end of zip64. */
export interface End {
  readonly disk: number;
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
  readonly commentLength: number;
}

export function parseEnd(bytes: Uint8Array): End {
  const view = viewOf(bytes);
  return {
    disk: Math.max(view.getUint16(4, true), view.getUint16(6, true)),
    entries: view.getUint16(10, true),
    size: view.getUint32(12, true),
    offset: view.getUint32(16, true),
    commentLength: view.getUint16(20, true),
  };
}

/** The values of `end`, those that are too large for it from the end of zip64. A number may be NaN. */
export function parseEnd64(bytes: Uint8Array, end: End): End {
  const view = viewOf(bytes);
  return {
    disk: Math.max(view.getUint32(16, true), view.getUint32(20, true)),
    entries: end.entries === 0xffff ? uint64(view, 32) : end.entries,
    size: end.size === IN_ZIP64 ? uint64(view, 40) : end.size,
    offset: end.offset === IN_ZIP64 ? uint64(view, 48) : end.offset,
    commentLength: end.commentLength,
  };
}

/** An entry as it is written. */
export interface Written {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly modified: number | undefined;
  readonly unixMode: number;
  readonly offset: number;
  crc32: number;
  compressedSize: number;
  size: number;
}

/** The most that a field of 32 bits has. */
const MOST = IN_ZIP64 - 1;
export const needsZip64 = (value: number): boolean => value > MOST;

/** The version of the format that is needed to read an entry: 2.0, or 4.5 for zip64. */
const versionOf = (isZip64: boolean) => (isZip64 ? 45 : 20);

/** @param isZip64 whether the sizes, known or not, are those of zip64 */
export function formatLocal(entry: Written, isZip64: boolean): Uint8Array[] {
  const extra = [zip64Field(isZip64 ? [entry.size, entry.compressedSize] : []), timeField(entry.modified)];
  const header = new Uint8Array(LOCAL_SIZE);
  const view = viewOf(header);
  view.setUint32(0, LOCAL, true);
  view.setUint16(4, versionOf(isZip64), true);
  formatCommon(view, 6, entry, isZip64, isZip64);
  view.setUint16(26, entry.name.length, true);
  view.setUint16(28, extra[0]!.length + extra[1]!.length, true);
  return [header, entry.name, ...extra];
}

function formatCommon(view: DataView, at: number, entry: Written, large: boolean, largeCompressed: boolean): void {
  const [time, date] = dosTimeOf(entry.modified);
  view.setUint16(at, entry.flags, true);
  view.setUint16(at + 2, entry.method, true);
  view.setUint16(at + 4, time, true);
  view.setUint16(at + 6, date, true);
  view.setUint32(at + 8, entry.crc32, true);
  view.setUint32(at + 12, largeCompressed ? IN_ZIP64 : entry.compressedSize, true);
  view.setUint32(at + 16, large ? IN_ZIP64 : entry.size, true);
}

export function formatDescriptor({ crc32, compressedSize, size }: Written, isZip64: boolean): Uint8Array {
  const bytes = new Uint8Array(isZip64 ? 24 : 16);
  const view = viewOf(bytes);
  view.setUint32(0, DESCRIPTOR, true);
  view.setUint32(4, crc32, true);
  if (isZip64) {
    view.setBigUint64(8, BigInt(compressedSize), true);
    view.setBigUint64(16, BigInt(size), true);
  } else {
    view.setUint32(8, compressedSize, true);
    view.setUint32(12, size, true);
  }
  return bytes;
}

/** Made on Unix, so that the mode counts. */
const MADE_BY = (3 << 8) | 45;
const DOS_DIRECTORY = 0x10;

export function formatCentral(entry: Written, isDirectory: boolean, commentLength: number): Uint8Array[] {
  const { size, compressedSize, offset } = entry;
  const large = [size, compressedSize, offset].filter(needsZip64);
  const extra = [zip64Field(large), timeField(entry.modified)];
  const header = new Uint8Array(CENTRAL_SIZE);
  const view = viewOf(header);
  view.setUint32(0, CENTRAL, true);
  view.setUint16(4, MADE_BY, true);
  view.setUint16(6, versionOf(large.length > 0), true);
  formatCommon(view, 8, entry, needsZip64(size), needsZip64(compressedSize));
  view.setUint16(28, entry.name.length, true);
  view.setUint16(30, extra[0]!.length + extra[1]!.length, true);
  view.setUint16(32, commentLength, true);
  view.setUint32(38, ((entry.unixMode << 16) | (isDirectory ? DOS_DIRECTORY : 0)) >>> 0, true);
  view.setUint32(42, needsZip64(offset) ? IN_ZIP64 : offset, true);
  return [header, entry.name, ...extra];
}

/** The ends of a directory of `size` bytes at `offset`. */
export function formatEnd(entries: number, size: number, offset: number, comment: Uint8Array): Uint8Array[] {
  const end = new Uint8Array(END_SIZE);
  const view = viewOf(end);
  view.setUint32(0, END, true);
  view.setUint16(8, Math.min(entries, 0xffff), true);
  view.setUint16(10, Math.min(entries, 0xffff), true);
  view.setUint32(12, Math.min(size, IN_ZIP64), true);
  view.setUint32(16, Math.min(offset, IN_ZIP64), true);
  view.setUint16(20, comment.length, true);
  if (entries < 0xffff && !needsZip64(size) && !needsZip64(offset)) return [end, comment];
  const end64 = new Uint8Array(END64_SIZE + LOCATOR_SIZE);
  const view64 = viewOf(end64);
  view64.setUint32(0, END64, true);
  view64.setBigUint64(4, BigInt(END64_SIZE - 12), true);
  view64.setUint16(12, MADE_BY, true);
  view64.setUint16(14, versionOf(true), true);
  [entries, entries, size, offset].forEach((value, number) =>
    view64.setBigUint64(24 + 8 * number, BigInt(value), true),
  );
  view64.setUint32(END64_SIZE, LOCATOR, true);
  view64.setBigUint64(END64_SIZE + 8, BigInt(offset + size), true);
  view64.setUint32(END64_SIZE + 16, 1, true);
  return [end64, end, comment];
}
