/** Text of other encodings: what the Encoding Standard says, by the engine where it is right and by encoding_rs where it is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pipeline, toArray } from 'tidegate';
import { codecMemory, csv, decodeText, gunzip, lines, ndjson, workerPool } from 'tidegate/codecs';
import { failure, through } from './codec-support.mjs';
import { encodings, NAMES, referenceDecoders, source } from './encoding-support.mjs';

const reference = referenceDecoders();

/** Bytes with characters of every encoding, and with many that are none. */
const noise = Uint8Array.from({ length: 3000 }, (_, at) => (Math.imul(at + 7, 2654435761) >>> 17) & 255);
const text = async (stage, chunks) => (await through(stage, chunks)).join('');

test('the hash that an engine must have of each encoding is that of encoding_rs', () => {
  const { TextDecoder } = globalThis;
  const wrong = [];
  try {
    globalThis.TextDecoder = /** @type {any} */ (
      function Reference(name) {
        return reference(name);
      }
    );
    for (const name of NAMES) if (!encodings.engineDecodes(name)) wrong.push(name);
  } finally {
    globalThis.TextDecoder = TextDecoder;
  }
  assert.deepEqual(wrong, []);
});

test('labels name the encodings that they name to the engine, if it knows them', () => {
  const labels = NAMES.flatMap((name) => new RegExp(`"(${name}(?: [^"]+)?)"`).exec(source)[1].split(' '));
  assert.equal(new Set(labels).size, 222);
  for (const label of labels) {
    let expected;
    try {
      expected = new TextDecoder(label).encoding;
    } catch {
      expected = label === 'iso-8859-16' || label === 'x-user-defined' ? label : undefined;
    }
    assert.equal(encodings.encodingOf(label), expected);
  }
  assert.equal(decodeText().encoding, 'utf-8');
  assert.equal(decodeText(' ISO-8859-1\t').encoding, 'windows-1252');
});

test('each encoding becomes the text of the standard, whole and byte by byte', async () => {
  for (const name of NAMES) {
    const expected = reference(name).decode(noise);
    assert.equal(await text(decodeText(name), [noise]), expected, name);
    const bytes = Array.from(noise.subarray(0, 600), (_, at) => noise.subarray(at, at + 1));
    assert.equal(await text(decodeText(name), bytes), reference(name).decode(noise.subarray(0, 600)), name);
  }
  assert.equal(codecMemory().chains, 0);
});

test('a character may be split between chunks at every point, with empty chunks between', async () => {
  const cases = [
    ['utf-8', Buffer.from('aé€🌊')],
    ['utf-16le', Buffer.from('aé€🌊', 'utf16le')],
    ['shift_jis', Uint8Array.of(0x61, 0x82, 0xa0, 0xb1)],
    ['gb18030', Uint8Array.of(0x81, 0x30, 0x81, 0x30, 0xc4, 0xe3)],
    ['iso-2022-jp', Uint8Array.of(0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x61)],
  ];
  for (const [label, bytes] of /** @type {[string, Uint8Array][]} */ (cases)) {
    const expected = reference(label).decode(bytes);
    for (const fatal of [false, true])
      for (let at = 0; at <= bytes.length; at++) {
        const chunks = [bytes.subarray(0, at), new Uint8Array(), bytes.subarray(at)];
        assert.equal(await text(decodeText(label, { fatal }), chunks), expected, `${label} at ${at}`);
      }
  }
});

test('a byte order mark is dropped, or kept, and that of another encoding is text', async () => {
  const mark = [Uint8Array.of(0xef), Uint8Array.of(0xbb, 0xbf, 0x61)];
  for (const fatal of [false, true]) {
    assert.equal(await text(decodeText('utf-8', { fatal }), mark), 'a');
    assert.equal(await text(decodeText('utf-8', { fatal, ignoreBOM: true }), mark), '\ufeffa');
    assert.equal(await text(decodeText('utf-16be', { fatal }), [Uint8Array.of(0xfe, 0xff, 0, 0x61)]), 'a');
  }
  assert.equal(await text(decodeText('windows-1252'), mark), 'ï»¿a');
});

const faults = [
  ['utf-8', [0x61, 0xc3, 0xa9, 0xe2, 0x82, 0x62], 'aé', 'invalid-utf8', 3],
  ['utf-8', [0x61, 0xf0, 0x9f, 0x8c], 'a', 'invalid-utf8', 1],
  ['utf-8', [0xef, 0xbb, 0xbf, 0x61, 0xff], 'a', 'invalid-utf8', 4],
  ['windows-1257', [0x61, 0xe0, 0xa1, 0x62], 'aą', 'invalid-text', 2],
  ['windows-1253', [0x61, 0xe1, 0xaa, 0x62], 'aα', 'invalid-text', 2],
  ['shift_jis', [0x61, 0x82, 0xa0, 0x82], 'aあ', 'invalid-text', 3],
  ['utf-16le', [0x61, 0, 0, 0xd8, 0x62, 0], 'a', 'invalid-text', 2],
];
for (const [label, bytes, before, code, offset] of /** @type {any[]} */ (faults))
  test(`fatal ${label} of ${bytes.map((byte) => byte.toString(16))} gives the text before the fault, and fails with ${code} at byte ${offset}`, async () => {
    for (let at = 0; at <= bytes.length; at++) {
      const seen = [];
      const chunks = [Uint8Array.from(bytes.slice(0, at)), Uint8Array.from(bytes.slice(at))];
      const error = await pipeline(chunks, decodeText(label, { fatal: true }), async (out) => {
        for await (const chunk of out) seen.push(chunk);
      }).catch((reason) => reason);
      assert.equal(seen.join(''), before);
      assert.deepEqual([error.name, error.codec, error.code, error.offset], ['CodecError', 'decodeText', code, offset]);
    }
    assert.equal(codecMemory().chains, 0);
  });

// "café ąあ" cannot be in one of them; each has a word of its own.
const WORDS = [
  ['windows-1252', Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x80), 'café€'],
  ['shift_jis', Uint8Array.of(0x82, 0xa0, 0x82, 0xa2), 'あい'],
  ['koi8-u', Uint8Array.of(0xa6, 0xae), 'іў'],
];
for (const [label, word, expected] of /** @type {[string, Uint8Array, string][]} */ (WORDS))
  test(`lines, csv and ndjson read ${label}, alone, behind another codec and in a worker`, async () => {
    const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
    const rows = join(word, ',1\n', word, ',2\n');
    const json = join('{"a":"', word, '"}\n');
    const pool = workerPool({ size: 1 });
    for (const worker of [undefined, pool]) {
      const options = { encoding: label, worker };
      const expectedRows = [[expected, '1'], [expected, '2']]; // prettier-ignore
      assert.deepEqual(await through(csv(options), [rows]), expectedRows);
      assert.deepEqual(
        await through(lines(options), [rows]),
        expectedRows.map((row) => row.join()),
      );
      assert.deepEqual(await through(ndjson(options), [json]), [{ a: expected }]);
      const packed = [gzipSync(rows)];
      assert.deepEqual(await pipeline(packed, gunzip(), csv(options), (out) => toArray(out)), expectedRows);
    }
    pool.close();
    const decoded = await pipeline([gzipSync(rows)], gunzip(), decodeText(label), lines(), csv(), (out) =>
      toArray(out),
    );
    assert.deepEqual(decoded.map(([first]) => first), [expected, expected]); // prettier-ignore
    assert.equal(codecMemory().chains, 0);
  });

test('a fault of a codec behind a decoder fails the streams, and one of the source does', async () => {
  const bytes = Uint8Array.of(0x82, 0xa0, 0x2c, 0x31, 0x0a, 0x32, 0x0a);
  const error = await failure(csv({ encoding: 'shift_jis' }), [bytes]);
  assert.deepEqual([error.codec, error.code], ['csv', 'ragged-row']);
  const reason = new Error('source');
  const stage = csv({ encoding: 'shift_jis' });
  const writer = stage.writable.getWriter();
  writer.write(bytes).catch(() => {});
  writer.abort(reason).catch(() => {});
  await assert.rejects(stage.readable.getReader().read(), reason);
  assert.equal(codecMemory().chains, 0);
});

test('a label that is none, and options that do not exist, are refused at once', () => {
  const any = /** @type {any} */ (decodeText);
  for (const label of ['utf-7', 'replacement', 'iso-2022-kr', '']) assert.throws(() => decodeText(label), RangeError);
  assert.throws(() => any(undefined, { strict: true }), TypeError);
  assert.throws(() => any(7), TypeError);
  for (const make of [lines, csv, ndjson])
    assert.throws(() => make({ encoding: 'utf-7' }), /encoding must be a label of the Encoding Standard/);
  assert.throws(() => lines({ encoding: 'big5', fatal: true }), TypeError);
});

test('a chunk that is not bytes fails the streams', async () => {
  assert.match((await failure(decodeText(), ['text'])).message, /^decodeText: chunks must be bytes/);
});

test('the stage has figures, whoever decodes', async () => {
  for (const label of ['utf-8', 'shift_jis']) {
    const stage = decodeText(label);
    await through(stage, [Uint8Array.of(0x61, 0x62)]);
    const [{ name, bytesIn, bytesOut }] = stage.stats();
    assert.deepEqual([name, bytesIn, bytesOut], ['decodeText', 2, 2]);
  }
});
