/** Base64 and hexadecimal digits: what Node's Buffer makes and reads of them, however it is cut, with and without WebAssembly. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pipeline, toArray } from 'tidegate';
import * as wasm from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

const require = createRequire(import.meta.url);
/** A copy of the package whose codecs find no WebAssembly. */
require('../../../dist/js.cjs');
/** @type {typeof wasm} */
const plain = require('../../../dist/codecs.cjs');

const pool = wasm.workerPool({ size: 1 });
after(() => pool.close());

const noise = Uint8Array.from({ length: 200_000 }, (_, at) => (Math.imul(at, 2654435761) >>> 13) & 255);
const joinedText = (chunks) => chunks.join('');
/** Strings, cut anywhere. */
function* cut(text, size) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}
const lined = (text, length, end) => text.match(new RegExp(`.{1,${length}}`, 'g'))?.join(end) ?? '';
const url = (text) => text.replaceAll('+', '-').replaceAll('/', '_');

let refusals = 0;
before(async () => {
  // Those that run as WebAssembly are compiled by now.
  for (const stage of [wasm.hexEncode(), wasm.digest('crc32'), wasm.lines()]) await through(stage, []);
  await through(wasm.gunzip(), [gzipSync('')]);
  WebAssembly.Module = /** @type {any} */ (
    function refuse() {
      refusals++;
      throw new WebAssembly.CompileError('refused');
    }
  );
});
after(() => assert.ok(refusals > 0));

for (const [where, { base64Encode, base64Decode, hexEncode, hexDecode }, worker] of /** @type {const} */ ([
  ['in WebAssembly', wasm, undefined],
  ['in a worker', wasm, pool],
  ['where WebAssembly is refused', plain, undefined],
]))
  describe(where, () => {
    const encode = async (options, chunks) => joinedText(await through(base64Encode({ worker, ...options }), chunks));
    const decode = async (options, chunks) =>
      Buffer.concat(await through(base64Decode({ worker, ...options }), chunks));

    test('bytes are the text that Buffer makes of them, whatever their length and their chunks', async () => {
      for (const length of [0, 1, 2, 3, 4, 5, 48, 57, 58, 1000]) {
        const some = noise.subarray(0, length);
        const text = Buffer.from(some).toString('base64');
        for (const size of [1, 2, 7, 1000]) {
          const chunks = [...pieces(some, size)].flatMap((chunk) => [new Uint8Array(), chunk]);
          assert.equal(await encode({}, chunks), text);
          assert.equal(await encode({ omitPadding: true }, chunks), text.replace(/=+$/, ''));
          assert.equal(await encode({ alphabet: 'base64url' }, chunks), url(text));
          assert.equal(await encode({ lineLength: 76 }, chunks), lined(text, 76, '\r\n'));
          assert.equal(await encode({ lineLength: 4, lineEnd: 'lf' }, chunks), lined(text, 4, '\n'));
          const hex = joinedText(await through(hexEncode({ worker }), chunks));
          assert.equal(hex, Buffer.from(some).toString('hex'));
        }
      }
    });

    test('large data in large chunks goes through and comes back', async () => {
      const text = Buffer.from(noise).toString('base64');
      assert.equal(await encode({}, [noise]), text);
      assert.deepEqual(await decode({}, [lined(text, 76, '\r\n')]), Buffer.from(noise));
      assert.deepEqual(await decode({}, pieces(bytes(text), 65_537)), Buffer.from(noise));
      const hex = joinedText(await through(hexEncode({ worker, upperCase: true }), [noise]));
      assert.equal(hex, Buffer.from(noise).toString('hex').toUpperCase());
      assert.deepEqual(Buffer.concat(await through(hexDecode({ worker }), [hex])), Buffer.from(noise));
    });

    test('text is read at every split point, as strings and as bytes, with empty chunks between', async () => {
      const some = noise.subarray(0, 40);
      const text = lined(Buffer.from(some).toString('base64'), 12, '\r\n ');
      for (let at = 0; at <= text.length; at++) {
        const chunks = [text.slice(0, at), '', text.slice(at)];
        assert.deepEqual(await decode({}, chunks), Buffer.from(some));
        assert.deepEqual(await decode({}, chunks.map(bytes)), Buffer.from(some));
      }
      assert.deepEqual(await decode({}, cut(text, 1)), Buffer.from(some));
      const hex = lined(Buffer.from(some).toString('hex'), 9, '\n');
      assert.deepEqual(Buffer.concat(await through(hexDecode({ worker }), cut(hex, 1))), Buffer.from(some));
    });

    const faults = [
      ['base64Decode', {}, 'Zm9v!m9v', 'foo', 'invalid-character', 4],
      ['base64Decode', {}, 'Zm9v\u00e9', 'foo', 'invalid-character', 4],
      ['base64Decode', {}, 'Zm9vZm-v', 'foo', 'invalid-character', 6],
      ['base64Decode', { alphabet: 'base64url' }, 'Zm9v+', 'foo', 'invalid-character', 4],
      ['base64Decode', { whitespace: 'error' }, 'Zm9v\nZm9v', 'foo', 'invalid-character', 4],
      ['base64Decode', {}, 'Zm9vZ', 'foo', 'truncated', 5],
      ['base64Decode', {}, 'Zm9vZg', 'foo', 'truncated', 6],
      ['base64Decode', {}, 'Zm9vZg=', 'foo', 'truncated', 7],
      ['base64Decode', { alphabet: 'base64url' }, 'Zm9vZ', 'foo', 'truncated', 5],
      ['base64Decode', { lastChunkHandling: 'loose' }, 'Zm9vZg=', 'foo', 'truncated', 7],
      ['base64Decode', {}, 'Zm9v=', 'foo', 'invalid-padding', 4],
      ['base64Decode', {}, 'Zm9vZg=g', 'foo', 'invalid-padding', 7],
      ['base64Decode', {}, 'Zm9vZh==', 'foo', 'stray-bits', 5],
      ['base64Decode', {}, 'Zg==\nZg==', 'f', 'trailing-data', 5],
      ['hexDecode', {}, '666f6x', 'fo', 'invalid-character', 5],
      ['hexDecode', { whitespace: 'error' }, '66 6f', 'f', 'invalid-character', 2],
      ['hexDecode', {}, '666f6\n', 'fo', 'truncated', 6],
    ];
    for (const [name, options, text, before, code, offset] of faults)
      test(`${name} of ${JSON.stringify(text)} with ${JSON.stringify(options)} gives what is before the fault, and fails with ${code} at byte ${offset}`, async () => {
        const make = { base64Decode, hexDecode }[name];
        for (const size of [1, 3, 100]) {
          const seen = [];
          const stage = make({ worker, ...options });
          const error = await pipeline([...cut(text, size)], stage, async (chunks) => {
            for await (const chunk of chunks) seen.push(chunk);
          }).catch((reason) => reason);
          assert.equal(Buffer.concat(seen).toString(), before);
          assert.deepEqual([error.name, error.codec, error.code, error.offset], ['CodecError', name, code, offset]);
        }
      });

    test('loose handling takes text without padding and any bits that belong to no byte', async () => {
      const loose = /** @type {const} */ ({ lastChunkHandling: 'loose' });
      assert.equal((await decode(loose, ['Zm9vZg'])).toString(), 'foof');
      assert.equal((await decode(loose, ['Zm9vZh=='])).toString(), 'foof');
      assert.equal((await decode({ alphabet: 'base64url' }, ['Zm9vZm8'])).toString(), 'foofo');
    });
  });

test('any text has the same outcome in WebAssembly and without it', async () => {
  const outcome = async (stage, chunks) => {
    const seen = [];
    try {
      await pipeline(chunks, stage, async (out) => {
        for await (const chunk of out) seen.push(chunk);
      });
      return Buffer.concat(seen).toString('hex');
    } catch (error) {
      return [Buffer.concat(seen).toString('hex'), error.message, error.code, error.offset];
    }
  };
  const unit = fc.constantFrom('AAAA', 'z', '9', '+', '/', '-', '_', '=', ' ', '\n', '~', '\u0000', '\u20ac');
  const options = fc.record({
    alphabet: fc.constantFrom(undefined, 'base64url'),
    lastChunkHandling: fc.constantFrom(undefined, 'loose', 'strict'),
    whitespace: fc.constantFrom(undefined, 'error'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(unit), { maxLength: 4 }), /** @type {any} */ (options), async (parts, given) => {
      const chunks = parts.map((part) => part.join(''));
      for (const name of ['base64Decode', 'hexDecode']) {
        const with_ = name === 'hexDecode' ? { whitespace: given.whitespace } : given;
        assert.deepEqual(await outcome(plain[name](with_), chunks), await outcome(wasm[name](with_), chunks));
      }
    }),
    { numRuns: 200 },
  );
});

test('in a pipeline they are part of a chain', async () => {
  const packed = gzipSync('tide\ngate\n');
  const out = wasm.base64Encode({ lineLength: 8 });
  const text = joinedText(await pipeline([packed], out, (chunks) => toArray(chunks)));
  const hash = wasm.digest('crc32');
  const all = await pipeline([text], wasm.base64Decode(), wasm.gunzip(), hash, wasm.lines(), (chunks) =>
    toArray(chunks),
  );
  assert.deepEqual(all, ['tide', 'gate']);
  assert.equal(out.stats()[0].bytesIn, packed.length);
});

test('the text of an encoder can be bytes', async () => {
  const chunks = await through(wasm.base64Encode({ output: 'bytes' }), [bytes('tide')]);
  assert.equal(Buffer.concat(chunks).toString(), 'dGlkZQ==');
  assert.deepEqual(await through(wasm.hexEncode({ output: 'bytes' }), [bytes('t')]), [bytes('74')]);
});

test('options that do not exist, or have another value, are refused at once', () => {
  const any = /** @type {any} */ (wasm);
  assert.throws(() => any.base64Encode({ url: true }), TypeError);
  assert.throws(
    () => any.base64Encode({ alphabet: 'base32' }),
    /base64Encode: alphabet must be 'base64' or 'base64url'/,
  );
  assert.throws(() => any.base64Encode({ lineLength: 78 }), /lineLength must be a multiple of 4, such as 76; got 78/);
  assert.throws(() => any.base64Encode({ lineLength: 0 }), RangeError);
  assert.throws(() => any.base64Decode({ lastChunkHandling: 'stop-before-partial' }), TypeError);
  assert.throws(() => any.hexDecode({ whitespace: true }), TypeError);
  assert.throws(() => any.hexEncode({ output: 'text' }), TypeError);
});

test('a chunk that is neither bytes nor, for a decoder, text fails the streams', async () => {
  assert.match((await failure(wasm.base64Encode(), ['text'])).message, /^base64Encode: chunks must be bytes/);
  assert.match((await failure(wasm.base64Decode(), [1])).message, /^base64Decode: chunks must be strings or bytes/);
});
