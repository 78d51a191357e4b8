/** Digests: what node:crypto and hash-wasm compute, several in one pass, as stages and as sinks. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { crc32 as nodeCrc32 } from 'node:zlib';
import { pipeline } from 'tidegate';
import { codecMemory, digest, gunzip, lines, toDigest } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

/** The names of node:crypto. */
const CRYPTO = { md5: 'md5', 'sha-1': 'sha1', 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' };
const ALL = ['crc32', ...Object.keys(CRYPTO), 'blake3'];

const expected = (name, data) => createHash(CRYPTO[name]).update(data).digest('hex');

test('every digest of node:crypto is the same, whatever the length and the pieces', async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 1000, 65535, 65536, 65537, 300_000]) {
    const data = randomBytes(length);
    for (const size of [7, 4096, 100_000]) {
      if (length / size > 1000) continue;
      const tap = digest(ALL);
      const out = await through(tap, pieces(data, size));
      assert.ok(Buffer.concat(out).equals(data));
      const hex = await tap.hex;
      for (const name of Object.keys(CRYPTO)) assert.equal(hex[name], expected(name, data), `${name} of ${length}`);
    }
  }
});

test('crc32 is that of zlib, with the most significant byte first', async () => {
  assert.equal((await toDigest('crc32')([bytes('123456789')])).hex, 'cbf43926');
  if (nodeCrc32 === undefined) return;
  for (const length of [0, 100, 1000, 5000, 20_000, 65_536, 200_001]) {
    const data = randomBytes(length);
    assert.equal((await toDigest('crc32')([data])).hex, nodeCrc32(data).toString(16).padStart(8, '0'));
  }
});

test('blake3 meets the vectors of its authors', async () => {
  // https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json
  const vectors = {
    0: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
    1025: 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444',
    7169: 'a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817',
  };
  for (const [length, hex] of Object.entries(vectors)) {
    const data = Uint8Array.from({ length: Number(length) }, (_, at) => at % 251);
    assert.equal((await toDigest('blake3')([data])).hex, hex);
  }
});

test('one algorithm gives the digest itself, a list gives digests by name', async () => {
  const [one, list] = [digest('MD5'), digest(['SHA-1', 'crc32'])];
  await through(one, [bytes('abc')]);
  await through(list, [bytes('abc')]);
  assert.equal(await one.hex, '900150983cd24fb0d6963f7d28e17f72');
  assert.equal((await one.digest).length, 16);
  assert.deepEqual(await list.hex, { crc32: '352441c2', 'sha-1': 'a9993e364706816aba3e25717850c26c9cd0d89d' });
  assert.deepEqual((await list.digest).crc32, Uint8Array.of(0x35, 0x24, 0x41, 0xc2));
});

test('an algorithm that is named twice is computed once', async () => {
  const { hex } = await toDigest(['crc32', 'CRC32'])([bytes('123456789')]);
  assert.deepEqual(hex, { crc32: 'cbf43926' });
});

test('toDigest is the sink of a pipeline, which resolves with its result', async () => {
  const data = randomBytes(300_000);
  const { hex, digest: raw } = await pipeline(pieces(data, 50_000), toDigest('sha-256'));
  assert.equal(hex, expected('sha-256', data));
  assert.equal(Buffer.from(raw).toString('hex'), hex);
  const both = await pipeline([data], toDigest(['sha-512', 'md5']));
  assert.deepEqual(both.hex, { md5: expected('md5', data), 'sha-512': expected('sha-512', data) });
});

test('toDigest takes strings as UTF-8, with pairs that are cut', async () => {
  const sink = toDigest('sha-256');
  const whole = await sink(['a😀b', bytes('c')]);
  assert.equal(whole.hex, expected('sha-256', 'a😀bc'));
  assert.deepEqual(await sink(['a\ud83d', '\ude00b', '', 'c']), whole);
  assert.equal((await sink(['\ud83d', bytes('c')])).hex, expected('sha-256', '\ufffdc'));
});

test('toDigest frees its chain when it ends, fails, or refuses a chunk', async () => {
  const before = codecMemory().chains;
  const sink = toDigest(['sha-256', 'blake3']);
  await sink([bytes('one')]);
  await assert.rejects(sink([{}]), /^TypeError: toDigest: chunks must be strings or bytes/);
  const reason = new Error('no more');
  const failing = async function* () {
    yield bytes('one');
    throw reason;
  };
  await assert.rejects(pipeline(failing, sink), (error) => error === reason);
  assert.equal(codecMemory().chains, before);
});

test('a tap in a chain of other codecs sees what passes there', async () => {
  const tap = digest(['sha-256', 'crc32']);
  const found = await pipeline([bytes('one\ntwo\n')], tap, lines(), async (all) => {
    const text = [];
    for await (const line of all) text.push(line);
    return text;
  });
  assert.deepEqual(found, ['one', 'two']);
  assert.equal((await tap.hex)['sha-256'], expected('sha-256', 'one\ntwo\n'));
});

test('the digests of a stream that fails reject with its error', async () => {
  const tap = digest(['md5', 'sha-1']);
  const stages = [gunzip(), tap];
  await assert.rejects(
    pipeline([bytes('no gzip')], ...stages, async (all) => {
      for await (const chunk of all) assert.fail(`${chunk}`);
    }),
    (error) => error.code === 'not-gzip',
  );
  await assert.rejects(tap.digest, (error) => error.code === 'not-gzip');
  await assert.rejects(tap.hex, (error) => error.code === 'not-gzip');
  assert.ok((await failure(digest('md5'), ['text'])) instanceof TypeError);
});

test('what is no algorithm is refused with the names that there are', () => {
  for (const [name, make] of Object.entries({ digest, toDigest })) {
    for (const wrong of ['sha256', 'sha-224', '', undefined, null, 1, {}, ['md5', 'md4'], [['md5']]]) {
      assert.throws(() => make(wrong), {
        name: 'TypeError',
        message: new RegExp(`^${name}: .*'sha-256'.*; got `),
      });
    }
    assert.throws(() => make([]), { name: 'TypeError', message: /empty; name at least one/ });
  }
  assert.throws(() => digest('md5', { algorithm: 'md5' }), /there is no option 'algorithm'/);
});

test('toDigest() gives the thread back amid a chunk that is a whole file', async () => {
  let tasks = 0;
  let isOver = false;
  const count = () => {
    tasks += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const large = new Uint8Array(64 * 2 ** 20);
  const { hex } = await toDigest('sha-512')([large]);
  isOver = true;
  assert.equal(hex, createHash('sha512').update(large).digest('hex'));
  assert.ok(tasks > 2, `${tasks} tasks`);
});

test('toDigest() fails if a chunk is detached while it is read', async () => {
  const large = new Uint8Array(64 * 2 ** 20);
  setImmediate(() => structuredClone(undefined, { transfer: [large.buffer] }));
  await assert.rejects(toDigest('sha-512')([large]), /toDigest: a chunk's buffer is detached/);
});
