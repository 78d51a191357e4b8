import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import zlib, { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { CodecError, gunzip, inflate, inflateRaw, lines } from 'tidegate/codecs';
import { pipeline, toArray } from 'tidegate';
import { failure, pieces, through } from './codec-support.mjs';

const join = (chunks) => Buffer.concat(chunks);
const text = Buffer.from(Array.from({ length: 20_000 }, (_, row) => `${row},${row * row},tide\n`).join(''));

const FORMATS = [
  { name: 'inflate', make: inflate, pack: deflateSync, unpack: inflateSync },
  { name: 'inflateRaw', make: inflateRaw, pack: deflateRawSync, unpack: inflateRawSync },
  { name: 'gunzip', make: gunzip, pack: gzipSync, unpack: gunzipSync },
];

for (const { name, make, pack } of FORMATS) {
  test(`${name} gives back what zlib packed, whatever the size of the chunks`, async () => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [
        zlib.constants.Z_DEFAULT_STRATEGY,
        zlib.constants.Z_HUFFMAN_ONLY,
        zlib.constants.Z_FIXED,
      ]) {
        const packed = pack(text, { level, strategy });
        for (const size of [1021, packed.length]) {
          assert.ok(join(await through(make(), pieces(packed, size))).equals(text));
        }
      }
    }
    const random = randomBytes(200_000);
    assert.ok(join(await through(make(), pieces(pack(random), 4096))).equals(random));
    assert.equal(join(await through(make(), pieces(pack('tide gate'), 1))).toString(), 'tide gate');
    assert.equal(join(await through(make(), [pack('')])).length, 0);
  });

  test(`${name}: a truncation at any byte is an error there, after all that comes before`, async () => {
    const packed = pack('tide gate, tide gate, tide');
    for (let length = 0; length < packed.length; length++) {
      const error = await failure(make(), [packed.subarray(0, length)]);
      assert.deepEqual([error.codec, error.code, error.offset], [name, 'truncated', length]);
    }
  });

  test(`${name} takes and refuses the same inputs as node:zlib when any bit is changed`, async () => {
    const { unpack } = FORMATS.find((format) => format.name === name);
    const packed = pack('tide gate, tide gate, tide');
    // Of a gzip header node:zlib skips over what the packer said, as gunzip does.
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const changed = Buffer.from(packed);
      changed[bit >> 3] ^= 1 << (bit & 7);
      let expected;
      try {
        expected = unpack(changed).toString();
      } catch {
        expected = undefined;
      }
      let got;
      try {
        got = join(await through(make({ trailing: 'ignore' }), [changed])).toString();
      } catch (error) {
        assert.ok(error instanceof CodecError);
        got = undefined;
      }
      // node:zlib ignores what follows raw data and zlib streams.
      assert.equal(got, expected, `bit ${bit}`);
    }
  });

  test(`${name}: maxOutputBytes lets exactly so much through`, async () => {
    const packed = pack(text);
    for (const maxOutputBytes of [0, 1, 65536, 65537, text.length - 1]) {
      const pair = make({ maxOutputBytes });
      const got = [];
      const writing = pair.writable.getWriter();
      writing.write(packed).catch(() => {});
      writing.close().catch(() => {});
      const error = await (async () => {
        for await (const chunk of pair.readable) got.push(chunk);
      })().then(
        () => undefined,
        (reason) => reason,
      );
      assert.deepEqual([error.codec, error.code], [name, 'output-too-large']);
      assert.ok(join(got).equals(text.subarray(0, maxOutputBytes)));
    }
    assert.ok(join(await through(make({ maxOutputBytes: text.length }), [packed])).equals(text));
  });

  test(`${name}: maxRatio stops a bomb at the same byte however it is split`, async () => {
    const bomb = pack(Buffer.alloc(5_000_000));
    const offsets = new Set();
    for (const size of [1, 100, bomb.length]) {
      const error = await failure(make({ maxRatio: 200 }), pieces(bomb, size));
      assert.deepEqual([error.codec, error.code], [name, 'ratio-too-high']);
      offsets.add(error.offset);
    }
    assert.equal(offsets.size, 1);
    assert.equal(join(await through(make({ maxRatio: 1032 }), [bomb])).length, 5_000_000);
  });

  test(`${name} refuses options that it does not know or cannot use`, () => {
    assert.throws(() => make({ maxOutput: 1 }), new RegExp(`^TypeError: ${name}`));
    for (const maxRatio of [0, 0.5, -1, 2 ** 32]) assert.throws(() => make({ maxRatio }), RangeError);
    for (const maxOutputBytes of [-1, 0.5, Infinity]) assert.throws(() => make({ maxOutputBytes }), RangeError);
    assert.throws(() => make({ trailing: 'drop' }), TypeError);
  });
}

test('a zlib stream that needs a dictionary is refused with that word', async () => {
  const packed = deflateSync('tide gate', { dictionary: Buffer.from('tide') });
  const error = await failure(inflate(), [packed]);
  assert.deepEqual([error.code, error.offset], ['needs-dictionary', 1]);
  assert.match(error.message, /dictionary/);
});

test('a wrong Adler-32 is an error at its start', async () => {
  const packed = deflateSync(text);
  packed[packed.length - 1] ^= 1;
  const error = await failure(inflate(), pieces(packed, 999));
  assert.deepEqual([error.code, error.offset], ['adler-mismatch', packed.length - 4]);
});

/** A member with every optional field, and a CRC of the header. */
function member(data, { name, comment, extra, mtime = 0, os = 3, text: isText = false }) {
  const flags = (isText ? 1 : 0) | 2 | (extra ? 4 : 0) | (name ? 8 : 0) | (comment ? 16 : 0);
  const head = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, os]),
    ...(extra ? [Buffer.from([extra.length & 255, extra.length >> 8]), extra] : []),
    ...(name ? [name, Buffer.alloc(1)] : []),
    ...(comment ? [comment, Buffer.alloc(1)] : []),
  ]);
  head.writeUInt32LE(mtime, 4);
  const crc = zlib.crc32?.(head) ?? crc32(head);
  const packed = gzipSync(data);
  return Buffer.concat([head, Buffer.from([crc & 255, (crc >> 8) & 255]), packed.subarray(10)]);
}

/** node:zlib has it since Node 22. */
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

test('onHeader gets every field of every member, in order, whatever the size of the chunks', async () => {
  const packed = Buffer.concat([
    member('one ', {
      name: Buffer.from('tide.csv'),
      comment: Buffer.from([0x67, 0xe9]),
      extra: Buffer.from([1, 2, 3]),
      mtime: 1_700_000_000,
      text: true,
    }),
    member('', { name: Buffer.from('gé') }),
    gzipSync('two'),
  ]);
  for (const size of [1, 7, packed.length]) {
    const headers = [];
    const got = join(await through(gunzip({ onHeader: (header) => headers.push(header) }), pieces(packed, size)));
    assert.equal(got.toString(), 'one two');
    const none = { name: undefined, comment: undefined, mtime: undefined, os: 3, isText: false, extra: undefined };
    assert.deepEqual(headers, [
      {
        name: 'tide.csv',
        comment: 'gé',
        mtime: new Date(1_700_000_000_000),
        os: 3,
        isText: true,
        extra: new Uint8Array([1, 2, 3]),
      },
      { ...none, name: 'gé' },
      { ...none, os: gzipSync('')[9] },
    ]);
  }
});

test('onHeader is called before anything of the member is handed on', async () => {
  const order = [];
  const pair = gunzip({ highWaterMark: 0, onHeader: ({ name }) => order.push(name) });
  const writer = pair.writable.getWriter();
  for (const name of ['a', 'b']) writer.write(member(`${name}!`, { name: Buffer.from(name) }));
  writer.close();
  for await (const chunk of pair.readable) order.push(Buffer.from(chunk).toString());
  assert.deepEqual(order, ['a', 'a!', 'b', 'b!']);
});

test('what onHeader throws is what the streams fail with', async () => {
  const thrown = new Error('not this file');
  const pair = gunzip({
    onHeader() {
      throw thrown;
    },
  });
  assert.equal(await failure(pair, [gzipSync('tide')]), thrown);
});

test('a header before a fault is handed on as well', async () => {
  const names = [];
  const packed = member('tide', { name: Buffer.from('a') });
  packed[15] ^= 0xff;
  const broken = Buffer.concat([packed.subarray(0, 14), Buffer.from([7])]);
  const error = await failure(gunzip({ onHeader: ({ name }) => names.push(name) }), [broken]);
  assert.deepEqual([names, error.code], [['a'], 'corrupt-data']);
});

test('each of two gunzips in one chain gets its own headers', async () => {
  const names = [[], []];
  const inner = member('one\ntwo', { name: Buffer.from('inner') });
  const outer = member(inner, { name: Buffer.from('outer') });
  const [first, second] = names.map((list) => gunzip({ onHeader: ({ name }) => list.push(name) }));
  assert.deepEqual(await pipeline([outer], first, second, lines(), toArray), ['one', 'two']);
  assert.deepEqual(names, [['outer'], ['inner']]);
});

test('a name of more than 65,535 bytes is read over, and refused only where onHeader is to get it', async () => {
  const packed = member('tide', { name: Buffer.alloc(65_536, 'n') });
  assert.equal(join(await through(gunzip(), pieces(packed, 5000))).toString(), 'tide');
  const error = await failure(gunzip({ onHeader() {} }), pieces(packed, 5000));
  assert.deepEqual([error.code, error.offset], ['too-long', 10]);
});
