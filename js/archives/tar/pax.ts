/** The records of pax: `27 path=some/long/name\n`, where the number is the length of the record. */
import { joined, utf8 } from '../../runtime/text.js';
import { textOf } from './header.js';

/**
 * Reads the records of an extended header into `records`, where an empty value removes a key.
 *
 * @returns what is wrong; undefined if nothing is
 */
export function readPax(bytes: Uint8Array, records: Map<string, string>): string | undefined {
  for (let at = 0; at < bytes.length;) {
    // Some programs pad the records.
    if (bytes[at] === 0) return undefined;
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? '' : textOf(bytes.subarray(at, space));
    const length = /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length < digits.length + 4 - 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      return 'a record has a wrong length';
    const equals = bytes.indexOf(0x3d, space);
    if (equals === -1 || equals >= end || equals === space + 1) return 'a record has no key';
    const key = textOf(bytes.subarray(space + 1, equals));
    const value = textOf(bytes.subarray(equals + 1, end - 1));
    if (value === '') records.delete(key);
    else records.set(key, value);
    at = end;
  }
  return undefined;
}

/** A record in bytes. */
export function formatPax(key: string, value: string): Uint8Array {
  const rest = utf8(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (`${length}`.length + rest.length > length) length = `${length}`.length + rest.length;
  return joined(utf8(`${length}`), rest);
}
