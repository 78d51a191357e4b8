/** The headers of a part: RFC 7578, 4 (https://www.rfc-editor.org/rfc/rfc7578#section-4), in the syntax of RFC 5322. */
import { extendedValue, parseFields, percentDecoded } from './fields.js';
import { fault } from './error.js';
import type { Input } from '../entries/input.js';

/** What the headers of a part say. */
export interface PartHeaders {
  /** The name of the field; undefined if there is none. */
  readonly name: string | undefined;
  readonly filename: string | undefined;
  /** The media type, with its parameters. */
  readonly type: string | undefined;
  /** All of them, by their names in lower case; the values of several with one name are joined by ', '. */
  readonly all: ReadonlyMap<string, string>;
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * Reads the headers up to the end of the line before the blank line, which is left: a delimiter may need it.
 *
 * @param most bytes
 */
export async function readHeaders(input: Input, boundary: string, most: number): Promise<PartHeaders> {
  const { offset } = input;
  const invalid = (what: string) => fault('multipartParts', 'invalid-header', what, { offset });
  const lines = await blockOf(input, most);
  const all = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~\w-]+)[ \t]*:(.*)$/.exec(line);
    if (match === null || /[\0\r\n]/.test(line)) throw invalid('a header of a part is not a name, a colon and a value');
    if (line.startsWith(`--${boundary}`)) throw invalid('a header of a part begins with the boundary');
    const key = match[1]!.toLowerCase();
    const value = match[2]!.trim();
    const before = all.get(key);
    if (before !== undefined && key === 'content-disposition')
      throw invalid('a part has two headers Content-Disposition');
    all.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const { value, parameters } = parseFields(all.get('content-disposition') ?? '', (why) =>
    invalid(`the Content-Disposition of a part ${why}`),
  );
  const named = value === 'form-data' ? parameters.get('name') : undefined;
  const extended = extendedValue(parameters.get('filename*') ?? '');
  const plain = parameters.get('filename');
  return {
    name: named === undefined ? undefined : percentDecoded(named),
    filename: extended ?? (plain === undefined ? undefined : percentDecoded(plain)),
    type: all.get('content-type'),
    all,
  };
}

/** The lines, with those that go on put together. */
async function blockOf(input: Input, most: number): Promise<string[]> {
  const { offset } = input;
  let end = -1;
  for (let from = 0, least = 2; end === -1;) {
    const held = await input.peek(least);
    end = endOfBlock(held, from, most);
    if (end !== -1) break;
    if (held.length >= most + 4)
      throw fault(
        'multipartParts',
        'header-too-large',
        `the headers of a part have more than ${most} bytes (maxHeaderBytes)`,
        {
          offset,
        },
      );
    if (held.length < least)
      throw fault('multipartParts', 'truncated', 'the body ends within the headers of a part', {
        offset: offset + held.length,
      });
    from = Math.max(0, held.length - 3);
    least = held.length + 1;
  }
  const text = decoded(input.held.subarray(0, end));
  input.consume(end === 0 ? 0 : end + 2);
  if (text === '') return [];
  return text.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
}

/** Where the last line of the headers ends, before its CRLF and the blank line; -1 if that has not come. */
function endOfBlock(held: Uint8Array, from: number, most: number): number {
  if (held[0] === CR && held[1] === LF) return 0;
  for (let at = held.indexOf(CR, from); at !== -1 && at <= most; at = held.indexOf(CR, at + 1))
    if (held[at + 1] === LF && held[at + 2] === CR && held[at + 3] === LF) return at;
  return -1;
}

/** As UTF-8, which browsers and curl send, or else as Latin-1. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}
