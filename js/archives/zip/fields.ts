/**
 * Names, times and extra fields, as the records of zip have them.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

/** What is in bits of the flags. */
export const ENCRYPTED = 1;
export const HAS_DESCRIPTOR = 8;
export const UTF8 = 0x800;

/** Numbers of extra fields. */
const ZIP64 = 0x0001;
const NTFS = 0x000a;
const EXTENDED_TIME = 0x5455;
const UNICODE_NAME = 0x7075;
const UNICODE_COMMENT = 0x6375;

/** In a field of 32 bits: the value is in the field of zip64. */
export const IN_ZIP64 = 0xffffffff;

const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A number of 64 bits; one that is not exact is NaN. */
export function uint64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  return Number.isSafeInteger(value) ? value : NaN;
}

/** The extra fields, the first of each number. One that is cut off, and what follows it, is left out. */
export function extrasOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = view.getUint16(at, true);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > bytes.length) break;
    if (!fields.has(id)) fields.set(id, bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/**
 * Takes the values that are too large for their fields from that of zip64, in the order of the values.
 *
 * @returns undefined if one of them is not there, or is not exact
 */
export function fromZip64(extras: Map<number, Uint8Array>, values: readonly number[]): number[] | undefined {
  const field = extras.get(ZIP64) ?? new Uint8Array(0);
  const view = viewOf(field);
  let at = 0;
  const taken = values.map((value) => {
    if (value !== IN_ZIP64) return value;
    at += 8;
    return at <= field.length ? uint64(view, at - 8) : NaN;
  });
  return taken.some(Number.isNaN) ? undefined : taken;
}

export const hasZip64 = (extras: Map<number, Uint8Array>): boolean => extras.has(ZIP64);

/** CRC-32 of a few bytes, such as a name. */
function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const decode = (bytes: Uint8Array, fatal: boolean): string =>
  new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(bytes);

/** A field with a name in UTF-8 is for the name whose CRC it has: a program that does not know it may have changed the name. */
function unicodeOf(field: Uint8Array | undefined, raw: Uint8Array): string | undefined {
  if (field === undefined || field.length < 5 || field[0] !== 1) return undefined;
  return viewOf(field).getUint32(1, true) === crcOf(raw) ? decode(field.subarray(5), false) : undefined;
}

/**
 * A name or a comment: UTF-8 if a flag or a field says so, or if it is that, as macOS writes it without a flag; else code page 437.
 */
function textOf(raw: Uint8Array, flags: number, field: Uint8Array | undefined): string {
  if (flags & UTF8) return decode(raw, false);
  const unicode = unicodeOf(field, raw);
  if (unicode !== undefined) return unicode;
  try {
    return decode(raw, true);
  } catch {
    let text = '';
    for (const byte of raw) text += byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]!;
    return text;
  }
}

export const nameOf = (raw: Uint8Array, flags: number, extras: Map<number, Uint8Array>): string =>
  textOf(raw, flags, extras.get(UNICODE_NAME));

export const commentOf = (raw: Uint8Array, flags: number, extras: Map<number, Uint8Array>): string =>
  textOf(raw, flags, extras.get(UNICODE_COMMENT));

/** When a file was changed: by the extended timestamp, NTFS's, or that of DOS, which is the local time of wherever it was packed. */
export function modifiedOf(time: number, date: number, extras: Map<number, Uint8Array>): Date | undefined {
  const extended = extras.get(EXTENDED_TIME);
  if (extended !== undefined && extended.length >= 5 && extended[0]! & 1)
    return new Date(viewOf(extended).getInt32(1, true) * 1000);
  const ntfs = extras.get(NTFS);
  if (ntfs !== undefined && ntfs.length >= 32 && viewOf(ntfs).getUint32(4, true) === 0x00180001) {
    const since1601 = viewOf(ntfs).getBigUint64(8, true);
    if (since1601 > 0n) return new Date(Number(since1601 / 10_000n) - 11_644_473_600_000);
  }
  const [year, month, day] = [(date >> 9) + 1980, (date >> 5) & 15, date & 31];
  if (month === 0 || month > 12 || day === 0) return undefined;
  return new Date(year, month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2);
}

/** The earliest date of DOS: 1 January 1980. */
const EARLIEST = 0x21;

/** A time in the fields of DOS, in local time. */
export function dosTimeOf(milliseconds: number | undefined): [time: number, date: number] {
  const at = new Date(milliseconds ?? NaN);
  const year = at.getFullYear();
  if (!(year >= 1980)) return [0, EARLIEST];
  if (year > 2107) return [0xbf7d, 0xff9f];
  return [
    (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1),
    ((year - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate(),
  ];
}

/** An extra field with the time in UTC, where it fits. */
export function timeField(milliseconds: number | undefined): Uint8Array {
  const seconds = Math.floor((milliseconds ?? NaN) / 1000);
  if (!(seconds >= -(2 ** 31) && seconds < 2 ** 31)) return new Uint8Array(0);
  const field = new Uint8Array(9);
  const view = viewOf(field);
  view.setUint16(0, EXTENDED_TIME, true);
  view.setUint16(2, 5, true);
  field[4] = 1;
  view.setInt32(5, seconds, true);
  return field;
}

/** The extra field of zip64 with these values. */
export function zip64Field(values: readonly number[]): Uint8Array {
  if (values.length === 0) return new Uint8Array(0);
  const field = new Uint8Array(4 + 8 * values.length);
  const view = viewOf(field);
  view.setUint16(0, ZIP64, true);
  view.setUint16(2, 8 * values.length, true);
  values.forEach((value, number) => view.setBigUint64(4 + 8 * number, BigInt(value), true));
  return field;
}
