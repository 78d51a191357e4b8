import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decompress } from 'fzstd';
import { pipeline, toArray } from 'tidegate';
import { CodecError, codecMemory, csv, digest, zstdDecompress } from 'tidegate/codecs';
import { failure, pieces, through } from './codec-support.mjs';
import { fixtures } from './zstd-support.mjs';

const join = (chunks) => Buffer.concat(chunks);
const of = (name) => fixtures.get(name);
const needs = /^golden-error|dictionary|^long$|^ultra$/;

test('what the zstd command has packed unpacks, whatever the size of the chunks', async () => {
  let count = 0;
  for (const [name, { packed, plain }] of fixtures) {
    if (plain === undefined || needs.test(name)) continue;
    for (const size of [1, 7, 1021]) {
      assert.ok(join(await through(zstdDecompress(), pieces(packed, size))).equals(plain), `${name}, ${size}`);
    }
    count += 1;
  }
  assert.ok(count > 32, `${count}`);
});

test('it unpacks what fzstd does', async () => {
  for (const name of ['level-3', 'level-19', 'treeless', 'periodic']) {
    const { packed } = of(name);
    assert.ok(join(await through(zstdDecompress(), [packed])).equals(decompress(packed)), name);
  }
});

test('a truncation at any byte is an error there', async () => {
  const { packed } = of('level-5');
  for (let length = 0; length < packed.length; length++) {
    const error = await failure(zstdDecompress(), [packed.subarray(0, length)]);
    assert.deepEqual([error.codec, error.code, error.offset], ['zstdDecompress', 'truncated', length]);
  }
});

test('a bit that is flipped anywhere is found, or changes nothing', async () => {
  const { packed, plain } = of('level-12');
  let found = 0;
  // Behind the header, which may say that there is no checksum.
  for (let bit = 48; bit < packed.length * 8; bit += 3) {
    const changed = Buffer.from(packed);
    changed[bit >> 3] ^= 1 << (bit & 7);
    try {
      assert.ok(join(await through(zstdDecompress(), [changed])).equals(plain), `bit ${bit}`);
    } catch (error) {
      assert.ok(error instanceof CodecError);
      found += 1;
    }
  }
  assert.ok(found > 600, `${found}`);
});

test('several frames are unpacked as one, and what follows them is an error or ignored', async () => {
  const [{ packed, plain }, other] = [of('level-1'), of('raw')];
  const skipped = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const all = Buffer.concat([skipped, packed, other.packed, skipped]);
  const expected = Buffer.concat([plain, other.plain]);
  assert.ok(join(await through(zstdDecompress(), pieces(all, 100))).equals(expected));
  const trailing = Buffer.concat([all, Buffer.from('more')]);
  const error = await failure(zstdDecompress(), [trailing]);
  assert.deepEqual([error.code, error.offset], ['trailing-data', all.length]);
  assert.ok(join(await through(zstdDecompress({ trailing: 'ignore' }), [trailing])).equals(expected));
});

test('a frame with a window of 128 MiB is refused, and unpacks where maxWindowBytes allows it', async () => {
  const { packed, plain } = of('long');
  const error = await failure(zstdDecompress(), [packed]);
  assert.deepEqual([error.code, error.offset], ['window-too-large', 5]);
  assert.match(error.message, /a window of 134217728 bytes, and the option maxWindowBytes allows 8388608/);
  assert.ok(join(await through(zstdDecompress({ maxWindowBytes: 2 ** 27 }), [packed])).equals(plain));
});

test('a dictionary is compared by its ID, and raw content has none', async () => {
  const dictionary = of('dictionary').packed;
  const { packed, plain } = of('with-dictionary');
  assert.ok(join(await through(zstdDecompress({ dictionary }), pieces(packed, 3))).equals(plain));
  const without = await failure(zstdDecompress(), [packed]);
  assert.deepEqual([without.code, without.offset], ['needs-dictionary', 5]);
  assert.match(without.message, /a dictionary is needed at byte 5: that with the ID 4242/);
  const other = await failure(zstdDecompress({ dictionary: new Uint8Array(100) }), [packed]);
  assert.equal(other.code, 'needs-dictionary');
  const broken = await failure(zstdDecompress({ dictionary: dictionary.subarray(0, 50) }), [packed]);
  assert.deepEqual([broken.code, broken.offset], ['invalid-dictionary', 4]);
  const raw = of('with-raw-dictionary');
  const content = of('level-1').plain;
  for (const each of [content, new DataView(content.buffer, content.byteOffset, content.length)]) {
    const stage = zstdDecompress({ dictionary: each });
    assert.ok(join(await through(stage, [raw.packed])).equals(raw.plain));
  }
});

test('a dictionary is copied when the codec is made', async () => {
  const dictionary = Buffer.from(of('dictionary').packed);
  const { packed, plain } = of('with-dictionary');
  const stage = zstdDecompress({ dictionary });
  dictionary.fill(0);
  assert.ok(join(await through(stage, [packed])).equals(plain));
});

test('a dictionary and a large window work in a worker', async () => {
  const dictionary = of('dictionary').packed;
  const { packed, plain } = of('with-dictionary');
  const stage = zstdDecompress({ dictionary, worker: true });
  assert.ok(join(await pipeline([packed], stage, (chunks) => toArray(chunks))).equals(plain));
});

test('bombs end at maxOutputBytes and maxRatio, after what is allowed', async () => {
  const { packed } = of('zeros');
  for (const [options, code, length] of [
    [{ maxOutputBytes: 70_000 }, 'output-too-large', 70_000],
    [{ maxRatio: 100 }, 'ratio-too-high', undefined],
  ]) {
    let got = 0;
    const failed = await pipeline([packed], zstdDecompress(options), async (chunks) => {
      for await (const chunk of chunks) got += chunk.length;
    }).catch((error) => error);
    assert.equal(failed.code, code);
    assert.ok(length === undefined ? got < 200_000 : got === length, `${got}`);
  }
});

test('it fuses with the codecs behind it', async () => {
  const { packed, plain } = of('level-9');
  const hash = digest('sha-256');
  const all = await pipeline([packed], zstdDecompress(), hash, csv(), (chunks) => toArray(chunks));
  assert.equal(all.map((row) => `${row.join()}\n`).join(''), plain.toString());
  assert.equal((await hash.hex).length, 64);
});

test('memory does not grow with what goes through', async () => {
  const { packed } = of('zeros');
  const many = function* () {
    for (let frame = 0; frame < 100; frame++) yield packed;
  };
  let [got, first, most] = [0, 0, 0];
  await pipeline(many(), zstdDecompress(), async (chunks) => {
    for await (const chunk of chunks) {
      got += chunk.length;
      if (got > 5e6) first ||= codecMemory().bytes;
      most = Math.max(most, codecMemory().bytes);
    }
  });
  assert.equal(got, 1e8);
  assert.equal(most, first);
});

test('options that do not exist, or have a wrong value, are refused at once', () => {
  for (const [options, message] of [
    [{ window: 1 }, /zstdDecompress: there is no option 'window'/],
    [{ maxWindowBytes: 1000 }, /zstdDecompress: maxWindowBytes must be a whole number from 1024 to 2147483648/],
    [{ maxWindowBytes: '8mb' }, /zstdDecompress: maxWindowBytes must be a number/],
    [
      { dictionary: 'text' },
      /zstdDecompress: dictionary must be bytes, an ArrayBuffer or a view of one, not shared; got/,
    ],
    [{ dictionary: new Uint8Array(new SharedArrayBuffer(4)) }, /zstdDecompress: dictionary must be bytes/],
    [{ trailing: 'drop' }, /zstdDecompress: trailing must be 'error' or 'ignore'/],
  ]) {
    assert.throws(() => zstdDecompress(options), { message });
  }
});
