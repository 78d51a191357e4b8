/**
 * The header of a tar entry: a block of 512 bytes, as POSIX and GNU tar have it.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
import type { Bytes } from '../../runtime/buffers.js';

export const BLOCK = 512;

/** Where the fields are: offset and length. */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const UID = [108, 8] as const;
const GID = [116, 8] as const;
const SIZE = [124, 12] as const;
const MTIME = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const LINK_NAME = [157, 100] as const;
const MAGIC = [257, 8] as const;
const USER = [265, 32] as const;
const GROUP = [297, 32] as const;
const PREFIX = [345, 155] as const;
/** Of a sparse file of GNU tar: whether a block with more of its map follows. */
const IS_EXTENDED = 482;

/** A header as it stands there. */
export interface RawHeader {
  name: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  /** One character; that of a file is '0'. */
  readonly type: string;
  linkName: string;
  userName: string;
  groupName: string;
  readonly isExtended: boolean;
}

/** Why a block is no header. */
export interface HeaderFault {
  readonly fault: 'checksum' | 'number';
  readonly what: string;
}

export const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

let decoder: TextDecoder | undefined;

/** Text of a header: UTF-8 if it is that, else Latin-1. */
export function textOf(bytes: Uint8Array): string {
  try {
    return (decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

function cString(block: Uint8Array, [at, length]: readonly [number, number]): Uint8Array {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
}

/** A number in octal digits, or of GNU tar in base 256; NaN if it is neither. */
function numberOf(block: Uint8Array, [at, length]: readonly [number, number]): number {
  const first = block[at]!;
  if (first >= 0x80) {
    // Two's complement without the highest bit, which says that it is one.
    let value = first & 0x40 ? (first & 0x3f) - 0x40 : first & 0x3f;
    for (let next = at + 1; next < at + length; next++) value = value * 256 + block[next]!;
    return Number.isSafeInteger(value) ? value : NaN;
  }
  const [, digits] = /^[ \0]*([0-7]*)[ \0]*$/.exec(latin1(cStringFrom(block, at, length))) ?? [];
  if (digits === undefined) return NaN;
  return digits === '' ? 0 : parseInt(digits, 8);
}

/** Up to the NUL or space behind the digits; old programs leave what they like after that. */
function cStringFrom(block: Uint8Array, at: number, length: number): Uint8Array {
  let start = at;
  while (start < at + length && (block[start] === 0x20 || block[start] === 0)) start++;
  let end = start;
  while (end < at + length && block[end] !== 0 && block[end] !== 0x20) end++;
  return block.subarray(start, end);
}

/** The sums of a header's bytes, its checksum taken for spaces; old programs took bytes for signed. */
function checksums(block: Uint8Array): [unsigned: number, signed: number] {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= CHECKSUM[0] && at < CHECKSUM[0] + CHECKSUM[1] ? 0x20 : block[at]!;
    unsigned += byte;
    signed += (byte << 24) >> 24;
  }
  return [unsigned, signed];
}

/** Reads a block that is not zero. */
export function parseHeader(block: Uint8Array): RawHeader | HeaderFault {
  const sum = numberOf(block, CHECKSUM);
  const [unsigned, signed] = checksums(block);
  if (sum !== unsigned && sum !== signed)
    return { fault: 'checksum', what: `expected ${unsigned}, got ${Number.isNaN(sum) ? 'no number' : sum}` };
  const magic = latin1(block.subarray(MAGIC[0], MAGIC[0] + MAGIC[1]));
  // In GNU's own format other fields are in the place of the prefix.
  const prefix = magic.startsWith('ustar\0') ? cString(block, PREFIX) : block.subarray(0, 0);
  const hasNames = magic.startsWith('ustar');
  const numbers = [MODE, UID, GID, SIZE, MTIME].map((field) => numberOf(block, field));
  const [mode, uid, gid, size, mtime] = numbers as [number, number, number, number, number];
  if (Number.isNaN(size) || size < 0) return { fault: 'number', what: 'its size is no number' };
  const name = textOf(cString(block, NAME));
  const type = String.fromCharCode(block[TYPE]!);
  return {
    name: prefix.length === 0 ? name : `${textOf(prefix)}/${name}`,
    mode: mode || 0,
    uid: uid || 0,
    gid: gid || 0,
    size,
    mtime,
    type: type === '\0' ? '0' : type,
    linkName: textOf(cString(block, LINK_NAME)),
    userName: hasNames ? textOf(cString(block, USER)) : '',
    groupName: hasNames ? textOf(cString(block, GROUP)) : '',
    isExtended: type === 'S' && block[IS_EXTENDED] !== 0,
  };
}

/** What a header is written of. Texts fit into their fields, and numbers are not negative. */
export interface HeaderFields {
  readonly name: Uint8Array;
  readonly prefix?: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly type: string;
  readonly linkName: Uint8Array;
  readonly userName: Uint8Array;
  readonly groupName: Uint8Array;
}

/** The largest number of a field of this length in octal digits, which a NUL ends. */
const mostOf = (length: number): number => 8 ** (length - 1) - 1;

export const MOST_ID: number = mostOf(UID[1]);
export const MOST_SIZE: number = mostOf(SIZE[1]);

/** A header in the format of ustar. */
export function formatHeader(fields: HeaderFields): Bytes {
  const block = new Uint8Array(BLOCK);
  const ascii = (text: string, at: number) => {
    for (let index = 0; index < text.length; index++) block[at + index] = text.charCodeAt(index);
  };
  const octal = (value: number, [at, length]: readonly [number, number]) =>
    ascii(value.toString(8).padStart(length - 1, '0'), at);
  block.set(fields.name, NAME[0]);
  octal(fields.mode, MODE);
  octal(fields.uid, UID);
  octal(fields.gid, GID);
  octal(fields.size, SIZE);
  octal(fields.mtime, MTIME);
  ascii(fields.type, TYPE);
  block.set(fields.linkName, LINK_NAME[0]);
  ascii('ustar\x0000', MAGIC[0]);
  block.set(fields.userName, USER[0]);
  block.set(fields.groupName, GROUP[0]);
  if (fields.prefix !== undefined) block.set(fields.prefix, PREFIX[0]);
  const [sum] = checksums(block);
  ascii(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM[0]);
  return block;
}
