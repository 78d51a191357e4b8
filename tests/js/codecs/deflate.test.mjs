/** Compression: what node:zlib unpacks, whatever the pieces, and what a gzip header says. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { pipeline, toBytes } from 'tidegate';
import { codecMemory, deflate, deflateRaw, digest, gunzip, gzip, lines } from 'tidegate/codecs';
import { bytes, failure, isPending, pieces, through, turn } from './codec-support.mjs';

const FORMATS = [
  ['gzip', gzip, gunzipSync],
  ['deflate', deflate, inflateSync],
  ['deflateRaw', deflateRaw, inflateRawSync],
];

const text = Buffer.from(Array.from({ length: 20_000 }, (_, row) => `${row},${(row * row) % 977},tide\n`).join(''));

const pack = async (stage, chunks) => Buffer.concat(await through(stage, chunks));

test('node:zlib unpacks every format at every level', async () => {
  for (const [name, make, unpack] of FORMATS) {
    for (let level = 0; level <= 9; level++) {
      for (const input of [Buffer.alloc(0), Buffer.from('a'), text, randomBytes(100_000)]) {
        const packed = await pack(make({ level }), pieces(input, 10_000));
        assert.ok(unpack(packed).equals(input), `${name}, level ${level}, ${input.length} bytes`);
      }
    }
  }
});

test('the bytes do not depend on the pieces', async () => {
  for (const [name, make] of FORMATS) {
    const whole = await pack(make(), [text]);
    for (const size of [1009, 32_768, 65_537]) {
      assert.ok((await pack(make(), pieces(text, size))).equals(whole), `${name} in pieces of ${size}`);
    }
  }
});

test('level 6 makes at most a twentieth more than that of node:zlib', async () => {
  const { deflateRawSync } = await import('node:zlib');
  const [ours, theirs] = [(await pack(deflateRaw(), [text])).length, deflateRawSync(text).length];
  assert.ok(ours <= theirs * 1.05, `${ours} bytes, where zlib makes ${theirs}`);
});

test('a gzip header says what was given, and nothing else', async () => {
  const plain = await pack(gzip(), [bytes('text')]);
  assert.deepEqual([...plain.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const mtime = new Date('2026-01-02T03:04:05Z');
  const named = await pack(gzip({ name: 'tidé.csv', comment: 'gate', mtime, os: 3, level: 9 }), [bytes('text')]);
  assert.equal(named[3], 8 | 16);
  assert.equal(named.readUInt32LE(4), mtime.getTime() / 1000);
  assert.deepEqual([...named.subarray(8, 10)], [2, 3]);
  assert.equal(named.subarray(10, 24).toString('latin1'), 'tidé.csv\0gate\0');
  assert.equal(gunzipSync(named).toString(), 'text');
  assert.ok((await pack(gzip(), [bytes('text')])).equals(plain), 'the next header has no name');
});

test('a pipeline compresses, with a digest of what it read', async () => {
  const before = codecMemory().chains;
  const tap = digest('crc32');
  const packed = Buffer.from(await pipeline(pieces(text, 5000), tap, gzip(), toBytes));
  assert.ok(gunzipSync(packed).equals(text));
  assert.equal(
    await tap.hex,
    packed
      .readUInt32LE(packed.length - 8)
      .toString(16)
      .padStart(8, '0'),
  );
  const count = await pipeline(pieces(text, 5000), gzip(), gunzip(), lines({ batch: true }), async (batches) => {
    let all = 0;
    for await (const batch of batches) all += batch.length;
    return all;
  });
  assert.equal(count, 20_000);
  assert.equal(codecMemory().chains, before);
});

test('options that no header or level can have are refused', () => {
  assert.throws(() => gzip({ level: 10 }), {
    name: 'RangeError',
    message: /gzip: level must be a whole number from 0 to 9/,
  });
  assert.throws(() => deflate({ level: '6' }), { name: 'TypeError', message: /deflate: level must be a number/ });
  assert.throws(() => gzip({ name: 'a\0b' }), { name: 'TypeError', message: /gzip: name must be Latin-1 without NUL/ });
  assert.throws(() => gzip({ comment: '日本' }), { name: 'TypeError', message: /gzip: comment must be Latin-1/ });
  assert.throws(() => gzip({ name: 1 }), { name: 'TypeError', message: /gzip: name must be a string; got 1/ });
  assert.throws(() => gzip({ mtime: -1 }), { name: 'RangeError', message: /gzip: mtime in seconds must be/ });
  assert.throws(() => gzip({ mtime: new Date(NaN) }), { name: 'RangeError' });
  assert.throws(() => gzip({ os: 256 }), { name: 'RangeError' });
  assert.throws(() => deflateRaw({ name: 'a' }), /deflateRaw: there is no option 'name'/);
});

test('a chunk that is not bytes fails both sides', async () => {
  const error = await failure(gzip(), ['text']);
  assert.match(error.message, /^gzip: chunks must be bytes.*TextEncoderStream/);
});

/** What the start of a gzip stream unpacks to. */
const unpackStart = (parts) => gunzipSync(Buffer.concat(parts), { finishFlush: constants.Z_SYNC_FLUSH }).toString();

/** Reads everything into an array, which grows as chunks come. */
function collect(readable) {
  const parts = [];
  const done = (async () => {
    for await (const part of readable) parts.push(part);
  })();
  done.catch(() => {});
  return { parts, done };
}

test('after a flush the reader has everything that was written before it', async () => {
  const stage = gzip();
  const { parts, done } = collect(stage.readable);
  const writer = stage.writable.getWriter();
  let expected = '';
  for (const piece of ['one', text.toString(), 'two', '']) {
    if (piece !== '') writer.write(bytes(piece)).catch(() => {});
    await stage.flush();
    await turn();
    expected += piece;
    assert.equal(unpackStart(parts), expected);
  }
  const length = parts.length;
  await stage.flush();
  assert.equal(parts.length, length, 'a flush with nothing new adds nothing');
  await writer.close();
  await done;
  assert.equal(gunzipSync(Buffer.concat(parts)).toString(), expected);
});

test('without a flush a few bytes stay in the compressor', async () => {
  const stage = deflateRaw();
  const { parts } = collect(stage.readable);
  await stage.writable.getWriter().write(bytes('one'));
  await turn();
  assert.deepEqual(parts, []);
});

test('flushEach makes each chunk available at once, also in a pipeline with other codecs', async () => {
  let unpacked = '';
  const source = async function* () {
    for (const words of ['one', 'one two', 'one two three']) {
      yield bytes(words.slice(unpacked.length));
      // The modules of three families are compiled first.
      for (let turns = 0; unpacked !== words && turns < 1000; turns++) await turn();
      assert.equal(unpacked, words);
    }
  };
  await pipeline(source, digest('md5'), gzip({ flushEach: true }), gunzip(), async (chunks) => {
    for await (const chunk of chunks) unpacked += Buffer.from(chunk).toString();
  });
});

test('a flush before use, and after the end, resolves; after a failure it rejects with that', async () => {
  const stage = gzip();
  await stage.flush();
  const packed = await pack(stage, [bytes('text')]);
  await stage.flush();
  assert.equal(gunzipSync(packed).toString(), 'text');
  const failing = gzip();
  const { done } = collect(failing.readable);
  const writer = failing.writable.getWriter();
  const reason = new Error('no more');
  const flushed = failing.flush();
  await writer.abort(reason);
  await assert.rejects(done, (error) => error === reason);
  await flushed;
  await assert.rejects(failing.flush(), (error) => error === reason);
});

test('a flush that waits for its reader rejects when the stream fails', async () => {
  const stage = gzip({ level: 0, highWaterMark: 1 });
  const writer = stage.writable.getWriter();
  writer.write(text).catch(() => {});
  const flushed = stage.flush();
  assert.ok(await isPending(flushed));
  const reason = new Error('no more');
  writer.abort(reason).catch(() => {});
  await assert.rejects(flushed, (error) => error === reason);
});

test('gzip() refuses a name or comment that is longer than gunzip() would take', () => {
  assert.throws(() => gzip({ name: 'x'.repeat(65_536) }), /gzip: name must have at most 65535 characters; got 65536/);
  assert.throws(() => gzip({ comment: 'x'.repeat(70_000) }), /gzip: comment must have at most 65535 characters/);
  gzip({ name: 'x'.repeat(65_535) });
});
