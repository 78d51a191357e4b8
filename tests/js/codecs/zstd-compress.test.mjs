import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { decompress } from 'fzstd';
import { pipeline, toArray } from 'tidegate';
import { codecMemory, zstdCompress, zstdDecompress } from 'tidegate/codecs';
import { ZSTDDecoder } from 'zstddec';
import { failure, pieces, through } from './codec-support.mjs';
import { fixtures, noise, rows } from './zstd-support.mjs';

const join = (chunks) => Buffer.concat(chunks);
const pack = async (options, chunks) => join(await through(zstdCompress(options), chunks));
const unpack = async (packed, options) => join(await through(zstdDecompress(options), [packed]));
const INPUTS = {
  nothing: rows(0),
  short: rows(20),
  long: rows(40_000),
  noise: noise(200_000),
  zeros: Buffer.alloc(400_000),
};

const zstddec = new ZSTDDecoder();
await zstddec.init();
/** The readers that there are: `zstd` and Node's zlib are not on every machine. */
const READERS = {
  zstdDecompress: unpack,
  fzstd: (packed) => decompress(packed),
  zstddec: (packed, size) => zstddec.decode(packed, size),
  'node:zlib': zlib.zstdDecompressSync && ((packed) => zlib.zstdDecompressSync(packed)),
  'zstd -t':
    spawnSync('zstd', ['--version']).status === 0 &&
    ((packed, size, plain) => {
      assert.equal(spawnSync('zstd', ['-t', '-q'], { input: packed }).status, 0);
      return plain;
    }),
};

for (const [reader, read] of Object.entries(READERS)) {
  test(`what is packed at any level can be read by ${reader}`, { skip: !read && 'it is not here' }, async () => {
    for (const level of [1, 2, 3, 4]) {
      for (const [name, plain] of Object.entries(INPUTS)) {
        // zstddec takes a buffer of no bytes for one of unknown size.
        if (name === 'nothing' && reader === 'zstddec') continue;
        const packed = await pack({ level }, pieces(plain, 10_000));
        const unpacked = read === unpack ? await unpack(packed) : read(packed, plain.length, plain);
        assert.ok(Buffer.from(unpacked).equals(plain), `level ${level}, ${name}`);
      }
    }
  });
}

test('the same bytes come out however the input is cut', async () => {
  const plain = rows(20_000);
  const whole = await pack({}, [plain]);
  assert.ok(whole.length < plain.length / 3);
  for (const size of [65_536, 1000, 131_072, 131_073]) {
    assert.ok((await pack({}, pieces(plain, size))).equals(whole), `${size}`);
  }
  const short = rows(10);
  assert.ok((await pack({}, pieces(short, 1))).equals(await pack({}, [short])));
});

test('flush() gives the reader everything that was written before', async () => {
  const stage = zstdCompress();
  const unpacked = stage.readable.pipeThrough(zstdDecompress());
  const [writer, reader] = [stage.writable.getWriter(), unpacked.getReader()];
  for (const text of ['one', 'two', 'three']) {
    await writer.write(Buffer.from(text));
    const [{ value }] = await Promise.all([reader.read(), stage.flush()]);
    assert.equal(Buffer.from(value).toString(), text);
  }
  writer.close();
  assert.equal((await reader.read()).done, true);
});

test('with flushEach every chunk is available at once', async () => {
  const stage = zstdCompress({ flushEach: true });
  const reader = stage.readable.pipeThrough(zstdDecompress()).getReader();
  const writer = stage.writable.getWriter();
  for (const text of ['one', 'two']) {
    writer.write(Buffer.from(text));
    assert.equal(Buffer.from((await reader.read()).value).toString(), text);
  }
  writer.close();
  assert.equal((await reader.read()).done, true);
});

test('the checksum and the size of the content are there as asked', async () => {
  const plain = rows(20_000);
  const [with4, without] = [await pack({}, [plain]), await pack({ checksum: false }, [plain])];
  assert.equal(with4.length, without.length + 4);
  const sized = await pack({ contentSize: plain.length }, [plain]);
  assert.equal(sized.readUInt32LE(5), plain.length);
  for (const [contentSize, offset] of [
    [plain.length - 1, plain.length - 1],
    [plain.length + 1, plain.length],
  ]) {
    const error = await failure(zstdCompress({ contentSize }), pieces(plain, 5000));
    assert.deepEqual([error.codec, error.code, error.offset], ['zstdCompress', 'size-mismatch', offset]);
  }
});

test('a dictionary makes short texts shorter, and is needed to read them', async () => {
  const dictionary = fixtures.get('dictionary').packed;
  const { plain } = fixtures.get('with-dictionary');
  const packed = await pack({ dictionary }, [plain]);
  assert.ok(packed.length < (await pack({}, [plain])).length);
  assert.ok((await unpack(packed, { dictionary })).equals(plain));
  assert.equal((await failure(zstdDecompress(), [packed])).code, 'needs-dictionary');
  const broken = await failure(zstdCompress({ dictionary: dictionary.subarray(0, 50) }), [plain]);
  assert.deepEqual([broken.codec, broken.code], ['zstdCompress', 'invalid-dictionary']);
  const raw = rows(100);
  const short = await pack({ dictionary: raw, checksum: false }, [rows(90)]);
  assert.ok(short.length < 40, `${short.length}`);
  assert.ok((await unpack(short, { dictionary: raw })).equals(rows(90)));
});

test('it runs in a worker, with a dictionary, and gives the same bytes', async () => {
  const plain = rows(30_000);
  const dictionary = rows(500);
  const here = await pack({ dictionary }, [plain]);
  const there = await pipeline(pieces(plain, 7000), zstdCompress({ dictionary, worker: true }), (all) => toArray(all));
  assert.ok(join(there).equals(here));
});

test('memory does not grow with what goes through', async () => {
  const part = rows(20_000);
  const many = function* () {
    for (let time = 0; time < 60; time++) yield part;
  };
  let [first, most] = [0, 0];
  const stage = zstdCompress();
  await pipeline(many(), stage, async (chunks) => {
    for await (const chunk of chunks) {
      assert.ok(chunk.length <= 65_536);
      if (stage.stats()[0].bytesIn > 8e6) first ||= codecMemory().bytes;
      most = Math.max(most, codecMemory().bytes);
    }
  });
  assert.ok(first > 0 && most === first, `${first}, then ${most}`);
});

test('options that do not exist, or have a wrong value, are refused at once', () => {
  for (const [options, message] of [
    [{ window: 1 }, /zstdCompress: there is no option 'window'/],
    [{ level: 5 }, /zstdCompress: level must be a whole number from 1 to 4/],
    [{ checksum: 1 }, /zstdCompress: checksum must be/],
    [{ contentSize: -1 }, /zstdCompress: contentSize must be a whole number from 0/],
    [{ dictionary: 'text' }, /zstdCompress: dictionary must be bytes/],
    [{ flushEach: 1 }, /zstdCompress: flushEach must be/],
  ]) {
    assert.throws(() => zstdCompress(options), { message });
  }
});
