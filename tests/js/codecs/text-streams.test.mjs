/** TextDecoderStream and TextEncoderStream of the Encoding Standard: https://encoding.spec.whatwg.org/#streams */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadableStream, WritableStream } from 'tidegate';
import { TextDecoderStream, TextEncoderStream } from 'tidegate/codecs';
import { bytes, failure, through } from './codec-support.mjs';

const wave = '\u{1f30a}';

test('a character that is split at any point between chunks is decoded as one', async () => {
  const all = bytes(`a${wave}é`);
  for (let at = 0; at <= all.length; at++) {
    const chunks = [all.subarray(0, at), new Uint8Array(), all.subarray(at)];
    assert.equal((await through(new TextDecoderStream(), chunks)).join(''), `a${wave}é`);
  }
});

test('chunks are bytes in any buffer, shared memory too, and empty ones give no chunk', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([104, 105]);
  const chunks = [bytes('a').buffer, new DataView(bytes('b').buffer), new ArrayBuffer(0), shared, shared.buffer];
  assert.deepEqual(await through(new TextDecoderStream(), chunks), ['a', 'b', 'hi', 'hi']);
});

test('bytes that are no text become U+FFFD, also at the end, and with fatal a TypeError of both sides', async () => {
  assert.deepEqual(await through(new TextDecoderStream(), [Uint8Array.of(97, 0xff), Uint8Array.of(0xe2)]), [
    'a\ufffd',
    '\ufffd',
  ]);
  for (const chunks of [[Uint8Array.of(0xff)], [Uint8Array.of(0xe2)]]) {
    const stream = new TextDecoderStream('utf-8', { fatal: true });
    const writer = stream.writable.getWriter();
    writer.write(chunks[0]).catch(() => {});
    writer.close().catch(() => {});
    await assert.rejects(stream.readable.getReader().read(), TypeError);
    await assert.rejects(writer.closed, TypeError);
  }
});

test('what is no chunk fails the stream with a TypeError', async () => {
  for (const chunk of [undefined, null, 3, 'text', {}, [1]])
    assert.ok((await failure(new TextDecoderStream(), [chunk])) instanceof TypeError);
  assert.ok((await failure(new TextEncoderStream(), [Symbol('text')])) instanceof TypeError);
});

test('the attributes are those of the decoder, and the label and the options are converted as Web IDL says', () => {
  const { encoding, fatal, ignoreBOM } = new TextDecoderStream();
  assert.deepEqual([encoding, fatal, ignoreBOM], ['utf-8', false, false]);
  const order = [];
  const options = {
    get ignoreBOM() {
      order.push('ignoreBOM');
      return 1;
    },
    get fatal() {
      order.push('fatal');
      return 'yes';
    },
  };
  const label = { toString: () => ' UTF-16LE ' };
  const other = new TextDecoderStream(/** @type {any} */ (label), /** @type {any} */ (options));
  assert.deepEqual([other.encoding, other.fatal, other.ignoreBOM], ['utf-16le', true, true]);
  assert.deepEqual(order, ['fatal', 'ignoreBOM']);
  assert.throws(() => new TextDecoderStream('utf-7'), RangeError);
  assert.throws(() => new TextDecoderStream('utf-8', /** @type {any} */ (1)), TypeError);
  assert.equal(new TextEncoderStream().encoding, 'utf-8');
});

test('a byte order mark is dropped unless it is asked for', async () => {
  const mark = [bytes('\ufeff').subarray(0, 1), bytes('\ufeff').subarray(1), bytes('a')];
  assert.equal((await through(new TextDecoderStream(), mark)).join(''), 'a');
  assert.equal((await through(new TextDecoderStream('utf-8', { ignoreBOM: true }), mark)).join(''), '\ufeffa');
});

test('a surrogate pair that is split between strings is encoded as one character, and half a pair as U+FFFD', async () => {
  const encode = async (...chunks) => Buffer.concat(await through(new TextEncoderStream(), chunks)).toString();
  assert.equal(await encode(wave[0], '', wave[1]), wave);
  assert.equal(await encode(wave[0], 'a'), '\ufffda');
  assert.equal(await encode(wave[1], wave[0]), '\ufffd\ufffd');
  assert.deepEqual(await through(new TextEncoderStream(), ['', wave[0]]), [bytes('\ufffd')]);
  assert.equal(await encode(/** @type {any} */ (1), /** @type {any} */ (null)), '1null');
});

test('they have the shape of interfaces, and their sides are streams of this package', () => {
  for (const Class of [TextDecoderStream, TextEncoderStream]) {
    const stream = new Class();
    assert.ok(stream.readable instanceof ReadableStream);
    assert.ok(stream.writable instanceof WritableStream);
    assert.equal(Object.prototype.toString.call(stream), `[object ${Class.name}]`);
    assert.equal(Class.length, 0);
    for (const name of ['encoding', 'readable', 'writable']) {
      const { get, enumerable } = Object.getOwnPropertyDescriptor(Class.prototype, name);
      assert.ok(enumerable);
      assert.throws(() => get.call({}), TypeError);
    }
  }
});
