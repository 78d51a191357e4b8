/**
 * The encodings of the Encoding Standard, and which of them the engine's `TextDecoder` decodes as that says. An engine is asked by trying, never by its name:
 * all single bytes or all pairs of bytes, and what else an encoding has, must become the text whose hash stands here. They are decoded as a stream is: the text
 * of one call may be another.
 */

/** Names and labels, the name first: https://encoding.spec.whatwg.org/#names-and-labels. Those of `replacement` name no encoding that can be decoded. */
const ENCODINGS: readonly string[] = [
  'utf-8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 x-unicode20utf8',
  'ibm866 866 cp866 csibm866',
  'iso-8859-2 csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2',
  'iso-8859-3 csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3',
  'iso-8859-4 csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4',
  'iso-8859-5 csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988',
  'iso-8859-6 arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987',
  'iso-8859-7 csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek',
  'iso-8859-8 csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual',
  'iso-8859-8-i csiso88598i logical',
  'iso-8859-10 csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6',
  'iso-8859-13 iso8859-13 iso885913',
  'iso-8859-14 iso8859-14 iso885914',
  'iso-8859-15 csisolatin9 iso8859-15 iso885915 iso_8859-15 l9',
  'iso-8859-16',
  'koi8-r cskoi8r koi koi8 koi8_r',
  'koi8-u koi8-ru',
  'macintosh csmacintosh mac x-mac-roman',
  'windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620',
  'windows-1250 cp1250 x-cp1250',
  'windows-1251 cp1251 x-cp1251',
  'windows-1252 ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252',
  'windows-1253 cp1253 x-cp1253',
  'windows-1254 cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 x-cp1254',
  'windows-1255 cp1255 x-cp1255',
  'windows-1256 cp1256 x-cp1256',
  'windows-1257 cp1257 x-cp1257',
  'windows-1258 cp1258 x-cp1258',
  'x-mac-cyrillic x-mac-ukrainian',
  'gbk chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk',
  'gb18030',
  'big5 big5-hkscs cn-big5 csbig5 x-x-big5',
  'euc-jp cseucpkdfmtjapanese x-euc-jp',
  'iso-2022-jp csiso2022jp',
  'shift_jis csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis',
  'euc-kr cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949',
  'utf-16be unicodefffe',
  'utf-16le csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16',
  'x-user-defined',
];

/** What the text of the trial hashes to, by the name of the encoding; tests/js/codecs/decode-text.test.mjs computes it by encoding_rs. */
const HASHES: { readonly [name: string]: number } = {
  ibm866: 0xc52addd5,
  'iso-8859-2': 0x9dbb8acd,
  'iso-8859-3': 0xa570cc39,
  'iso-8859-4': 0x0db7ea1d,
  'iso-8859-5': 0x0e336885,
  'iso-8859-6': 0x05c87825,
  'iso-8859-7': 0xb4cdaa09,
  'iso-8859-8': 0x3adcb695,
  'iso-8859-8-i': 0x3adcb695,
  'iso-8859-10': 0x19b222e5,
  'iso-8859-13': 0xb4ecd479,
  'iso-8859-14': 0x60d37a1d,
  'iso-8859-15': 0x0a1e966d,
  'iso-8859-16': 0x21648165,
  'koi8-r': 0xb630c62d,
  'koi8-u': 0x7fbcfe1d,
  macintosh: 0x3c0a7e4d,
  'windows-874': 0xfa7a0ea5,
  'windows-1250': 0x0e485085,
  'windows-1251': 0x9c795eb5,
  'windows-1252': 0xaf83a205,
  'windows-1253': 0x0fccd219,
  'windows-1254': 0x242b5d21,
  'windows-1255': 0x307d0255,
  'windows-1256': 0xa2e2c445,
  'windows-1257': 0x0783fe85,
  'windows-1258': 0x5e71b051,
  'x-mac-cyrillic': 0x8ce6514d,
  gbk: 0x23e2423f,
  gb18030: 0x23e2423f,
  big5: 0x2cfdf09c,
  'euc-jp': 0xab77d9d2,
  'iso-2022-jp': 0x36edbf15,
  shift_jis: 0xecd979ec,
  'euc-kr': 0x8f8824da,
  'utf-16be': 0x08aa3f2e,
  'utf-16le': 0xab128c35,
  'x-user-defined': 0x3fc167c5,
};

let names: Map<string, string> | undefined;

/** The name of the encoding with this label, in lower case; undefined if there is none: https://encoding.spec.whatwg.org/#concept-encoding-get */
export function encodingOf(label: string): string | undefined {
  names ??= new Map(
    ENCODINGS.flatMap((line) => {
      const [name, ...labels] = line.split(' ') as [string, ...string[]];
      return [name, ...labels].map((each): [string, string] => [each, name]);
    }),
  );
  return names.get(label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase());
}

/** The number of an encoding in the Wasm module (src/wasm/codecs/encoding.rs). */
export const numberOf = (name: string): number => ENCODINGS.findIndex((line) => line.split(' ')[0] === name);

/** Each byte of a single-byte encoding is one code unit, and none of those is U+FFFD. */
export const isSingleByte = (name: string): boolean => /^(ibm|iso-8859|koi8|mac|win|x-)/.test(name);

const LF = 10;

/** All pairs of bytes that begin with `lead`, each behind `before` and in front of `after`. */
function pairs(lead: number, before: readonly number[], after: readonly number[]): Uint8Array {
  const step = before.length + 2 + after.length;
  const bytes = new Uint8Array(256 * step);
  for (let trail = 0; trail < 256; trail++) {
    bytes.set(before, trail * step);
    bytes[trail * step + before.length] = lead;
    bytes[trail * step + before.length + 1] = trail;
    bytes.set(after, (trail + 1) * step - after.length);
  }
  return bytes;
}

/** All sequences of four bytes of GB18030 that begin with these two. */
function fours(first: number, second: number): Uint8Array {
  const bytes: number[] = [];
  for (let third = 0x81; third < 0xff; third++)
    for (let fourth = 0x30; fourth < 0x3a; fourth++) bytes.push(first, second, third, fourth);
  return Uint8Array.from(bytes);
}

/** The escape sequences of ISO-2022-JP that a pair is behind, and what ends them. */
const ESCAPES: readonly (readonly number[])[] = [
  [0x1b, 0x28, 0x42],
  [0x1b, 0x28, 0x4a],
  [0x1b, 0x28, 0x49],
  [0x1b, 0x24, 0x42],
];

/** What is decoded of an encoding: pieces, each with whether it is decoded byte by byte. */
function* trials(name: string): Generator<readonly [bytes: Uint8Array, isSplit: boolean]> {
  if (isSingleByte(name)) {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    yield [all, false];
    yield [all, true];
    return;
  }
  for (let lead = 0; lead < 256; lead++) yield [pairs(lead, [], [LF]), false];
  for (const lead of [0x81, 0x8f, 0x1b]) yield [pairs(lead, [], [LF]), true];
  for (const end of [0x81, 0x8f, 0xe3]) yield [Uint8Array.of(LF, end), false];
  if (name === 'euc-jp') for (let lead = 0xa1; lead < 0xff; lead++) yield [pairs(lead, [0x8f], [LF]), false];
  if (name === 'iso-2022-jp')
    for (const escape of ESCAPES)
      for (let lead = 0; lead < 256; lead++) yield [pairs(lead, escape, [0x1b, 0x28, 0x42, LF]), false];
  if (name === 'gb18030' || name === 'gbk')
    for (const first of [0x81, 0x82, 0x83, 0x84, 0x90, 0xe3, 0xfe])
      for (let second = 0x30; second < 0x3a; second++) yield [fours(first, second), false];
}

/**
 * The hash (FNV-1a of the code units) of what `decoder()` makes of the trials of an encoding.
 *
 * @param decoder makes one that has been given nothing
 */
function hashOf(name: string, decoder: () => Pick<TextDecoder, 'decode'>): number {
  let hash = 0x811c9dc5;
  const add = (text: string) => {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  };
  for (const [bytes, isSplit] of trials(name)) {
    const each = decoder();
    if (isSplit)
      for (let at = 0; at < bytes.length; at++) add(each.decode(bytes.subarray(at, at + 1), { stream: true }));
    else add(each.decode(bytes, { stream: true }));
    add(each.decode());
  }
  return hash >>> 0;
}

const tried = new Map<string, boolean>();

/** Whether the engine's `TextDecoder` decodes this encoding as the standard says. UTF-8 is taken for granted. */
export function engineDecodes(name: string): boolean {
  if (name === 'utf-8') return true;
  let isRight = tried.get(name);
  if (isRight === undefined) {
    try {
      isRight = hashOf(name, () => new TextDecoder(name)) === HASHES[name];
    } catch {
      isRight = false;
    }
    tried.set(name, isRight);
  }
  return isRight;
}
